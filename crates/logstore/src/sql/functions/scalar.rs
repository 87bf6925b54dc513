//! Functions of single values.

use regex::Regex;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Error, Result};

use crate::sql::number::java_double;

/// The functions of this module and of [`super::time`].
pub(super) const NAMES: [&str; 37] = [
    "concat",
    "round",
    "truncate",
    "ceil",
    "ceiling",
    "floor",
    "mod",
    "pow",
    "power",
    "sqrt",
    "cbrt",
    "exp",
    "ln",
    "log2",
    "log10",
    "greatest",
    "least",
    "strpos",
    "split_part",
    "reverse",
    "starts_with",
    "ends_with",
    "regexp_like",
    "regexp_extract",
    "regexp_replace",
    "from_unixtime",
    "to_unixtime",
    "date_trunc",
    "date_format",
    "year",
    "month",
    "day",
    "hour",
    "minute",
    "second",
    "day_of_week",
    "day_of_year",
];

/// The longest text that a function makes.
const LONGEST: usize = 1 << 20;

type Scalar = fn(&Context<'_>) -> Result<Value>;
type Real = fn(f64) -> f64;

pub(super) fn register(connection: &Connection) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    let scalar: [(&str, i32, Scalar); 22] = [
        ("concat", -1, concat),
        ("round", 1, round),
        ("round", 2, round),
        ("truncate", 1, |ctx| map_real(ctx, f64::trunc)),
        ("ceil", 1, |ctx| map_real(ctx, f64::ceil)),
        ("ceiling", 1, |ctx| map_real(ctx, f64::ceil)),
        ("floor", 1, |ctx| map_real(ctx, f64::floor)),
        ("mod", 2, modulo),
        ("pow", 2, power),
        ("power", 2, power),
        ("greatest", -1, |ctx| extreme(ctx, true)),
        ("least", -1, |ctx| extreme(ctx, false)),
        ("strpos", 2, |ctx| Ok(strpos(ctx))),
        ("split_part", 3, split_part),
        ("reverse", 1, |ctx| {
            Ok(map_text(ctx, |text| text.chars().rev().collect()))
        }),
        ("starts_with", 2, |ctx| {
            Ok(compare_texts(ctx, |text, part| text.starts_with(part)))
        }),
        ("ends_with", 2, |ctx| {
            Ok(compare_texts(ctx, |text, part| text.ends_with(part)))
        }),
        ("regexp_like", 2, regexp_like),
        ("regexp_extract", 2, regexp_extract),
        ("regexp_extract", 3, regexp_extract),
        ("regexp_replace", 2, regexp_replace),
        ("regexp_replace", 3, regexp_replace),
    ];
    for (name, arguments, function) in scalar {
        connection.create_scalar_function(name, arguments, flags, function)?;
    }
    let real: [(&str, Real); 6] = [
        ("sqrt", f64::sqrt),
        ("cbrt", f64::cbrt),
        ("exp", f64::exp),
        ("ln", f64::ln),
        ("log2", f64::log2),
        ("log10", f64::log10),
    ];
    for (name, function) in real {
        connection.create_scalar_function(name, 1, flags, move |ctx| {
            Ok(real_of(ctx.get_raw(0))?.map(function))
        })?;
    }
    Ok(())
}

fn wrong(message: impl Into<String>) -> Error {
    Error::UserFunctionError(message.into().into())
}

#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "asked for as a double"
)]
fn real_of(value: ValueRef<'_>) -> Result<Option<f64>> {
    match value {
        ValueRef::Null => Ok(None),
        ValueRef::Integer(value) => Ok(Some(value as f64)),
        ValueRef::Real(value) => Ok(Some(value)),
        ValueRef::Text(_) | ValueRef::Blob(_) => Err(wrong("a number is needed, not a text")),
    }
}

/// A value as text, as the service would print it; `None` for NULL.
pub(super) fn text_of(value: ValueRef<'_>) -> Option<String> {
    match value {
        ValueRef::Null => None,
        ValueRef::Integer(value) => Some(value.to_string()),
        ValueRef::Real(value) => Some(java_double(value)),
        ValueRef::Text(octets) | ValueRef::Blob(octets) => {
            Some(String::from_utf8_lossy(octets).into_owned())
        }
    }
}

fn text(ctx: &Context<'_>, at: usize) -> Option<String> {
    text_of(ctx.get_raw(at))
}

fn concat(ctx: &Context<'_>) -> Result<Value> {
    let mut all = String::new();
    for at in 0..ctx.len() {
        let Some(part) = text(ctx, at) else {
            return Ok(Value::Null);
        };
        all.push_str(&part);
        if all.len() > LONGEST {
            return Err(wrong("concat: the text is too long"));
        }
    }
    Ok(Value::Text(all))
}

/// An integer stays one.
fn map_real(ctx: &Context<'_>, function: fn(f64) -> f64) -> Result<Value> {
    match ctx.get_raw(0) {
        ValueRef::Integer(value) => Ok(Value::Integer(value)),
        value => Ok(real_of(value)?.map_or(Value::Null, |value| Value::Real(function(value)))),
    }
}

