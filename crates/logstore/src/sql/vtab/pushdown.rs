//! What of a statement's comparisons a scan can use: the period, and conditions of a search.

use std::sync::Arc;

use flowlog_sls::TimeRange;
use flowlog_sls::query::{Comparison, Number, Search, SearchExpression, Text};
use rusqlite::Result;
use rusqlite::fallible_iterator::FallibleIterator as _;
use rusqlite::types::Value;
use rusqlite::vtab::Filters;

use super::{Aux, failure};
use crate::chunk::Field;
use crate::query::Wanted;
use crate::sql::{ColumnKind, TableColumn};

impl Aux {
    /// What is wanted when the statement's comparisons are taken into account; `None` when nothing
    /// can be found.
    pub(super) fn narrowed(
        &self,
        comparisons: &[(&str, Value)],
        lists: &[(&str, Vec<Value>)],
    ) -> Option<Arc<Wanted>> {
        let table = &self.table;
        let mut time = (
            table.wanted.time.from_nanoseconds(),
            table.wanted.time.to_nanoseconds(),
        );
        let mut parts = vec![table.expression.clone()];
        for (comparison, value) in comparisons {
            let (sign, column) = comparison.split_at_checked(1)?;
            let column = table.columns.get(column.parse::<usize>().ok()?)?;
            if column.field == Field::Time {
                narrow(&mut time, sign, value);
            } else if let Field::Key(key) = &column.field {
                parts.extend(condition(sign, key, value, column.kind));
            }
        }
        for (column, values) in lists {
            let column = table.columns.get(column.parse::<usize>().ok()?)?;
            parts.extend(any_of(column, values));
        }
        let parted = |ns: i64| {
            let seconds = ns.div_euclid(1_000_000_000) - self.earlier;
            (seconds.max(0), ns.rem_euclid(1_000_000_000))
        };
        let time = TimeRange::new(parted(time.0), parted(time.1)).ok()?;
        // A condition that the index cannot do is left to SQLite.
        let search = Search::bind(&SearchExpression::And(parts), &table.index);
        let search = search.unwrap_or_else(|_| table.wanted.search.clone());
        Some(Arc::new(Wanted {
            time,
            topic: table.wanted.topic.clone(),
            search,
        }))
    }
}

/// A period, nanoseconds, cut by a comparison of `__time__` with seconds.
fn narrow((from, to): &mut (i64, i64), sign: &str, value: &Value) {
    let Value::Integer(seconds) = value else {
        return;
    };
    let at = |seconds: i64| seconds.saturating_mul(1_000_000_000);
    let behind = at(seconds.saturating_add(1));
    match sign {
        "=" => (*from, *to) = ((*from).max(at(*seconds)), (*to).min(behind)),
        ">" => *from = (*from).max(behind),
        "g" => *from = (*from).max(at(*seconds)),
        "<" => *to = (*to).min(at(*seconds)),
        "l" => *to = (*to).min(behind),
        _ => {}
    }
}

/// The most values of a list that are looked for one by one.
const MOST_LISTED: usize = 100;

/// The values of a list; none when there are too many.
pub(super) fn list(arguments: &Filters<'_>, at: usize) -> Result<Vec<Value>> {
    let mut values = Vec::new();
    let mut list = arguments.in_values(at)?;
    while let Some(value) = list.next()? {
        if values.len() == MOST_LISTED {
            return Ok(Vec::new());
        }
        values.push(Value::try_from(value).map_err(|error| failure(&error.to_string()))?);
    }
    Ok(values)
}

/// A condition that holds wherever the column has one of the values; `None` when there is none.
fn any_of(column: &TableColumn, values: &[Value]) -> Option<SearchExpression> {
    let Field::Key(key) = &column.field else {
        return None;
    };
    let parts = values
        .iter()
        .map(|value| condition("=", key, value, column.kind));
    let mut parts: Vec<SearchExpression> = parts.collect::<Option<_>>()?;
    match parts.len() {
        0 => None,
        1 => parts.pop(),
        _ => Some(SearchExpression::Or(parts)),
    }
}

/// From here on not every integer is a double, so that the search and SQLite, which compare an
/// integer with a double each in its own way, may differ.
const INEXACT: u64 = 1 << 53;

/// A condition that holds wherever the comparison does; `None` when there is none.
fn condition(sign: &str, key: &str, value: &Value, kind: ColumnKind) -> Option<SearchExpression> {
    let key = key.to_owned();
    match (kind, value) {
        (ColumnKind::Long | ColumnKind::Double, Value::Integer(_) | Value::Real(_)) => {
            let number = match value {
                Value::Integer(number)
                    if kind == ColumnKind::Long || number.unsigned_abs() < INEXACT =>
                {
                    Number::Integer(*number)
                }
                Value::Real(number) if number.abs() < 9_007_199_254_740_992.0 => {
                    Number::Float(*number)
                }
                _ => return None,
            };
            let comparison = match sign {
                "=" => Comparison::Equal,
                ">" => Comparison::Greater,
                "g" => Comparison::AtLeast,
                "<" => Comparison::Less,
                "l" => Comparison::AtMost,
                _ => return None,
            };
            Some(SearchExpression::Compare {
                key,
                comparison,
                number,
            })
        }
        // A text that is cut, or in which something is marked that is not UTF-8, may be equal where
        // the whole is not.
        (ColumnKind::Text(most), Value::Text(text))
            if sign == "=" && text.len() + 4 < most && !text.contains('\u{fffd}') =>
        {
            Some(SearchExpression::Text {
                key: Some(key),
                text: Text::Words(text.clone()),
            })
        }
        _ => None,
    }
}
