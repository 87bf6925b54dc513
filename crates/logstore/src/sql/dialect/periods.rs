//! `compare` and `ts_compare`: the same sub-query over this period and over earlier ones.
//!
//! `SELECT key, compare(x, n) FROM (SELECT …) GROUP BY key` is asked of all rows of the sub-query,
//! each with the number of its period: 0 for this one, 1 for the one `n` seconds before. The table
//! of an earlier period shows its times `n` seconds later than they are, so that keys made of a time
//! meet.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use flowlog_sls::Error;
use sqlparser::ast::{
    Expr, Function, GroupByExpr, ObjectName, Query, Select, SelectItem, SetExpr, SetOperator,
    SetQuantifier, TableFactor, VisitMut, VisitorMut, WildcardAdditionalOptions,
};

use super::build::{arguments, call, column, derived, ident, integer, number, select};
use super::syntax;
use crate::sql::functions::MOST_PERIODS;

/// The column with the number of the period.
const PERIOD: &str = "#period";

/// The name of the table of the period that many seconds before.
pub(in crate::sql) fn table(seconds: i64) -> String {
    format!("log-{seconds}")
}

/// How many seconds earlier the period of a table is; `None` when it is no table of ours.
pub(in crate::sql) fn earlier_by(table: &str) -> Option<i64> {
    match table.split_once('-') {
        None => table.eq_ignore_ascii_case("log").then_some(0),
        Some(("log", seconds)) => seconds.parse().ok(),
        Some(_) => None,
    }
}

/// Rewrites all comparisons; gives the seconds by which periods are earlier.
pub(super) fn rewrite(query: &mut Query) -> Result<BTreeSet<i64>, Error> {
    let mut compare = Compare {
        earlier: BTreeSet::new(),
    };
    match query.visit(&mut compare) {
        ControlFlow::Break(error) => Err(error),
        ControlFlow::Continue(()) => Ok(compare.earlier),
    }
}

struct Compare {
    earlier: BTreeSet<i64>,
}

impl VisitorMut for Compare {
    type Break = Error;

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<Error> {
        match self.compared(select) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => ControlFlow::Break(error),
        }
    }
}

fn wrong(why: &str) -> Error {
    Error::parameter(format!(
        "compare: {why}; write SELECT compare(n, 86400) FROM (SELECT count(*) AS n FROM log)"
    ))
}

impl Compare {
    fn compared(&mut self, select: &mut Select) -> Result<(), Error> {
        let key = first_key(select);
        let mut periods: Option<Vec<i64>> = None;
        for item in &mut select.projection {
            let SelectItem::ExprWithAlias { expr, .. } = item else {
                continue;
            };
            let Some((value, seconds, with_times)) = comparison(expr)? else {
                continue;
            };
            if periods.as_ref().is_some_and(|known| *known != seconds) {
                return Err(wrong("all comparisons of a SELECT have the same periods"));
            }
            let count = i64::try_from(seconds.len()).unwrap_or(0);
            let mut values = vec![value, column(PERIOD), integer(count.saturating_add(1))];
            if with_times {
                let key = key
                    .clone()
                    .ok_or_else(|| wrong("ts_compare needs GROUP BY a time"))?;
                values.extend(seconds.iter().map(|seconds| earlier(&key, *seconds)));
            }
            *expr = call("#compare", values);
            periods = Some(seconds);
        }
        let Some(periods) = periods else {
            return Ok(());
        };
        let [from] = select.from.as_mut_slice() else {
            return Err(wrong("it stands over one sub-query"));
        };
        let TableFactor::Derived { subquery, .. } = &mut from.relation else {
            return Err(wrong("it stands over a sub-query"));
        };
        if !from.joins.is_empty() {
            return Err(wrong("it stands over one sub-query"));
        }
        **subquery = all_periods(subquery, &periods)?;
        self.earlier.extend(periods);
        Ok(())
    }
}

