//! Types, moments and parts of values.

use flowlog_sls::Error;
use sqlparser::ast::{AccessExpr, DataType, DateTimeField, Expr, Subscript, TrimWhereField, Value};

use super::unsupported;
use crate::sql::dialect::build::{call, literal, text};
use crate::sql::dialect::syntax;
use crate::sql::functions;

/// The type of the service that a type is.
pub(super) fn kind_of(data_type: &DataType) -> Option<&'static str> {
    Some(match data_type {
        DataType::BigInt(_)
        | DataType::Int(_)
        | DataType::Integer(_)
        | DataType::SmallInt(_)
        | DataType::TinyInt(_) => "bigint",
        DataType::Double(_)
        | DataType::DoublePrecision
        | DataType::Real
        | DataType::Float(_)
        | DataType::Decimal(_)
        | DataType::Numeric(_) => "double",
        DataType::Varchar(_) | DataType::Char(_) | DataType::Text | DataType::String(_) => {
            "varchar"
        }
        DataType::Boolean | DataType::Bool => "boolean",
        DataType::Timestamp(..) => "timestamp",
        DataType::Date => "date",
        DataType::JSON | DataType::Array(_) | DataType::Map(..) => "json",
        DataType::Custom(name, _) if syntax::name(name).is_some_and(is_long) => "bigint",
        _ => return None,
    })
}

fn is_long(name: &str) -> bool {
    name.eq_ignore_ascii_case("long")
}

/// `TIMESTAMP '…'` and its like: what does not depend on a row is said at once.
pub(super) fn moment(data_type: &DataType, value: &Expr) -> Result<Expr, Error> {
    let written = literal(value).unwrap_or_default();
    let moment = match kind_of(data_type) {
        Some("timestamp") => functions::timestamp(written),
        Some("date") => functions::date(written),
        Some("json") => Some(written.to_owned()),
        Some("bigint" | "double") if written.parse::<f64>().is_ok() => {
            return Ok(Expr::value(Value::Number(written.to_owned(), false)));
        }
        _ => None,
    };
    let message = || format!("the SQL is wrong: '{written}' is no {data_type}");
    moment.map(text).ok_or_else(|| Error::parameter(message()))
}

pub(super) fn part_of_time(field: &DateTimeField, of: &Expr) -> Result<Expr, Error> {
    let name = field.to_string().to_ascii_lowercase();
    if functions::is_part_of_time(&name) {
        return Ok(call(&name, vec![of.clone()]));
    }
    let message = format!("extract: {name} is not supported");
    Err(Error::parameter(message))
}

pub(super) fn part_of_text(expr: &Expr) -> Result<Expr, Error> {
    match expr {
        Expr::Substring {
            expr,
            substring_from: Some(from),
            substring_for,
            ..
        } => {
            let mut arguments = vec![(**expr).clone(), (**from).clone()];
            arguments.extend(substring_for.as_ref().map(|length| (**length).clone()));
            Ok(call("substr", arguments))
        }
        Expr::Trim {
            trim_where,
            trim_what,
            expr,
            trim_characters,
        } => {
            let name = match trim_where {
                None | Some(TrimWhereField::Both) => "trim",
                Some(TrimWhereField::Leading) => "ltrim",
                Some(TrimWhereField::Trailing) => "rtrim",
            };
            let mut arguments = vec![(**expr).clone()];
            arguments.extend(trim_what.as_ref().map(|what| (**what).clone()));
            arguments.extend(trim_characters.iter().flatten().cloned());
            Ok(call(name, arguments))
        }
        other => Err(unsupported(other)),
    }
}

pub(super) fn subscripts(root: Expr, chain: &[AccessExpr]) -> Result<Expr, Error> {
    let mut value = root;
    for access in chain {
        value = match access {
            AccessExpr::Subscript(Subscript::Index { index }) => {
                call("#subscript", vec![value, index.clone()])
            }
            _ => return Err(unsupported(&value)),
        };
    }
    Ok(value)
}
