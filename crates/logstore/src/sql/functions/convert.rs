//! From one type to another.

use rusqlite::Result;
use rusqlite::functions::Context;
use rusqlite::types::{Value, ValueRef};

use super::time;
use super::value::{
    Scalar, int, or_null, owned, scalar, text, text_of, to_int, to_real, truth, wrong,
};

pub(super) const SCALARS: &[Scalar] = &[
    scalar("#bigint", &[1], bigint),
    scalar("#double", &[1], double),
    scalar("#varchar", &[1], |ctx| {
        Ok(or_null(text(ctx, 0), Value::Text))
    }),
    scalar("#truth", &[1], |ctx| {
        Ok(or_null(int(ctx, 0)?, |value| {
            Value::Text((value != 0).to_string())
        }))
    }),
    scalar("#boolean", &[1], boolean),
    scalar("#timestamp", &[1], time::cast_timestamp),
    scalar("#date", &[1], time::cast_date),
    scalar("#try", &[1], |ctx| owned(ctx, 0)),
    scalar("typeof", &[1], |ctx| Ok(type_of(ctx))),
    scalar("format_data_size", &[1], format_data_size),
    scalar("parse_data_size", &[1], parse_data_size),
    scalar("format_duration", &[1], format_duration),
];

fn cannot(value: ValueRef<'_>, to: &str) -> rusqlite::Error {
    let text = text_of(value).unwrap_or_default();
    let text: String = text.chars().take(50).collect();
    wrong(format!(
        "cannot cast '{text}' to {to}; use try_cast for NULL instead"
    ))
}

fn bigint(ctx: &Context<'_>) -> Result<Value> {
    let value = ctx.get_raw(0);
    let number = match value {
        ValueRef::Null => return Ok(Value::Null),
        ValueRef::Integer(value) => Some(value),
        ValueRef::Real(real) if real.abs() < 9.3e18 => Some(to_int(real.round())),
        ValueRef::Text(octets) => std::str::from_utf8(octets)
            .ok()
            .and_then(|text| text.trim().parse().ok()),
        ValueRef::Real(_) | ValueRef::Blob(_) => None,
    };
    number
        .map(Value::Integer)
        .ok_or_else(|| cannot(value, "bigint"))
}

fn double(ctx: &Context<'_>) -> Result<Value> {
    let value = ctx.get_raw(0);
    let number = match value {
        ValueRef::Null => return Ok(Value::Null),
        ValueRef::Integer(value) => Some(to_real(value)),
        ValueRef::Real(value) => Some(value),
        ValueRef::Text(octets) => std::str::from_utf8(octets)
            .ok()
            .and_then(|text| text.trim().parse().ok()),
        ValueRef::Blob(_) => None,
    };
    number
        .map(Value::Real)
        .ok_or_else(|| cannot(value, "double"))
}

fn boolean(ctx: &Context<'_>) -> Result<Value> {
    let value = ctx.get_raw(0);
    let known = match value {
        ValueRef::Null => return Ok(Value::Null),
        ValueRef::Integer(value) => Some(value != 0),
        ValueRef::Real(value) => Some(value != 0.0),
        ValueRef::Text(_) | ValueRef::Blob(_) => {
            match &*text_of(value).unwrap_or_default().to_ascii_lowercase() {
                "true" | "t" | "1" => Some(true),
                "false" | "f" | "0" => Some(false),
                _ => None,
            }
        }
    };
    known.map(truth).ok_or_else(|| cannot(value, "boolean"))
}

fn type_of(ctx: &Context<'_>) -> Value {
    let name = match ctx.get_raw(0) {
        ValueRef::Null => "unknown",
        ValueRef::Integer(_) => "bigint",
        ValueRef::Real(_) => "double",
        ValueRef::Text(_) => "varchar",
        ValueRef::Blob(_) => "varbinary",
    };
    Value::Text(name.to_owned())
}

/// Names of 1024, 1024², and so on.
const UNITS: [&str; 9] = ["B", "KB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"];

fn format_data_size(ctx: &Context<'_>) -> Result<Value> {
    let Some(mut size) = super::value::real(ctx, 0)? else {
        return Ok(Value::Null);
    };
    let mut unit = 0;
    while size.abs() >= 1024.0 && unit + 1 < UNITS.len() {
        size /= 1024.0;
        unit += 1;
    }
    let name = UNITS.get(unit).copied().unwrap_or_default();
    let size = (size * 100.0).round() / 100.0;
    Ok(Value::Text(format!("{size}{name}")))
}

fn parse_data_size(ctx: &Context<'_>) -> Result<Value> {
    let Some(text) = text(ctx, 0) else {
        return Ok(Value::Null);
    };
    let written = text.trim().to_ascii_uppercase();
    let at = written.find(|c: char| c.is_ascii_alphabetic());
    let (count, unit) = written.split_at(at.unwrap_or(written.len()));
    let power = UNITS
        .iter()
        .position(|name| *name == unit)
        .or(unit.is_empty().then_some(0));
    let power = power.and_then(|power| i32::try_from(power).ok());
    let count: Option<f64> = count.trim().parse().ok();
    let size = count
        .zip(power)
        .map(|(count, power)| count * 1024_f64.powi(power));
    size.map(Value::Real)
        .ok_or_else(|| wrong(format!("parse_data_size: '{text}' is no size; write 2.3GB")))
}

fn format_duration(ctx: &Context<'_>) -> Result<Value> {
    let Some(seconds) = super::value::real(ctx, 0)? else {
        return Ok(Value::Null);
    };
    let whole = to_int(seconds);
    let (days, rest) = (whole / 86_400, whole % 86_400);
    let parts = [
        (days, "day"),
        (rest / 3600, "hour"),
        (rest / 60 % 60, "minute"),
        (rest % 60, "second"),
    ];
    let said = parts
        .iter()
        .filter(|(count, _)| *count != 0)
        .map(|(count, name)| {
            let many = if count.abs() == 1 { "" } else { "s" };
            format!("{count} {name}{many}")
        });
    let said: Vec<String> = said.collect();
    Ok(Value::Text(if said.is_empty() {
        "0 seconds".to_owned()
    } else {
        said.join(", ")
    }))
}
