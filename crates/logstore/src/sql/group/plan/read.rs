//! Small things that an expression may be.

use sqlparser::ast::Expr;

use crate::sql::dialect::build::arguments;
use crate::sql::dialect::name_of;

pub(super) fn without_parentheses(expr: &Expr) -> &Expr {
    match expr {
        Expr::Nested(inner) => without_parentheses(inner),
        other => other,
    }
}

/// The argument of `from_unixtime`.
pub(super) fn from_seconds(expr: &Expr) -> &Expr {
    let Expr::Function(function) = expr else {
        return expr;
    };
    let name = name_of(&function.name).unwrap_or_default();
    match arguments(function).as_deref() {
        Some([seconds]) if name.eq_ignore_ascii_case("from_unixtime") => seconds,
        _ => expr,
    }
}

/// Seconds of which a unit of `date_trunc` is a multiple, in UTC.
pub(super) fn seconds_of(unit: &str) -> Option<i64> {
    Some(match &*unit.to_ascii_lowercase() {
        "second" => 1,
        "minute" => 60,
        "hour" => 3600,
        "day" | "week" | "month" | "quarter" | "year" => 86_400,
        _ => return None,
    })
}

pub(super) fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { gcd(b, a % b) }
}
