//! `WHERE`, as far as it compares columns with values: true, false or unknown for each row.

use std::cmp::Ordering;

use rusqlite::types::Value as Sql;
use sqlparser::ast::{BinaryOperator, Expr, InTarget, UnaryOperator, Value};

use super::column::{Column, Columns};
use crate::query::{Selection, place};
use crate::segment::SegmentError;
use crate::sql::functions::{self, Like};
use crate::sql::{ColumnKind, TableColumn};

/// What rows have to be like.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::sql) enum Filter {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    /// A column and what it is asked.
    Test(TableColumn, Test),
}

/// What a value is asked.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::sql) enum Test {
    IsNull,
    Int(Op, i64),
    Text(Op, String),
    /// Sorted.
    Ints(Vec<i64>),
    /// Sorted.
    Texts(Vec<String>),
    Like(Vec<Like>),
}

/// The most values of a list that are looked for one by one.
const MOST_LISTED: usize = 100;

/// How a value is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sql) enum Op {
    Equal,
    NotEqual,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

impl Op {
    fn of(op: &BinaryOperator) -> Option<Self> {
        Some(match op {
            BinaryOperator::Eq => Self::Equal,
            BinaryOperator::NotEq => Self::NotEqual,
            BinaryOperator::Lt => Self::Less,
            BinaryOperator::LtEq => Self::AtMost,
            BinaryOperator::Gt => Self::Greater,
            BinaryOperator::GtEq => Self::AtLeast,
            _ => return None,
        })
    }

    /// The comparison from the other side.
    fn turned(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::AtMost => Self::AtLeast,
            Self::Greater => Self::Less,
            Self::AtLeast => Self::AtMost,
            same => same,
        }
    }

    fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::AtMost => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::AtLeast => order.is_ge(),
        }
    }

    /// As the virtual table has it.
    fn sign(self) -> Option<&'static str> {
        Some(match self {
            Self::Equal => "=",
            Self::NotEqual => return None,
            Self::Less => "<",
            Self::AtMost => "l",
            Self::Greater => ">",
            Self::AtLeast => "g",
        })
    }
}

/// A filter; `None` when the expression is more than that.
pub(super) fn of<'a>(
    expr: &Expr,
    column: &impl Fn(&Expr) -> Option<&'a TableColumn>,
) -> Option<Filter> {
    match expr {
        Expr::Nested(inner) => of(inner, column),
        Expr::UnaryOp {
            op: UnaryOperator::Not,
            expr,
        } => Some(Filter::Not(Box::new(of(expr, column)?))),
        Expr::BinaryOp { left, op, right } => match op {
            BinaryOperator::And => Some(Filter::All(vec![of(left, column)?, of(right, column)?])),
            BinaryOperator::Or => Some(Filter::Any(vec![of(left, column)?, of(right, column)?])),
            op => {
                let op = Op::of(op)?;
                compared(left, op, right, column)
                    .or_else(|| compared(right, op.turned(), left, column))
            }
        },
        Expr::Between {
            expr,
            negated,
            low,
            high,
        } => {
            let low = compared(expr, Op::AtLeast, low, column)?;
            let high = compared(expr, Op::AtMost, high, column)?;
            Some(unless(*negated, Filter::All(vec![low, high])))
        }
        Expr::In {
            expr,
            target: InTarget::List(list),
            negated,
            ..
        } => {
            let column = column(expr)?;
            let test = match column.kind {
                ColumnKind::Long => Test::Ints(sorted(list.iter().map(int))?),
                ColumnKind::Text(_) => Test::Texts(sorted(list.iter().map(text))?),
                ColumnKind::Double => return None,
            };
            Some(unless(*negated, Filter::Test(column.clone(), test)))
        }
        Expr::IsNull(inner) => Some(Filter::Test(column(inner)?.clone(), Test::IsNull)),
        Expr::IsNotNull(inner) => Some(unless(
            true,
            Filter::Test(column(inner)?.clone(), Test::IsNull),
        )),
        Expr::Like {
            negated,
            any: false,
            expr,
            pattern,
            escape_char: None,
        } => {
            let column = column(expr)?;
            let known = matches!(column.kind, ColumnKind::Text(_));
            let parts = functions::like_parts(&text(pattern)?, None).filter(|_| known)?;
            let test = Filter::Test(column.clone(), Test::Like(parts));
            Some(unless(*negated, test))
        }
        _ => None,
    }
}

fn unless(negated: bool, filter: Filter) -> Filter {
    if negated {
        Filter::Not(Box::new(filter))
    } else {
        filter
    }
}

/// SQLite compares a column of numbers with a text as numbers, and the other way round as texts;
/// that is left to it.
fn compared<'a>(
    side: &Expr,
    op: Op,
    value: &Expr,
    column: &impl Fn(&Expr) -> Option<&'a TableColumn>,
) -> Option<Filter> {
    let column = column(side)?;
    let test = match column.kind {
        ColumnKind::Long => Test::Int(op, int(value)?),
        ColumnKind::Text(_) => Test::Text(op, text(value)?),
        ColumnKind::Double => return None,
    };
    Some(Filter::Test(column.clone(), test))
}

fn int(expr: &Expr) -> Option<i64> {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::Number(digits, _) => digits.parse().ok(),
            _ => None,
        },
        Expr::UnaryOp {
            op: UnaryOperator::Minus,
            expr,
        } => int(expr)?.checked_neg(),
        _ => None,
    }
}

fn text(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => Some(text.clone()),
            _ => None,
        },
        _ => None,
    }
}

