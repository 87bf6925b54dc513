//! Values as functions take and give them.

use std::cmp::Ordering;

use rusqlite::functions::Context;
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Error, Result};

use crate::sql::number::java_double;

/// The longest text that a function makes, octets.
pub(super) const LONGEST: usize = 1 << 20;

/// A function of single values.
pub(super) struct Scalar {
    pub(super) name: &'static str,
    /// How many arguments it may have; -1 for any number.
    pub(super) arguments: &'static [i32],
    pub(super) call: fn(&Context<'_>) -> Result<Value>,
}

/// A line of a table of functions.
pub(super) const fn scalar(
    name: &'static str,
    arguments: &'static [i32],
    call: fn(&Context<'_>) -> Result<Value>,
) -> Scalar {
    Scalar {
        name,
        arguments,
        call,
    }
}

/// An error of a function.
pub(super) fn wrong(message: impl Into<String>) -> Error {
    Error::UserFunctionError(message.into().into())
}

/// A text, if it is not too long.
pub(super) fn bounded(name: &str, text: String) -> Result<Value> {
    if text.len() > LONGEST {
        return Err(wrong(format!("{name}: the text is too long")));
    }
    Ok(Value::Text(text))
}

/// True or false.
pub(super) fn truth(value: bool) -> Value {
    Value::Integer(i64::from(value))
}

/// A value, or NULL.
pub(super) fn or_null<T>(value: Option<T>, of: impl FnOnce(T) -> Value) -> Value {
    value.map_or(Value::Null, of)
}

/// A count or a place.
pub(super) fn integer(count: usize) -> Value {
    Value::Integer(i64::try_from(count).unwrap_or(i64::MAX))
}

/// A value as text, as the service would print it; `None` for NULL.
pub(in crate::sql) fn text_of(value: ValueRef<'_>) -> Option<String> {
    match value {
        ValueRef::Null => None,
        ValueRef::Integer(value) => Some(value.to_string()),
        ValueRef::Real(value) => Some(java_double(value)),
        ValueRef::Text(octets) | ValueRef::Blob(octets) => {
            Some(String::from_utf8_lossy(octets).into_owned())
        }
    }
}

/// An argument as text; `None` for NULL.
pub(super) fn text(ctx: &Context<'_>, at: usize) -> Option<String> {
    text_of(ctx.get_raw(at))
}

/// An argument as octets; `None` for NULL.
pub(super) fn octets(ctx: &Context<'_>, at: usize) -> Option<Vec<u8>> {
    match ctx.get_raw(at) {
        ValueRef::Text(octets) | ValueRef::Blob(octets) => Some(octets.to_vec()),
        other => text_of(other).map(String::into_bytes),
    }
}

/// An argument as a number; `None` for NULL.
pub(super) fn real(ctx: &Context<'_>, at: usize) -> Result<Option<f64>> {
    real_of(ctx.get_raw(at))
}

/// A value as a number; `None` for NULL.
pub(super) fn real_of(value: ValueRef<'_>) -> Result<Option<f64>> {
    match value {
        ValueRef::Null => Ok(None),
        ValueRef::Integer(value) => Ok(Some(to_real(value))),
        ValueRef::Real(value) => Ok(Some(value)),
        ValueRef::Text(_) | ValueRef::Blob(_) => Err(wrong("a number is needed, not a text")),
    }
}

/// An argument as an integer; `None` for NULL.
pub(super) fn int(ctx: &Context<'_>, at: usize) -> Result<Option<i64>> {
    match ctx.get_raw(at) {
        ValueRef::Null => Ok(None),
        ValueRef::Integer(value) => Ok(Some(value)),
        ValueRef::Real(value) if value.fract() == 0.0 && value.abs() < 1e18 => {
            Ok(Some(to_int(value)))
        }
        _ => Err(wrong("an integer is needed")),
    }
}

/// An argument as a value of its own.
pub(super) fn owned(ctx: &Context<'_>, at: usize) -> Result<Value> {
    Value::try_from(ctx.get_raw(at)).map_err(|error| wrong(error.to_string()))
}

/// An integer as a double, rounded beyond 2⁵³.
#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "asked for as a double"
)]
pub(super) fn to_real(value: i64) -> f64 {
    value as f64
}

/// The integer part of a double; the nearest integer beyond 64 bits, 0 for what is no number.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "saturates"
)]
pub(super) fn to_int(value: f64) -> i64 {
    value as i64
}

/// How SQLite orders values: NULL, numbers, texts, octets.
pub(super) fn order(a: &Value, b: &Value) -> Ordering {
    let class = |value: &Value| match value {
        Value::Null => 0,
        Value::Integer(_) | Value::Real(_) => 1,
        Value::Text(_) => 2,
        Value::Blob(_) => 3,
    };
    match (a, b) {
        (Value::Integer(a), Value::Integer(b)) => a.cmp(b),
        (Value::Integer(a), Value::Real(b)) => to_real(*a).total_cmp(b),
        (Value::Real(a), Value::Integer(b)) => a.total_cmp(&to_real(*b)),
        (Value::Real(a), Value::Real(b)) => a.total_cmp(b),
        (Value::Text(a), Value::Text(b)) => a.cmp(b),
        (Value::Blob(a), Value::Blob(b)) => a.cmp(b),
        _ => class(a).cmp(&class(b)),
    }
}
