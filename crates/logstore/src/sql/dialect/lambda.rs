//! Functions that are given an expression to apply to each element: they become a query over the
//! elements.

use std::ops::ControlFlow;

use flowlog_sls::Error;
use sqlparser::ast::{
    Expr, Ident, LambdaFunction, OneOrManyWithParens, Query, SetExpr, VisitMut, VisitorMut,
};

use super::build::{call, case, elements, ident, integer, select};

/// `name(array, element -> expression)`
pub(super) fn expand(name: &str, values: &[&Expr]) -> Result<Expr, Error> {
    let wrong = || {
        Error::parameter(format!(
            "{name} is written {name}(array, element -> expression)"
        ))
    };
    let [array, Expr::Lambda(lambda)] = values else {
        return Err(wrong());
    };
    let body = applied(lambda).ok_or_else(wrong)?;
    let truth = |when, otherwise| case(body.clone(), integer(when), Some(integer(otherwise)));
    let (item, condition, of_none) = match name {
        "transform" => (call("#elements", vec![body]), None, None),
        "filter" => (call("#elements", vec![value()]), Some(body), None),
        "any_match" => (call("max", vec![truth(1, 0)]), None, Some(0)),
        "all_match" => (call("min", vec![truth(1, 0)]), None, Some(1)),
        // `none_match`
        _ => (call("min", vec![truth(0, 1)]), None, Some(1)),
    };
    let mut query = select(item)?;
    if let SetExpr::Select(select) = &mut *query.body {
        select.from = vec![elements((*array).clone(), ELEMENTS)];
        select.selection = condition;
    }
    let answer = Expr::Subquery(query);
    Ok(match of_none {
        Some(truth) => call("coalesce", vec![answer, integer(truth)]),
        None => answer,
    })
}

/// The name of the table of elements.
const ELEMENTS: &str = "#elements";

fn value() -> Expr {
    Expr::CompoundIdentifier(vec![ident(ELEMENTS), ident("value")])
}

/// The expression with the column `value` in the place of its parameter.
fn applied(lambda: &LambdaFunction) -> Option<Expr> {
    let parameter = match &lambda.params {
        OneOrManyWithParens::One(parameter) => parameter,
        OneOrManyWithParens::Many(parameters) => match parameters.as_slice() {
            [parameter] => parameter,
            _ => return None,
        },
    };
    let mut body = (*lambda.body).clone();
    let mut put = Put {
        parameter: &parameter.name,
    };
    let ControlFlow::Continue(()) = body.visit(&mut put) else {
        return None;
    };
    Some(body)
}

struct Put<'a> {
    parameter: &'a Ident,
}

impl VisitorMut for Put<'_> {
    /// An inner query would see other names.
    type Break = ();

    fn pre_visit_query(&mut self, _: &mut Query) -> ControlFlow<()> {
        ControlFlow::Break(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if matches!(expr, Expr::Lambda(_)) {
            return ControlFlow::Break(());
        }
        if matches!(expr, Expr::Identifier(name) if name == self.parameter) {
            *expr = value();
        }
        ControlFlow::Continue(())
    }
}