fn sorted<T: Ord>(values: impl Iterator<Item = Option<T>>) -> Option<Vec<T>> {
    let mut values: Vec<T> = values.collect::<Option<_>>()?;
    values.sort();
    Some(values)
}

impl Filter {
    /// The rows among `rows` for which it is true.
    pub(super) fn keep(
        &self,
        columns: &Columns<'_>,
        rows: &mut Selection,
    ) -> Result<(), SegmentError> {
        if let Self::All(parts) = self {
            return parts.iter().try_for_each(|part| part.keep(columns, rows));
        }
        if rows.is_empty() {
            return Ok(());
        }
        let truths = self.truths(columns, rows)?;
        let mut truths = truths.into_iter();
        rows.retain(|_| truths.next().flatten() == Some(true));
        Ok(())
    }

    /// For each of `rows` whether it is true; `None` where that is unknown.
    fn truths(
        &self,
        columns: &Columns<'_>,
        rows: &Selection,
    ) -> Result<Vec<Option<bool>>, SegmentError> {
        match self {
            Self::Not(inner) => {
                let mut truths = inner.truths(columns, rows)?;
                for truth in &mut truths {
                    *truth = truth.map(|truth| !truth);
                }
                Ok(truths)
            }
            Self::All(parts) => combined(parts, columns, rows, false),
            Self::Any(parts) => combined(parts, columns, rows, true),
            Self::Test(column, test) => {
                let column = columns.get(column)?;
                Ok(test.truths(&column, rows))
            }
        }
    }

    /// Comparisons that hold wherever it is true: sign, column and value; and lists of which the
    /// column has a value then.
    pub(in crate::sql) fn comparisons(
        &self,
        to: &mut Vec<(&'static str, TableColumn, Sql)>,
        lists: &mut Vec<(TableColumn, Vec<Sql>)>,
    ) {
        match self {
            Self::All(parts) => parts.iter().for_each(|part| part.comparisons(to, lists)),
            Self::Test(column, Test::Ints(values)) if values.len() <= MOST_LISTED => {
                let values = values.iter().map(|value| Sql::Integer(*value)).collect();
                lists.push((column.clone(), values));
            }
            Self::Test(column, Test::Texts(values)) if values.len() <= MOST_LISTED => {
                let values = values
                    .iter()
                    .map(|value| Sql::Text(value.clone()))
                    .collect();
                lists.push((column.clone(), values));
            }
            Self::Test(column, Test::Int(op, value)) => {
                to.extend(
                    op.sign()
                        .map(|sign| (sign, column.clone(), Sql::Integer(*value))),
                );
            }
            Self::Test(column, Test::Text(Op::Equal, text)) => {
                to.push(("=", column.clone(), Sql::Text(text.clone())));
            }
            _ => {}
        }
    }

    /// Whether it asks for a column of which `is` holds.
    pub(super) fn any(&self, is: &impl Fn(&TableColumn) -> bool) -> bool {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().any(|part| part.any(is)),
            Self::Not(inner) => inner.any(is),
            Self::Test(column, _) => is(column),
        }
    }
}

/// Unknown unless a part is `decisive`.
fn combined(
    parts: &[Filter],
    columns: &Columns<'_>,
    rows: &Selection,
    decisive: bool,
) -> Result<Vec<Option<bool>>, SegmentError> {
    let mut all = vec![Some(!decisive); rows.len()];
    for part in parts {
        let truths = part.truths(columns, rows)?;
        for (all, truth) in all.iter_mut().zip(truths) {
            *all = match (*all, truth) {
                (Some(one), _) if one == decisive => Some(decisive),
                (_, Some(other)) if other == decisive => Some(decisive),
                (Some(one), Some(_)) => Some(one),
                _ => None,
            };
        }
    }
    Ok(all)
}

impl Test {
    fn truths(&self, column: &Column, rows: &Selection) -> Vec<Option<bool>> {
        match column {
            Column::Ints(ints) => {
                let (values, absent) = ints.parts();
                let value = |row: u32| {
                    let row = place(row);
                    let absent = absent.is_some_and(|absent| absent.contains(row));
                    values.get(row).copied().filter(|_| !absent)
                };
                rows.iter().map(|row| self.of_int(value(row))).collect()
            }
            Column::Texts(texts) => {
                let known = texts.each(|text| self.of_text(text));
                let mut codes = Vec::with_capacity(rows.len());
                texts.codes(rows, &mut codes);
                let truth = |code: &u32| known.get(place(*code)).copied().flatten();
                codes.iter().map(truth).collect()
            }
        }
    }

    fn of_int(&self, value: Option<i64>) -> Option<bool> {
        match (self, value) {
            (Self::IsNull, value) => Some(value.is_none()),
            (Self::Int(op, with), Some(value)) => Some(op.holds(value.cmp(with))),
            (Self::Ints(list), Some(value)) => Some(list.binary_search(&value).is_ok()),
            _ => None,
        }
    }

    fn of_text(&self, value: Option<&str>) -> Option<bool> {
        match (self, value) {
            (Self::IsNull, value) => Some(value.is_none()),
            (Self::Text(op, with), Some(value)) => Some(op.holds(value.cmp(with))),
            (Self::Texts(list), Some(value)) => {
                Some(list.binary_search_by(|known| (**known).cmp(value)).is_ok())
            }
            (Self::Like(parts), Some(value)) => Some(functions::is_like(parts, value)),
            _ => None,
        }
    }
}