fn round(ctx: &Context<'_>) -> Result<Value> {
    let digits = if ctx.len() > 1 {
        ctx.get::<Option<i32>>(1)?
    } else {
        Some(0)
    };
    let Some(digits) = digits else {
        return Ok(Value::Null);
    };
    match ctx.get_raw(0) {
        ValueRef::Integer(value) if digits >= 0 => Ok(Value::Integer(value)),
        value => {
            let scale = 10_f64.powi(digits.clamp(-300, 300));
            let rounded = |value: f64| {
                let scaled = value * scale;
                if scaled.is_finite() {
                    scaled.round() / scale
                } else {
                    value
                }
            };
            Ok(real_of(value)?.map_or(Value::Null, |value| Value::Real(rounded(value))))
        }
    }
}

fn modulo(ctx: &Context<'_>) -> Result<Value> {
    if let (ValueRef::Integer(a), ValueRef::Integer(b)) = (ctx.get_raw(0), ctx.get_raw(1)) {
        return Ok(a.checked_rem(b).map_or(Value::Null, Value::Integer));
    }
    let (a, b) = (real_of(ctx.get_raw(0))?, real_of(ctx.get_raw(1))?);
    Ok(a.zip(b).map_or(Value::Null, |(a, b)| Value::Real(a % b)))
}

fn power(ctx: &Context<'_>) -> Result<Value> {
    let (a, b) = (real_of(ctx.get_raw(0))?, real_of(ctx.get_raw(1))?);
    Ok(a.zip(b)
        .map_or(Value::Null, |(a, b)| Value::Real(a.powf(b))))
}

fn extreme(ctx: &Context<'_>, greatest: bool) -> Result<Value> {
    let mut best: Option<Value> = None;
    for at in 0..ctx.len() {
        let value = Value::try_from(ctx.get_raw(at)).map_err(|error| wrong(error.to_string()))?;
        if value == Value::Null {
            return Ok(Value::Null);
        }
        let better = match &best {
            None => true,
            Some(best) => {
                let order = super::aggregate::order(&value, best);
                if greatest {
                    order.is_gt()
                } else {
                    order.is_lt()
                }
            }
        };
        if better {
            best = Some(value);
        }
    }
    Ok(best.unwrap_or(Value::Null))
}

fn map_text(ctx: &Context<'_>, function: fn(&str) -> String) -> Value {
    text(ctx, 0).map_or(Value::Null, |text| Value::Text(function(&text)))
}

fn compare_texts(ctx: &Context<'_>, function: fn(&str, &str) -> bool) -> Value {
    let both = text(ctx, 0).zip(text(ctx, 1));
    both.map_or(Value::Null, |(a, b)| {
        Value::Integer(i64::from(function(&a, &b)))
    })
}

/// The place of a part in characters, from 1; 0 when it is not there.
fn strpos(ctx: &Context<'_>) -> Value {
    let Some((text, part)) = text(ctx, 0).zip(text(ctx, 1)) else {
        return Value::Null;
    };
    let place = text.find(&part).map_or(0, |at| {
        let before = text.get(..at).unwrap_or_default().chars().count();
        i64::try_from(before).unwrap_or(i64::MAX).saturating_add(1)
    });
    Value::Integer(place)
}

fn split_part(ctx: &Context<'_>) -> Result<Value> {
    let Some((text, delimiter)) = text(ctx, 0).zip(text(ctx, 1)) else {
        return Ok(Value::Null);
    };
    let place = ctx
        .get::<Option<i64>>(2)?
        .map(|place| usize::try_from(place - 1));
    match place {
        None => Ok(Value::Null),
        Some(Err(_)) => Err(wrong("split_part: places count from 1")),
        Some(Ok(place)) => {
            let part = text.split(&*delimiter).nth(place);
            Ok(part.map_or(Value::Null, |part| Value::Text(part.to_owned())))
        }
    }
}

/// The pattern of argument 1, compiled once for a statement.
fn pattern(ctx: &Context<'_>) -> Result<std::sync::Arc<Regex>> {
    ctx.get_or_create_aux(
        1,
        |value: ValueRef<'_>| -> std::result::Result<_, regex::Error> {
            regex::RegexBuilder::new(value.as_str().unwrap_or_default())
                .size_limit(1 << 20)
                .build()
        },
    )
}

fn regexp_like(ctx: &Context<'_>) -> Result<Value> {
    let Some(text) = text(ctx, 0).filter(|_| ctx.get_raw(1) != ValueRef::Null) else {
        return Ok(Value::Null);
    };
    Ok(Value::Integer(i64::from(pattern(ctx)?.is_match(&text))))
}

fn regexp_extract(ctx: &Context<'_>) -> Result<Value> {
    let Some(text) = text(ctx, 0).filter(|_| ctx.get_raw(1) != ValueRef::Null) else {
        return Ok(Value::Null);
    };
    let group = if ctx.len() > 2 { ctx.get::<i64>(2)? } else { 0 };
    let pattern = pattern(ctx)?;
    let found = pattern.captures(&text);
    let part = found.and_then(|found| found.get(usize::try_from(group).ok()?));
    Ok(part.map_or(Value::Null, |part| Value::Text(part.as_str().to_owned())))
}

fn regexp_replace(ctx: &Context<'_>) -> Result<Value> {
    let Some(text) = text(ctx, 0).filter(|_| ctx.get_raw(1) != ValueRef::Null) else {
        return Ok(Value::Null);
    };
    let replacement = if ctx.len() > 2 {
        self::text(ctx, 2).unwrap_or_default()
    } else {
        String::new()
    };
    let replaced = pattern(ctx)?.replace_all(&text, &*replacement).into_owned();
    if replaced.len() > LONGEST {
        return Err(wrong("regexp_replace: the text is too long"));
    }
    Ok(Value::Text(replaced))
}
