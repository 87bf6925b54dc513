//! `GROUP BY ROLLUP`, `CUBE` and `GROUPING SETS`: one `SELECT` for each set, one behind the other.
//!
//! What a set does not group by is NULL in its rows; `grouping(a, b)` says which these are, bit by
//! bit, the last column in the lowest bit.

use std::ops::ControlFlow;

use flowlog_sls::Error;
use sqlparser::ast::{
    Expr, GroupByExpr, Query, Select, SelectItem, SetExpr, SetOperator, SetQuantifier, Value,
    Visit, VisitMut, Visitor, VisitorMut,
};

use super::super::functions;
use super::build::{arguments, call, derived, integer, number};
use super::syntax;

/// Sets of one `GROUP BY` at most.
const MOST_SETS: usize = 50;

/// Puts what SQLite has in the place of every grouping by sets.
pub(super) fn rewrite(query: &mut Query) -> Result<(), Error> {
    match query.visit(&mut Rewrite) {
        ControlFlow::Break(error) => Err(error),
        ControlFlow::Continue(()) => Ok(()),
    }
}

struct Rewrite;

impl VisitorMut for Rewrite {
    type Break = Error;

    fn post_visit_query(&mut self, query: &mut Query) -> ControlFlow<Error> {
        match body(&mut query.body) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => ControlFlow::Break(error),
        }
    }
}

