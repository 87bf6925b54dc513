//! Expressions of the service that SQLite writes in another way.
//!
//! What SQLite lacks becomes a function of ours, whose name begins with `#`, or ends in `?` where
//! its errors become NULL; a statement cannot name such a function itself. Texts become parameters.

mod part;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use flowlog_sls::Error;
use sqlparser::ast::{
    BinaryOperator, CastKind, DataType, Expr, Function, FunctionArguments, Ident, InTarget,
    OrderByKind, Query, UnaryOperator, Value, ValueWithSpan, VisitMut, VisitorMut,
};

use super::super::functions;
use super::build::{arguments, call, case, integer, text};
use super::{Asked, columns, interval, lambda, syntax};
use part::{kind_of, moment, part_of_text, part_of_time, subscripts};

/// Rewrites all expressions of a query; gives the texts that its parameters stand for.
pub(super) fn rewrite(
    query: &mut Query,
    asked: &Asked,
    truths: BTreeSet<String>,
) -> Result<Vec<String>, Error> {
    let mut rewriter = Rewriter {
        asked,
        truths,
        trying: 0,
        texts: Vec::new(),
        places: BTreeMap::new(),
    };
    match query.visit(&mut rewriter) {
        ControlFlow::Break(error) => Err(error),
        ControlFlow::Continue(()) => Ok(rewriter.texts),
    }
}

struct Rewriter<'a> {
    asked: &'a Asked,
    /// Columns of sub-queries that are true or false.
    truths: BTreeSet<String>,
    /// How many `try(…)` are open.
    trying: usize,
    texts: Vec<String>,
    places: BTreeMap<String, usize>,
}