/// The first expression of `GROUP BY`.
fn first_key(select: &Select) -> Option<Expr> {
    let GroupByExpr::Expressions(keys, _) = &select.group_by else {
        return None;
    };
    let key = keys.first()?;
    let item = match (number(key), key) {
        (Some(place), _) => {
            let at = usize::try_from(place).ok()?.checked_sub(1)?;
            select.projection.get(at)
        }
        (None, Expr::Identifier(name)) => select
            .projection
            .iter()
            .find(|item| matches!(item, SelectItem::ExprWithAlias { alias, .. } if alias == name)),
        _ => None,
    };
    match item {
        Some(SelectItem::ExprWithAlias { expr, .. } | SelectItem::UnnamedExpr(expr)) => {
            Some(expr.clone())
        }
        _ => Some(key.clone()),
    }
}

/// The value and the periods of a comparison, and whether their times are asked for too.
fn comparison(expr: &Expr) -> Result<Option<(Expr, Vec<i64>, bool)>, Error> {
    let Expr::Function(function) = expr else {
        return Ok(None);
    };
    let name = name_of(function);
    if !matches!(&*name, "compare" | "ts_compare") {
        return Ok(None);
    }
    let values = arguments(function).unwrap_or_default();
    let Some((value, seconds)) = values.split_first() else {
        return Err(wrong("a value is missing"));
    };
    let seconds: Option<Vec<i64>> = seconds
        .iter()
        .map(|seconds| {
            number(seconds).filter(|seconds| (1..=i64::from(u32::MAX)).contains(seconds))
        })
        .collect();
    let seconds = seconds.filter(|all| (1..=MOST_PERIODS).contains(&all.len()));
    let seconds = seconds.ok_or_else(|| {
        wrong(&format!(
            "behind the value stand 1 to {MOST_PERIODS} numbers of seconds"
        ))
    })?;
    Ok(Some(((*value).clone(), seconds, name == "ts_compare")))
}

fn name_of(function: &Function) -> String {
    let name = syntax::name(&function.name).unwrap_or_default();
    name.to_ascii_lowercase()
}

/// Seconds of the epoch of a key in an earlier period.
fn earlier(key: &Expr, seconds: i64) -> Expr {
    Expr::BinaryOp {
        left: Box::new(call("to_unixtime", vec![key.clone()])),
        op: sqlparser::ast::BinaryOperator::Minus,
        right: Box::new(integer(seconds)),
    }
}

/// The rows of all periods, with their number.
fn all_periods(query: &Query, periods: &[i64]) -> Result<Query, Error> {
    let mut all = *one_period(query.clone(), 0)?;
    for (number, seconds) in (1..).zip(periods) {
        let mut earlier = query.clone();
        let _: ControlFlow<()> = earlier.visit(&mut Shift(*seconds));
        let right = one_period(earlier, number)?.body;
        all.body = Box::new(SetExpr::SetOperation {
            left: all.body,
            op: SetOperator::Union,
            set_quantifier: SetQuantifier::All,
            right,
        });
    }
    Ok(all)
}

/// `SELECT *, number AS "#period" FROM (query)`
fn one_period(query: Query, period: i64) -> Result<Box<Query>, Error> {
    let mut whole = select(integer(period))?;
    if let SetExpr::Select(select) = &mut *whole.body {
        select.projection = vec![
            SelectItem::Wildcard(WildcardAdditionalOptions::default()),
            SelectItem::ExprWithAlias {
                expr: integer(period),
                alias: ident(PERIOD),
            },
        ];
        select.from = vec![derived(query, "#rows")];
    }
    Ok(whole)
}

/// Puts the table of an earlier period in the place of `log`.
struct Shift(i64);

impl VisitorMut for Shift {
    type Break = ();

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<()> {
        let TableFactor::Table { name, alias, .. } = factor else {
            return ControlFlow::Continue(());
        };
        if syntax::name(name).is_some_and(|name| name.eq_ignore_ascii_case("log")) {
            *name = ObjectName::from(ident(table(self.0)));
            // Columns may be called log.x.
            alias.get_or_insert_with(|| super::build::alias("log"));
        }
        ControlFlow::Continue(())
    }
}
