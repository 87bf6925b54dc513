//! Tables: the one that may be left out, and those made of an array.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use flowlog_sls::Error;
use sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, Ident, ObjectName, Query, Select, TableFactor,
    TableFunctionArgs, VisitMut, VisitorMut,
};

use super::build::{alias, call, factor, ident, integer, table};
use super::{earlier_by, syntax};

/// Puts `FROM log` where a `SELECT` has no table, and `json_each` where one has `UNNEST`.
pub(super) fn complete(query: &mut Query) -> Result<(), Error> {
    let mut complete = Complete {
        columns: BTreeMap::new(),
    };
    if let ControlFlow::Break(error) = query.visit(&mut complete) {
        return Err(error);
    }
    if !complete.columns.is_empty() {
        let _: ControlFlow<()> = query.visit(&mut Renamed(&complete.columns));
    }
    Ok(())
}

struct Complete {
    /// What the columns of an `UNNEST` are called, and what they are.
    columns: BTreeMap<String, Expr>,
}

impl VisitorMut for Complete {
    type Break = Error;

    /// A named query must not hide a table of ours: everything behind looks for them by name.
    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Error> {
        let queries = query.with.iter().flat_map(|with| &with.cte_tables);
        let mut names = queries.map(|cte| &*cte.alias.name.value);
        match names.find(|name| is_ours(name) || is_log(name)) {
            None => ControlFlow::Continue(()),
            Some(name) => ControlFlow::Break(Error::parameter(format!(
                "a query of WITH cannot be called '{}', which is a table; give it another name",
                name.chars().take(100).collect::<String>()
            ))),
        }
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<Error> {
        if select.from.is_empty() {
            select.from.push(table("log"));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Error> {
        match factor {
            TableFactor::Table {
                name, args: None, ..
            } if syntax::name(name).is_none_or(is_ours) => ControlFlow::Break(Error::parameter(
                format!("table '{name}' does not exist; the only table is log"),
            )),
            TableFactor::Table { args: None, .. }
            | TableFactor::Derived { lateral: false, .. }
            | TableFactor::NestedJoin { .. } => ControlFlow::Continue(()),
            TableFactor::Table { name, .. } if is_unnest(name) => match self.unnested(factor) {
                Ok(new) => {
                    *factor = new;
                    ControlFlow::Continue(())
                }
                Err(error) => ControlFlow::Break(error),
            },
            other => ControlFlow::Break(Error::parameter(format!(
                "the SQL has a table that is not supported: {}",
                other.to_string().chars().take(100).collect::<String>()
            ))),
        }
    }
}

/// Whether a table is one that a statement cannot name.
fn is_ours(name: &str) -> bool {
    name.starts_with('#') || name.eq_ignore_ascii_case("json_each")
}

/// Whether a table is that of a Logstore: `log`, `log_2` and so on.
fn is_log(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let number = name.strip_prefix("log_").map(str::parse::<usize>);
    earlier_by(&name).is_some() || matches!(number, Some(Ok(_)))
}

fn is_unnest(name: &ObjectName) -> bool {
    syntax::name(name).is_some_and(|name| name.eq_ignore_ascii_case("unnest"))
}

impl Complete {
    fn unnested(&mut self, unnest: &TableFactor) -> Result<TableFactor, Error> {
        let wrong = || {
            Error::parameter("UNNEST is written UNNEST(array) AS t(a) or UNNEST(map) AS t(k, v)")
        };
        let TableFactor::Table {
            alias: Some(named),
            args: Some(arguments),
            with_ordinality,
            ..
        } = unnest
        else {
            return Err(wrong());
        };
        let [FunctionArg::Unnamed(FunctionArgExpr::Expr(array))] = arguments.args.as_slice() else {
            return Err(wrong());
        };
        let table = &named.name;
        let of = |column: &str| Expr::CompoundIdentifier(vec![table.clone(), ident(column)]);
        let place = || {
            let one = integer(1);
            Expr::BinaryOp {
                left: Box::new(of("key")),
                op: sqlparser::ast::BinaryOperator::Plus,
                right: Box::new(one),
            }
        };
        let meant = match (named.columns.len(), with_ordinality) {
            (0, _) => Vec::new(),
            (1, false) => vec![of("value")],
            (2, true) => vec![of("value"), Expr::Nested(Box::new(place()))],
            (2, false) => vec![of("key"), of("value")],
            _ => return Err(wrong()),
        };
        for (column, meant) in named.columns.iter().zip(meant) {
            self.columns.insert(column.name.value.to_lowercase(), meant);
        }
        let arguments = TableFunctionArgs {
            args: vec![FunctionArg::Unnamed(FunctionArgExpr::Expr(call(
                "#json",
                vec![array.clone()],
            )))],
            settings: None,
        };
        Ok(factor(
            "json_each",
            Some(arguments),
            Some(alias(&table.value)),
        ))
    }
}

/// Puts the columns of `UNNEST` where their names stand.
struct Renamed<'a>(&'a BTreeMap<String, Expr>);

impl VisitorMut for Renamed<'_> {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        let name = match expr {
            Expr::Identifier(name) => Some(&*name),
            Expr::CompoundIdentifier(names) => names.last(),
            _ => None,
        };
        let meant = name.and_then(|name: &Ident| self.0.get(&name.value.to_lowercase()));
        if let Some(meant) = meant {
            *expr = meant.clone();
        }
        ControlFlow::Continue(())
    }
}