fn body(part: &mut SetExpr) -> Result<(), Error> {
    match part {
        SetExpr::SetOperation { left, right, .. } => {
            body(left)?;
            body(right)
        }
        SetExpr::Select(select) => {
            if let Some(sets) = sets(select)? {
                *part = united(select, &sets)?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Every set of a grouping, what all of them share included; `None` for an ordinary grouping.
fn sets(select: &Select) -> Result<Option<Vec<Vec<Expr>>>, Error> {
    let GroupByExpr::Expressions(expressions, modifiers) = &select.group_by else {
        return Ok(None);
    };
    if !modifiers.is_empty() {
        return Err(Error::parameter(
            "GROUP BY … WITH is not supported; write GROUP BY ROLLUP(a, b)",
        ));
    }
    let mut all: Vec<Vec<Expr>> = vec![Vec::new()];
    let mut ordinary = true;
    for expression in expressions {
        let own = match expression {
            Expr::Rollup(parts) => (0..=parts.len())
                .rev()
                .map(|length| parts.iter().take(length).flatten().cloned().collect())
                .collect(),
            Expr::Cube(parts) => cube(parts)?,
            Expr::GroupingSets(sets) => sets.clone(),
            other => {
                for set in &mut all {
                    set.push(other.clone());
                }
                continue;
            }
        };
        ordinary = false;
        if all.len().saturating_mul(own.len()) > MOST_SETS {
            return Err(too_many());
        }
        let product = |before: &Vec<Expr>| -> Vec<Vec<Expr>> {
            let with = |set: &Vec<Expr>| before.iter().chain(set).cloned().collect();
            own.iter().map(with).collect()
        };
        all = all.iter().flat_map(product).collect();
    }
    Ok((!ordinary).then_some(all))
}

/// Every part of a list, the whole first.
fn cube(parts: &[Vec<Expr>]) -> Result<Vec<Vec<Expr>>, Error> {
    if 1_usize
        .checked_shl(u32::try_from(parts.len()).unwrap_or(u32::MAX))
        .is_none_or(|n| n > MOST_SETS)
    {
        return Err(too_many());
    }
    let mut all = vec![Vec::new()];
    for part in parts {
        let with = |set: &Vec<Expr>| [set.clone(), part.clone()].concat();
        let longer: Vec<Vec<Expr>> = all.iter().map(with).collect();
        all = longer.into_iter().chain(all).collect();
    }
    Ok(all)
}

fn too_many() -> Error {
    Error::parameter(format!("a GROUP BY has at most {MOST_SETS} sets"))
}

/// `SELECT * FROM (SELECT … UNION ALL SELECT …)`, so that an order may follow.
fn united(select: &Select, sets: &[Vec<Expr>]) -> Result<SetExpr, Error> {
    // What anything is grouped by, as it stands in the statement and as what it means.
    let mut keys: Vec<(&Expr, Expr)> = Vec::new();
    for expression in sets.iter().flatten() {
        if !keys.iter().any(|(known, _)| *known == expression) {
            keys.push((expression, meant(select, expression)?));
        }
    }
    let mut arms = sets.iter().map(|set| arm(select, &keys, set));
    let first = arms
        .next()
        .ok_or_else(|| Error::parameter("GROUPING SETS needs a set"))?;
    let all = arms.fold(first, |left, right| SetExpr::SetOperation {
        op: SetOperator::Union,
        set_quantifier: SetQuantifier::All,
        left: Box::new(left),
        right: Box::new(right),
    });
    let mut outer = syntax::parse_own("select * from log")?;
    let mut inner = syntax::parse_own("select 1")?;
    *inner.body = all;
    if let SetExpr::Select(outer) = &mut *outer.body {
        outer.from = vec![derived(*inner, "#sets")];
    }
    Ok(*outer.body)
}

/// The `SELECT` of one set. `keys` are all that anything is grouped by, as they stand in the
/// statement and as what they mean.
fn arm(select: &Select, keys: &[(&Expr, Expr)], set: &[Expr]) -> SetExpr {
    let mut one = select.clone();
    let grouped: Vec<Expr> = set
        .iter()
        .filter_map(|key| keys.iter().find(|(known, _)| *known == key))
        .map(|(_, meant)| meant.clone())
        .collect();
    let keys: Vec<Expr> = keys.iter().map(|(_, meant)| meant.clone()).collect();
    let is_absent = |key: &&Expr| !grouped.contains(key);
    let mut nulls = Nulls {
        absent: keys.iter().filter(is_absent).cloned().collect(),
        keys,
    };
    for item in &mut one.projection {
        nulls.put_in(item);
    }
    if let Some(having) = &mut one.having {
        let _: ControlFlow<()> = having.visit(&mut nulls);
    }
    if grouped.is_empty() && Visit::visit(&one.projection, &mut Aggregates).is_continue() {
        // Nothing is left but values that depend on no row: an aggregate makes one row of all.
        let first = one.projection.first_mut();
        if let Some(SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }) = first
        {
            *expr = call("max", vec![expr.clone()]);
        }
    }
    one.group_by = GroupByExpr::Expressions(grouped, Vec::new());
    SetExpr::Select(Box::new(one))
}

/// Breaks at the first aggregate.
struct Aggregates;

impl Visitor for Aggregates {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        let is_one = match expr {
            Expr::Function(function) if function.over.is_none() => {
                let name = syntax::name(&function.name).unwrap_or_default();
                functions::is_aggregate(&name.to_ascii_lowercase())
            }
            _ => false,
        };
        if is_one {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}

/// What stands in `GROUP BY`: a place in the list of columns, an alias of it, or an expression.
fn meant(select: &Select, key: &Expr) -> Result<Expr, Error> {
    let item = |item: &SelectItem| match item {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => {
            Some(expr.clone())
        }
        _ => None,
    };
    if let Some(place) = number(key) {
        let place = usize::try_from(place)
            .ok()
            .and_then(|place| place.checked_sub(1));
        let column = place.and_then(|place| select.projection.get(place));
        return column.and_then(item).ok_or_else(|| {
            Error::parameter(format!(
                "GROUP BY position {key} is not in the list of columns"
            ))
        });
    }
    let alias = select
        .projection
        .iter()
        .find_map(|column| match (column, key) {
            (SelectItem::ExprWithAlias { expr, alias }, Expr::Identifier(name))
                if alias.value.eq_ignore_ascii_case(&name.value) =>
            {
                Some(expr.clone())
            }
            _ => None,
        });
    Ok(alias.unwrap_or_else(|| key.clone()))
}

/// Puts NULL in the place of what a set does not group by.
struct Nulls {
    absent: Vec<Expr>,
    keys: Vec<Expr>,
}

impl VisitorMut for Nulls {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if self.absent.contains(expr) {
            *expr = Expr::value(Value::Null);
        } else if let Some(bits) = self.grouping(expr) {
            *expr = integer(bits);
        }
        ControlFlow::Continue(())
    }
}

impl Nulls {
    /// Changes a column, which keeps its name when nothing of it is left.
    fn put_in(&mut self, item: &mut SelectItem) {
        let (SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }) = item else {
            return;
        };
        let name = match &*expr {
            Expr::Identifier(name) => Some(name.clone()),
            Expr::CompoundIdentifier(names) => names.last().cloned(),
            _ => None,
        };
        let _: ControlFlow<()> = expr.visit(self);
        if let (SelectItem::UnnamedExpr(expr), Some(alias)) = (&*item, name) {
            let expr = expr.clone();
            *item = SelectItem::ExprWithAlias { expr, alias };
        }
    }

    /// The value of `grouping(…)` in this set.
    fn grouping(&self, expr: &Expr) -> Option<i64> {
        let Expr::Function(function) = expr else {
            return None;
        };
        let name = syntax::name(&function.name)?;
        if !name.eq_ignore_ascii_case("grouping") {
            return None;
        }
        let asked = arguments(function)?;
        let known = |key: &&Expr| self.keys.contains(key);
        if asked.is_empty() || asked.len() > 32 || !asked.iter().all(known) {
            return None;
        }
        let bit = |bits: i64, key: &Expr| bits << 1 | i64::from(self.absent.contains(key));
        Some(asked.into_iter().fold(0, bit))
    }
}