impl VisitorMut for Rewriter<'_> {
    type Break = Error;

    /// NULL is last in the service, whichever way it is ordered; SQLite takes it for the least.
    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Error> {
        let kind = query.order_by.as_mut().map(|order| &mut order.kind);
        if let Some(OrderByKind::Expressions(by)) = kind {
            for by in by {
                by.options.nulls_first.get_or_insert(false);
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        match self.rewritten(expr) {
            Ok(Some(new)) => *expr = new,
            Ok(None) => {}
            Err(error) => return ControlFlow::Break(error),
        }
        self.trying += usize::from(is_try(expr));
        if self.trying > 0
            && let Expr::Function(function) = expr
        {
            forgive(function);
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        self.trying -= usize::from(is_try(expr));
        ControlFlow::Continue(())
    }

    fn pre_visit_ident(&mut self, ident: &mut Ident) -> ControlFlow<Error> {
        ident.quote_style = Some('"');
        ControlFlow::Continue(())
    }

    fn post_visit_value(&mut self, value: &mut ValueWithSpan) -> ControlFlow<Error> {
        match &mut value.value {
            Value::SingleQuotedString(text) => {
                let next = self.texts.len() + 1;
                let place = *self.places.entry(text.clone()).or_insert(next);
                if place == next {
                    self.texts.push(std::mem::take(text));
                }
                value.value = Value::Placeholder(format!("?{place}"));
            }
            Value::Number(..) | Value::Boolean(_) | Value::Null | Value::Placeholder(_) => {}
            other => {
                let message = format!("the SQL is wrong: {other} is no value here");
                return ControlFlow::Break(Error::parameter(message));
            }
        }
        ControlFlow::Continue(())
    }
}

/// Makes the errors of a function NULL.
fn forgive(function: &mut Function) {
    let name = syntax::name(&function.name).unwrap_or_default();
    if name != "#try" && functions::is_scalar(name) {
        function.name = Ident::new(format!("{name}?")).into();
    }
}

fn is_try(expr: &Expr) -> bool {
    matches!(expr, Expr::Function(function) if syntax::name(&function.name) == Some("#try"))
}

fn unsupported(what: &Expr) -> Error {
    let text: String = what.to_string().chars().take(100).collect();
    Error::parameter(format!("the SQL has what is not supported: {text}"))
}

impl Rewriter<'_> {
    /// What stands in the place of an expression; `None` for itself.
    fn rewritten(&self, expr: &Expr) -> Result<Option<Expr>, Error> {
        let new = match expr {
            Expr::BinaryOp { left, op, right } => return binary(expr, (left, op, right)),
            Expr::UnaryOp { op, .. } => {
                let known = matches!(
                    op,
                    UnaryOperator::Plus | UnaryOperator::Minus | UnaryOperator::Not
                );
                return if known {
                    Ok(None)
                } else {
                    Err(unsupported(expr))
                };
            }
            Expr::Interval(_) => {
                let message = "an INTERVAL is added to a time or taken from it, and nothing else";
                return Err(Error::parameter(message));
            }
            Expr::Cast {
                kind,
                expr,
                data_type,
                ..
            } => self.cast(kind, expr, data_type)?,
            Expr::TypedString(typed) => {
                let value = Expr::Value(typed.value.clone());
                return moment(&typed.data_type, &value).map(Some);
            }
            Expr::Extract { field, expr, .. } => part_of_time(field, expr)?,
            Expr::AtTimeZone {
                timestamp,
                time_zone,
            } => call(
                "at_timezone",
                vec![(**timestamp).clone(), (**time_zone).clone()],
            ),
            Expr::Position { expr, r#in } => {
                call("strpos", vec![(**r#in).clone(), (**expr).clone()])
            }
            Expr::Substring { .. } | Expr::Trim { .. } => part_of_text(expr)?,
            Expr::Array(array) => call("#array", array.elem.clone()),
            Expr::CompoundFieldAccess { root, access_chain } => {
                subscripts((**root).clone(), access_chain)?
            }
            Expr::Function(function) => return self.function(function),
            Expr::In {
                target: InTarget::List(_) | InTarget::Subquery(_),
                ..
            } => return Ok(None),
            other => {
                return if is_the_same(other) {
                    Ok(None)
                } else {
                    Err(unsupported(other))
                };
            }
        };
        Ok(Some(new))
    }

    fn cast(&self, kind: &CastKind, expr: &Expr, to: &DataType) -> Result<Expr, Error> {
        let name = match kind_of(to) {
            Some("varchar") if columns::is_truth(expr, &self.truths) => "#truth",
            Some("bigint") => "#bigint",
            Some("double") => "#double",
            Some("varchar") => "#varchar",
            Some("boolean") => "#boolean",
            Some("timestamp") => "#timestamp",
            Some("date") => "#date",
            Some("json") => "json_parse",
            _ => {
                let message = format!("cast to {to} is not supported");
                return Err(Error::parameter(message));
            }
        };
        let name = if *kind == CastKind::Cast {
            name.to_owned()
        } else {
            format!("{name}?")
        };
        Ok(call(&name, vec![expr.clone()]))
    }

    fn function(&self, function: &Function) -> Result<Option<Expr>, Error> {
        let plain = syntax::name(&function.name).unwrap_or_default();
        if plain.starts_with('#') {
            return Ok(None);
        }
        let name = plain.to_ascii_lowercase();
        let values = arguments(function);
        if let Some(now) = self.now(&name, function) {
            return Ok(Some(now));
        }
        match (&*name, values.as_deref()) {
            ("if", Some([condition, result])) => {
                return Ok(Some(case((*condition).clone(), (*result).clone(), None)));
            }
            ("if", Some([condition, result, otherwise])) => {
                let otherwise = Some((*otherwise).clone());
                return Ok(Some(case(
                    (*condition).clone(),
                    (*result).clone(),
                    otherwise,
                )));
            }
            ("try", Some([value])) => return Ok(Some(call("#try", vec![(*value).clone()]))),
            ("date", Some([value])) => return Ok(Some(call("#date", vec![(*value).clone()]))),
            ("max" | "min", Some([value, most])) => {
                let name = if name == "max" { "#max_n" } else { "#min_n" };
                return Ok(Some(call(name, vec![(*value).clone(), (*most).clone()])));
            }
            ("typeof", Some([value])) if columns::is_truth(value, &self.truths) => {
                return Ok(Some(text("boolean")));
            }
            ("transform" | "filter" | "any_match" | "all_match" | "none_match", Some(values)) => {
                return lambda::expand(&name, values).map(Some);
            }
            _ => {}
        }
        Self::named(name, function)
    }

    /// A function that is called by its name.
    fn named(name: String, function: &Function) -> Result<Option<Expr>, Error> {
        if let Some(reason) = functions::why_not(&name) {
            return Err(Error::parameter(reason));
        }
        if function.null_treatment.is_some() || !function.within_group.is_empty() {
            return Err(unsupported(&Expr::Function(function.clone())));
        }
        if matches!(function.args, FunctionArguments::None) {
            let message = format!("function {name} needs parentheses");
            return Err(Error::parameter(message));
        }
        let mut function = function.clone();
        function.name = Ident::new(name).into();
        Ok(Some(Expr::Function(function)))
    }

    /// The functions of the present, which is the moment at which the statement begins.
    fn now(&self, name: &str, function: &Function) -> Option<Expr> {
        let empty = match &function.args {
            FunctionArguments::None => true,
            FunctionArguments::List(list) => list.args.is_empty(),
            FunctionArguments::Subquery(_) => false,
        };
        let now = functions::print_moment(self.asked.now_millis);
        empty.then_some(())?;
        let part = |range: std::ops::Range<usize>| now.get(range).unwrap_or_default();
        Some(match name {
            "now" | "current_timestamp" | "localtimestamp" => text(&now),
            "current_date" => text(part(0..10)),
            "current_time" | "localtime" => text(part(11..23)),
            "current_timezone" => text("UTC"),
            _ => return None,
        })
    }
}

/// Whether SQLite writes it in the same way.
fn is_the_same(expr: &Expr) -> bool {
    match expr {
        Expr::Like { any, .. } => !any,
        Expr::Identifier(_)
        | Expr::CompoundIdentifier(_)
        | Expr::IsFalse(_)
        | Expr::IsNotFalse(_)
        | Expr::IsTrue(_)
        | Expr::IsNotTrue(_)
        | Expr::IsNull(_)
        | Expr::IsNotNull(_)
        | Expr::IsDistinctFrom(..)
        | Expr::IsNotDistinctFrom(..)
        | Expr::Between { .. }
        | Expr::Ceil { .. }
        | Expr::Floor { .. }
        | Expr::Nested(_)
        | Expr::Value(_)
        | Expr::Case { .. }
        | Expr::Exists { .. }
        | Expr::Subquery(_)
        | Expr::Tuple(_)
        | Expr::Wildcard(_) => true,
        _ => false,
    }
}

fn binary(
    whole: &Expr,
    (left, op, right): (&Expr, &BinaryOperator, &Expr),
) -> Result<Option<Expr>, Error> {
    let add = |time: &Expr, by: &sqlparser::ast::Interval, sign| {
        let (months, millis) = interval::length(by, sign)?;
        let arguments = vec![time.clone(), integer(months), integer(millis)];
        Ok(Some(call("#shifted", arguments)))
    };
    match (left, op, right) {
        (time, BinaryOperator::Plus, Expr::Interval(by))
        | (Expr::Interval(by), BinaryOperator::Plus, time) => add(time, by, 1),
        (time, BinaryOperator::Minus, Expr::Interval(by)) => add(time, by, -1),
        _ => match op {
            BinaryOperator::Plus
            | BinaryOperator::Minus
            | BinaryOperator::Multiply
            | BinaryOperator::Divide
            | BinaryOperator::Modulo
            | BinaryOperator::StringConcat
            | BinaryOperator::Gt
            | BinaryOperator::Lt
            | BinaryOperator::GtEq
            | BinaryOperator::LtEq
            | BinaryOperator::Eq
            | BinaryOperator::NotEq
            | BinaryOperator::And
            | BinaryOperator::Or => Ok(None),
            _ => Err(unsupported(whole)),
        },
    }
}
