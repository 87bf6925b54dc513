//! Columns of a result: what they are called, and which of them are true or false.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use sqlparser::ast::{
    BinaryOperator, DataType, Expr, Function, Query, Select, SelectItem, SetExpr, TableFactor,
    UnaryOperator, Value, VisitMut, VisitorMut,
};

use super::super::functions;
use super::build::{arguments, ident};
use super::syntax;

/// Calls every column without a name `_col0`, `_col1` and so on by its place.
pub(super) fn name_all(query: &mut Query) {
    let _: ControlFlow<()> = query.visit(&mut NameAll);
}

struct NameAll;

impl VisitorMut for NameAll {
    type Break = ();

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
        for (place, item) in select.projection.iter_mut().enumerate() {
            if let SelectItem::UnnamedExpr(expr) = item
                && !matches!(expr, Expr::Identifier(_) | Expr::CompoundIdentifier(_))
            {
                *item = SelectItem::ExprWithAlias {
                    expr: expr.clone(),
                    alias: ident(format!("_col{place}")),
                };
            }
        }
        ControlFlow::Continue(())
    }
}

/// The columns of each named query that are true or false.
type Known = BTreeMap<String, BTreeSet<String>>;

/// The names of the columns that are true or false: of the result, and of all sub-queries.
pub(super) fn truths(query: &Query) -> (BTreeSet<String>, BTreeSet<String>) {
    let mut all = BTreeSet::new();
    let own = of_query(query, &Known::new(), &mut all);
    (own, all)
}

fn of_query(query: &Query, known: &Known, all: &mut BTreeSet<String>) -> BTreeSet<String> {
    let mut known = known.clone();
    for cte in query.with.iter().flat_map(|with| &with.cte_tables) {
        let truths = of_query(&cte.query, &known, all);
        known.insert(cte.alias.name.value.to_lowercase(), truths);
    }
    of_body(&query.body, &known, all)
}

fn of_body(body: &SetExpr, known: &Known, all: &mut BTreeSet<String>) -> BTreeSet<String> {
    match body {
        SetExpr::Select(select) => of_select(select, known, all),
        SetExpr::Query(query) => of_query(query, known, all),
        SetExpr::SetOperation { left, right, .. } => {
            drop(of_body(right, known, all));
            of_body(left, known, all)
        }
        _ => BTreeSet::new(),
    }
}

fn of_select(select: &Select, known: &Known, all: &mut BTreeSet<String>) -> BTreeSet<String> {
    let mut scope = BTreeSet::new();
    for table in &select.from {
        let joined = table.joins.iter().map(|join| &join.relation);
        for factor in std::iter::once(&table.relation).chain(joined) {
            match factor {
                TableFactor::Derived { subquery, .. } => {
                    scope.append(&mut of_query(subquery, known, all));
                }
                TableFactor::Table { name, .. } => {
                    let name = syntax::name(name).map(str::to_lowercase);
                    scope.extend(
                        name.and_then(|name| known.get(&name))
                            .into_iter()
                            .flatten()
                            .cloned(),
                    );
                }
                _ => {}
            }
        }
    }
    let mut own = BTreeSet::new();
    for item in &select.projection {
        match item {
            SelectItem::ExprWithAlias { expr, alias } if is_truth(expr, &scope) => {
                own.insert(alias.value.to_lowercase());
            }
            SelectItem::UnnamedExpr(expr) if is_truth(expr, &scope) => {
                own.extend(last_name(expr));
            }
            SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..) => {
                own.extend(scope.iter().cloned());
            }
            _ => {}
        }
    }
    all.extend(own.iter().cloned());
    own
}

fn last_name(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Identifier(name) => Some(name.value.to_lowercase()),
        Expr::CompoundIdentifier(names) => names.last().map(|name| name.value.to_lowercase()),
        _ => None,
    }
}

/// Whether an expression is true or false, where the columns of these names are.
pub(super) fn is_truth(expr: &Expr, scope: &BTreeSet<String>) -> bool {
    match expr {
        Expr::IsFalse(_)
        | Expr::IsNotFalse(_)
        | Expr::IsTrue(_)
        | Expr::IsNotTrue(_)
        | Expr::IsNull(_)
        | Expr::IsNotNull(_)
        | Expr::IsDistinctFrom(..)
        | Expr::IsNotDistinctFrom(..)
        | Expr::In { .. }
        | Expr::Between { .. }
        | Expr::Like { .. }
        | Expr::Exists { .. } => true,
        Expr::BinaryOp { op, .. } => matches!(
            op,
            BinaryOperator::Gt
                | BinaryOperator::Lt
                | BinaryOperator::GtEq
                | BinaryOperator::LtEq
                | BinaryOperator::Eq
                | BinaryOperator::NotEq
                | BinaryOperator::And
                | BinaryOperator::Or
        ),
        Expr::UnaryOp { op, .. } => *op == UnaryOperator::Not,
        Expr::Nested(inner) => is_truth(inner, scope),
        Expr::Value(value) => matches!(value.value, Value::Boolean(_)),
        Expr::Cast { data_type, .. } => matches!(data_type, DataType::Boolean | DataType::Bool),
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) => {
            last_name(expr).is_some_and(|name| scope.contains(&name))
        }
        Expr::Case {
            conditions,
            else_result,
            ..
        } => {
            let results = conditions.iter().map(|when| &when.result);
            are_truths(results.chain(else_result.as_deref()), scope)
        }
        Expr::Function(function) => is_true_function(function, scope),
        _ => false,
    }
}

fn are_truths<'a>(values: impl Iterator<Item = &'a Expr>, scope: &BTreeSet<String>) -> bool {
    let is_null = |expr: &&Expr| matches!(expr, Expr::Value(value) if value.value == Value::Null);
    let mut values = values.filter(|value| !is_null(value)).peekable();
    values.peek().is_some() && values.all(|value| is_truth(value, scope))
}

fn is_true_function(function: &Function, scope: &BTreeSet<String>) -> bool {
    let name = syntax::name(&function.name).unwrap_or_default();
    let name = name.to_ascii_lowercase();
    if functions::is_truth(&name) {
        return true;
    }
    let values = arguments(function).unwrap_or_default().into_iter();
    match &*name {
        "if" => are_truths(values.skip(1), scope),
        "coalesce" | "nullif" | "greatest" | "least" => are_truths(values, scope),
        "try" | "max" | "min" | "arbitrary" | "any_value" | "max_by" | "min_by" | "first_value"
        | "last_value" | "lag" | "lead" => are_truths(values.take(1), scope),
        _ => false,
    }
}
