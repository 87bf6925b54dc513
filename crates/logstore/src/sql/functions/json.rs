//! JSON, and what is kept as JSON here: arrays and maps.

use rusqlite::Result;
use rusqlite::functions::Context;
use rusqlite::types::{Value, ValueRef};
use serde_json::Value as Json;

use super::value::{LONGEST, Scalar, integer, or_null, scalar, text, text_of, truth, wrong};

pub(super) const SCALARS: &[Scalar] = &[
    scalar("json_extract", &[2], |ctx| {
        extract(ctx, |found| Some(print(found)))
    }),
    scalar("json_extract_scalar", &[2], |ctx| extract(ctx, one)),
    scalar("json_extract_long", &[2], |ctx| {
        extract(ctx, |found| found.as_i64().map(Value::Integer))
    }),
    scalar("json_extract_double", &[2], |ctx| {
        extract(ctx, |found| found.as_f64().map(Value::Real))
    }),
    scalar("json_extract_bool", &[2], |ctx| {
        extract(ctx, |found| found.as_bool().map(truth))
    }),
    scalar("json_size", &[2], |ctx| {
        extract(ctx, |found| Some(size(found)))
    }),
    scalar("json_parse", &[1], |ctx| map(ctx, |json| Ok(print(&json)))),
    scalar("json_format", &[1], |ctx| map(ctx, |json| Ok(print(&json)))),
    scalar("json_array_length", &[1], |ctx| {
        map(ctx, |json| Ok(size(&json)))
    }),
    scalar("json_array_get", &[2], json_array_get),
    scalar("json_array_contains", &[2], super::array::contains),
    scalar("is_json_scalar", &[1], |ctx| {
        map(ctx, |json| {
            Ok(truth(!(json.is_array() || json.is_object())))
        })
    }),
];

/// The deepest place that a path leads to.
const DEEPEST: usize = 64;

/// JSON as text.
pub(super) fn print(json: &Json) -> Value {
    Value::Text(json.to_string())
}

/// JSON as text, if it is not too long.
pub(super) fn printed(name: &str, json: &Json) -> Result<Value> {
    super::value::bounded(name, json.to_string())
}

/// What an element is in SQL.
pub(super) fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => truth(*value),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(value), _) => Value::Integer(value),
            (None, Some(value)) => Value::Real(value),
            (None, None) => Value::Null,
        },
        Json::String(text) => Value::Text(text.clone()),
        Json::Array(_) | Json::Object(_) => print(json),
    }
}

/// A value as an element. What looks like an array or a map is one: that is how they are kept.
pub(super) fn element(value: ValueRef<'_>) -> Json {
    match value {
        ValueRef::Null => Json::Null,
        ValueRef::Integer(value) => value.into(),
        ValueRef::Real(value) => serde_json::Number::from_f64(value).into(),
        ValueRef::Text(_) | ValueRef::Blob(_) => {
            let text = text_of(value).unwrap_or_default();
            let nested = text
                .starts_with(['[', '{'])
                .then(|| serde_json::from_str(&text).ok());
            nested.flatten().unwrap_or(Json::String(text))
        }
    }
}

/// A value as the key of a map.
pub(super) fn key(value: ValueRef<'_>) -> String {
    text_of(value).unwrap_or_else(|| "null".to_owned())
}

/// A text as an array.
pub(super) fn array_of(text: &str) -> Option<Vec<Json>> {
    match serde_json::from_str(text) {
        Ok(Json::Array(array)) => Some(array),
        _ => None,
    }
}

/// An argument as an array; `None` for NULL.
pub(super) fn array(ctx: &Context<'_>, at: usize) -> Result<Option<Vec<Json>>> {
    let Some(text) = text(ctx, at) else {
        return Ok(None);
    };
    array_of(&text)
        .map(Some)
        .ok_or_else(|| wrong(format!("an array is needed, not '{}'", short(&text))))
}

/// An argument as JSON; `None` for NULL.
pub(super) fn json(ctx: &Context<'_>, at: usize) -> Result<Option<Json>> {
    let Some(text) = text(ctx, at) else {
        return Ok(None);
    };
    serde_json::from_str(&text)
        .map(Some)
        .map_err(|_| wrong(format!("'{}' is no JSON", short(&text))))
}

fn short(text: &str) -> String {
    text.chars().take(50).collect()
}

fn map(ctx: &Context<'_>, function: fn(Json) -> Result<Value>) -> Result<Value> {
    json(ctx, 0)?.map_or(Ok(Value::Null), function)
}

fn size(json: &Json) -> Value {
    integer(match json {
        Json::Array(array) => array.len(),
        Json::Object(map) => map.len(),
        _ => 0,
    })
}

fn one(found: &Json) -> Option<Value> {
    match found {
        Json::Array(_) | Json::Object(_) | Json::Null => None,
        Json::Bool(value) => Some(Value::Text(value.to_string())),
        Json::String(text) => Some(Value::Text(text.clone())),
        Json::Number(number) => Some(Value::Text(number.to_string())),
    }
}

/// What stands at a path; a text that is no JSON has nothing there.
fn extract(ctx: &Context<'_>, of: fn(&Json) -> Option<Value>) -> Result<Value> {
    let Some((text, path)) = text(ctx, 0).zip(text(ctx, 1)) else {
        return Ok(Value::Null);
    };
    if text.len() > LONGEST {
        return Err(wrong("json_extract: the text is too long"));
    }
    let steps = steps(&path).ok_or_else(|| {
        wrong(format!(
            "'{path}' is no path; write $.key[0] or $[\"a key\"]"
        ))
    })?;
    let Ok(json) = serde_json::from_str::<Json>(&text) else {
        return Ok(Value::Null);
    };
    let found = steps.iter().try_fold(&json, |json, step| match json {
        Json::Array(array) => array.get(step.parse::<usize>().ok()?),
        Json::Object(map) => map.get(step),
        _ => None,
    });
    Ok(or_null(found.and_then(of), |value| value))
}

/// `$.a.b[0]["c d"]` as a, b, 0, c d.
pub(super) fn steps(path: &str) -> Option<Vec<String>> {
    let mut left = path.trim().strip_prefix('$').unwrap_or(path.trim());
    let mut steps = Vec::new();
    while !left.is_empty() {
        let step;
        if let Some(inside) = left.strip_prefix('[') {
            let quote = inside.chars().next().filter(|c| matches!(c, '"' | '\''));
            let (open, close) = match quote {
                Some(quote) => (inside.get(1..)?, format!("{quote}]")),
                None => (inside, "]".to_owned()),
            };
            (step, left) = open.split_once(&*close)?;
        } else {
            let inside = left.strip_prefix('.').unwrap_or(left);
            let end = inside.find(['.', '[']).unwrap_or(inside.len());
            (step, left) = inside.split_at(end);
        }
        if step.is_empty() || steps.len() >= DEEPEST {
            return None;
        }
        steps.push(step.to_owned());
    }
    Some(steps)
}

/// The element at a place, which counts from 0, or from the end when it is negative.
fn json_array_get(ctx: &Context<'_>) -> Result<Value> {
    let (array, at) = (array(ctx, 0)?, super::value::int(ctx, 1)?);
    let Some((array, at)) = array.zip(at) else {
        return Ok(Value::Null);
    };
    let count = i64::try_from(array.len()).unwrap_or(i64::MAX);
    let at = if at < 0 { count.saturating_add(at) } else { at };
    let found = usize::try_from(at).ok().and_then(|at| array.get(at));
    Ok(or_null(found, value))
}
