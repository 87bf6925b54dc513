//! Types: a column of texts is refused where a number belongs, as the service does. SQLite would
//! find some number in a text, or compare digit by digit.

use std::ops::ControlFlow;

use flowlog_sls::Error;
use sqlparser::ast::{
    BinaryOperator, Expr, Function, InTarget, Query, Select, SelectItem, TableFactor,
    UnaryOperator, Value, Visit, Visitor,
};

use super::build::arguments;
use super::{earlier_by, syntax};
use crate::sql::{ColumnKind, TableColumn};

/// Aggregates of numbers.
const NUMERIC: [&str; 17] = [
    "approx_percentile",
    "avg",
    "corr",
    "covar_pop",
    "covar_samp",
    "geometric_mean",
    "kurtosis",
    "regr_intercept",
    "regr_slope",
    "skewness",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "sum",
    "var_pop",
    "var_samp",
    "variance",
];

/// Looks at each `SELECT` of the table alone: there a name is that of a column, or an alias.
pub(super) fn check(query: &Query, columns: &[TableColumn]) -> Result<(), Error> {
    match query.visit(&mut Selects(columns)) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(error),
    }
}

struct Selects<'a>(&'a [TableColumn]);

impl Visitor for Selects<'_> {
    type Break = Error;

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<Error> {
        let Some(table) = table(select) else {
            return ControlFlow::Continue(());
        };
        let alias = |item: &SelectItem| match item {
            SelectItem::ExprWithAlias { alias, .. } => Some(alias.value.to_lowercase()),
            _ => None,
        };
        select.visit(&mut Typed {
            columns: self.0,
            table,
            aliases: select.projection.iter().filter_map(alias).collect(),
            depth: 0,
        })
    }
}

/// What the table is called, where there is no other.
fn table(select: &Select) -> Option<String> {
    let [from] = select.from.as_slice() else {
        return None;
    };
    let TableFactor::Table { name, alias, .. } = &from.relation else {
        return None;
    };
    let name = syntax::name(name)?;
    let called = alias.as_ref().map_or(name, |alias| &alias.name.value);
    let alone = from.joins.is_empty() && earlier_by(name).is_some();
    alone.then(|| called.to_lowercase())
}

/// The expressions of one `SELECT`, without those of its sub-queries.
struct Typed<'a> {
    columns: &'a [TableColumn],
    /// What the table is called.
    table: String,
    aliases: Vec<String>,
    /// Sub-queries around the expression.
    depth: usize,
}

impl Visitor for Typed<'_> {
    type Break = Error;

    fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<Error> {
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &Query) -> ControlFlow<Error> {
        self.depth = self.depth.saturating_sub(1);
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<Error> {
        if self.depth > 0 {
            return ControlFlow::Continue(());
        }
        let wrong = match expr {
            Expr::Function(function) => self.aggregated(function),
            Expr::BinaryOp { left, op, right } if is_comparison(op) => {
                let pair = |side, other| self.text(side).filter(|_| is_number(other));
                let column = pair(left, right).or_else(|| pair(right, left));
                column.map(|column| uncomparable(&op.to_string(), column))
            }
            Expr::Between {
                expr, low, high, ..
            } => self
                .text(expr)
                .filter(|_| is_number(low) || is_number(high))
                .map(|column| uncomparable("BETWEEN", column)),
            Expr::In {
                expr,
                target: InTarget::List(list),
                ..
            } => self
                .text(expr)
                .filter(|_| list.iter().any(is_number))
                .map(|column| uncomparable("IN", column)),
            _ => None,
        };
        wrong.map_or(ControlFlow::Continue(()), ControlFlow::Break)
    }
}

impl<'a> Typed<'a> {
    fn aggregated(&self, function: &Function) -> Option<Error> {
        let name = syntax::name(&function.name)?.to_ascii_lowercase();
        let first = *arguments(function)?.first()?;
        let column = self.text(first).filter(|_| NUMERIC.contains(&&*name))?;
        Some(Error::parameter(format!(
            "function {name} cannot be applied to varchar: column \"{column}\" is indexed as text; \
             index it as long or double, or write {name}(cast(\"{column}\" as bigint))"
        )))
    }

    /// The name of the column of texts that an expression is.
    fn text(&self, expr: &Expr) -> Option<&'a str> {
        let name = match expr {
            Expr::Nested(inner) => return self.text(inner),
            Expr::Identifier(name) => name,
            // There is one table alone.
            Expr::CompoundIdentifier(names) => match names.as_slice() {
                [table, name] if table.value.to_lowercase() == self.table => name,
                _ => return None,
            },
            _ => return None,
        };
        let is = |column: &&TableColumn| column.name.eq_ignore_ascii_case(&name.value);
        let column = self.columns.iter().find(is)?;
        let is_text = matches!(column.kind, ColumnKind::Text(_));
        let is_alias = self.aliases.contains(&name.value.to_lowercase());
        (is_text && !is_alias).then_some(&*column.name)
    }
}

fn uncomparable(operator: &str, column: &str) -> Error {
    Error::parameter(format!(
        "'{operator}' cannot be applied to varchar and a number: column \"{column}\" is indexed as \
         text; index it as long or double, write cast(\"{column}\" as bigint), or put the number in \
         single quotes"
    ))
}

fn is_comparison(op: &BinaryOperator) -> bool {
    use BinaryOperator::{Eq, Gt, GtEq, Lt, LtEq, NotEq};
    matches!(op, Eq | Gt | GtEq | Lt | LtEq | NotEq)
}

fn is_number(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(inner) => is_number(inner),
        Expr::UnaryOp {
            op: UnaryOperator::Minus | UnaryOperator::Plus,
            expr,
        } => is_number(expr),
        Expr::Value(value) => matches!(value.value, Value::Number(..)),
        _ => false,
    }
}
