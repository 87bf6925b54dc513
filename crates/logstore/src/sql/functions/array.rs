//! Arrays and maps.

use std::collections::BTreeSet;

use rusqlite::Result;
use rusqlite::functions::Context;
use rusqlite::types::Value;
use serde_json::Value as Json;

use super::json::{self, array, element, key, printed};
use super::value::{Scalar, int, integer, or_null, order, scalar, text, truth, wrong};

pub(super) const SCALARS: &[Scalar] = &[
    scalar("#array", &[-1], make),
    scalar("#subscript", &[2], |ctx| at(ctx, true)),
    scalar("#json", &[1], |ctx| {
        Ok(or_null(json::json(ctx, 0)?, |json| json::print(&json)))
    }),
    scalar("element_at", &[2], |ctx| at(ctx, false)),
    scalar("cardinality", &[1], cardinality),
    scalar("contains", &[2], contains),
    scalar("array_position", &[2], array_position),
    scalar("array_distinct", &[1], |ctx| changed(ctx, distinct)),
    scalar("array_sort", &[1], |ctx| changed(ctx, sorted)),
    scalar("array_max", &[1], |ctx| extreme(ctx, true)),
    scalar("array_min", &[1], |ctx| extreme(ctx, false)),
    scalar("array_join", &[2, 3], array_join),
    scalar("array_remove", &[2], array_remove),
    scalar("array_union", &[2], |ctx| {
        two(ctx, |a, b| distinct([a, b].concat()))
    }),
    scalar("array_intersect", &[2], |ctx| {
        two(ctx, |a, b| only(a, &b, true))
    }),
    scalar("array_except", &[2], |ctx| {
        two(ctx, |a, b| only(a, &b, false))
    }),
    scalar("slice", &[3], slice),
    scalar("sequence", &[2, 3], sequence),
    scalar("flatten", &[1], flatten),
    scalar("map", &[0, 2], map),
    scalar("map_keys", &[1], |ctx| of_map(ctx, |key, _| key.into())),
    scalar("map_values", &[1], |ctx| {
        of_map(ctx, |_, value| value.clone())
    }),
];

/// The most elements of a sequence.
const MOST_ELEMENTS: i64 = 100_000;

fn make(ctx: &Context<'_>) -> Result<Value> {
    let elements = (0..ctx.len()).map(|at| element(ctx.get_raw(at)));
    printed("array", &elements.collect())
}

/// The element at a place, which counts from 1, or of a key.
fn at(ctx: &Context<'_>, strict: bool) -> Result<Value> {
    match json::json(ctx, 0)? {
        None => Ok(Value::Null),
        Some(Json::Object(map)) => {
            let key = key(ctx.get_raw(1));
            match map.get(&key) {
                Some(found) => Ok(json::value(found)),
                None if strict => Err(wrong(format!("the map does not have the key {key}"))),
                None => Ok(Value::Null),
            }
        }
        Some(Json::Array(array)) => {
            let Some(place) = int(ctx, 1)? else {
                return Ok(Value::Null);
            };
            let count = i64::try_from(array.len()).unwrap_or(i64::MAX);
            let from = if place < 0 && !strict {
                count.saturating_add(place)
            } else {
                place.saturating_sub(1)
            };
            let found = usize::try_from(from).ok().and_then(|at| array.get(at));
            match found {
                Some(found) => Ok(json::value(found)),
                None if strict => Err(wrong(format!(
                    "places of an array count from 1; {place} is not among {count}"
                ))),
                None => Ok(Value::Null),
            }
        }
        Some(_) => Err(wrong("an array or a map is needed")),
    }
}

fn cardinality(ctx: &Context<'_>) -> Result<Value> {
    match json::json(ctx, 0)? {
        None => Ok(Value::Null),
        Some(Json::Object(map)) => Ok(integer(map.len())),
        Some(Json::Array(array)) => Ok(integer(array.len())),
        Some(_) => Err(wrong("cardinality: an array or a map is needed")),
    }
}

/// Whether an element is there.
pub(super) fn contains(ctx: &Context<'_>) -> Result<Value> {
    Ok(or_null(array(ctx, 0)?, |array| {
        truth(array.contains(&element(ctx.get_raw(1))))
    }))
}

fn array_position(ctx: &Context<'_>) -> Result<Value> {
    Ok(or_null(array(ctx, 0)?, |array| {
        let wanted = element(ctx.get_raw(1));
        let place = array.iter().position(|item| *item == wanted);
        integer(place.map_or(0, |at| at + 1))
    }))
}

fn changed(ctx: &Context<'_>, change: fn(Vec<Json>) -> Vec<Json>) -> Result<Value> {
    match array(ctx, 0)? {
        None => Ok(Value::Null),
        Some(array) => printed("array", &Json::Array(change(array))),
    }
}

fn two(ctx: &Context<'_>, function: fn(Vec<Json>, Vec<Json>) -> Vec<Json>) -> Result<Value> {
    match array(ctx, 0)?.zip(array(ctx, 1)?) {
        None => Ok(Value::Null),
        Some((a, b)) => printed("array", &Json::Array(function(a, b))),
    }
}

fn distinct(array: Vec<Json>) -> Vec<Json> {
    let mut seen = BTreeSet::new();
    let new = |item: &Json| seen.insert(item.to_string());
    array.into_iter().filter(new).collect()
}

/// The elements that the other has, or those that it lacks.
fn only(array: Vec<Json>, other: &[Json], there: bool) -> Vec<Json> {
    let other: BTreeSet<String> = other.iter().map(Json::to_string).collect();
    let mut array = distinct(array);
    array.retain(|item| other.contains(&item.to_string()) == there);
    array
}

/// NULL is last.
fn sorted(mut array: Vec<Json>) -> Vec<Json> {
    array.sort_by(|a, b| {
        let nulls = a.is_null().cmp(&b.is_null());
        nulls.then_with(|| order(&json::value(a), &json::value(b)))
    });
    array
}

fn extreme(ctx: &Context<'_>, greatest: bool) -> Result<Value> {
    let Some(array) = array(ctx, 0)? else {
        return Ok(Value::Null);
    };
    let values = array.iter().map(json::value);
    let best = if greatest {
        values.max_by(order)
    } else {
        values.min_by(order)
    };
    Ok(best
        .filter(|_| !array.contains(&Json::Null))
        .unwrap_or(Value::Null))
}

/// NULL is left out, or written as the third argument.
fn array_join(ctx: &Context<'_>) -> Result<Value> {
    let Some((array, between)) = array(ctx, 0)?.zip(text(ctx, 1)) else {
        return Ok(Value::Null);
    };
    let null = if ctx.len() > 2 { text(ctx, 2) } else { None };
    let parts: Vec<String> = array
        .iter()
        .filter_map(|item| match item {
            Json::Null => null.clone(),
            Json::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        })
        .collect();
    let octets: usize = parts.iter().map(|part| part.len() + between.len()).sum();
    if octets > super::value::LONGEST {
        return Err(wrong("array_join: the text is too long"));
    }
    Ok(Value::Text(parts.join(&between)))
}

fn array_remove(ctx: &Context<'_>) -> Result<Value> {
    let Some(mut array) = array(ctx, 0)? else {
        return Ok(Value::Null);
    };
    let unwanted = element(ctx.get_raw(1));
    array.retain(|item| *item != unwanted);
    printed("array_remove", &Json::Array(array))
}

/// So many elements from a place on, which counts from 1, or from the end when it is negative.
fn slice(ctx: &Context<'_>) -> Result<Value> {
    let (Some(array), Some(from), Some(count)) = (array(ctx, 0)?, int(ctx, 1)?, int(ctx, 2)?)
    else {
        return Ok(Value::Null);
    };
    let size = i64::try_from(array.len()).unwrap_or(i64::MAX);
    let skip = if from < 0 {
        size.saturating_add(from)
    } else {
        from.saturating_sub(1)
    };
    let (Ok(skip), Ok(count)) = (usize::try_from(skip), usize::try_from(count)) else {
        return Err(wrong("slice: places count from 1 and lengths from 0"));
    };
    printed("slice", &array.into_iter().skip(skip).take(count).collect())
}

fn sequence(ctx: &Context<'_>) -> Result<Value> {
    let step = if ctx.len() > 2 { int(ctx, 2)? } else { None };
    let Some((from, to)) = int(ctx, 0)?.zip(int(ctx, 1)?) else {
        return Ok(Value::Null);
    };
    let step = step.unwrap_or(if from <= to { 1 } else { -1 });
    let steps = to
        .checked_sub(from)
        .and_then(|length| length.checked_div(step));
    let steps = steps.filter(|steps| (0..MOST_ELEMENTS).contains(steps));
    let steps = steps.ok_or_else(|| {
        wrong(format!(
            "sequence: the step must lead to the end, in {MOST_ELEMENTS} elements"
        ))
    })?;
    let elements = (0..=steps).map(|n| Json::from(from.saturating_add(n.saturating_mul(step))));
    printed("sequence", &elements.collect())
}

fn flatten(ctx: &Context<'_>) -> Result<Value> {
    let flat = |array: Vec<Json>| {
        let inner = array.into_iter().map(|item| match item {
            Json::Array(inner) => inner,
            other => vec![other],
        });
        inner.flatten().collect()
    };
    changed(ctx, flat)
}

/// `map(keys, values)`
fn map(ctx: &Context<'_>) -> Result<Value> {
    if ctx.is_empty() {
        return Ok(Value::Text("{}".to_owned()));
    }
    let Some((keys, values)) = array(ctx, 0)?.zip(array(ctx, 1)?) else {
        return Ok(Value::Null);
    };
    if keys.len() != values.len() {
        return Err(wrong("map: there must be as many keys as values"));
    }
    let name = |key: Json| match key {
        Json::String(text) => text,
        other => other.to_string(),
    };
    let pairs = keys.into_iter().map(name).zip(values);
    printed("map", &Json::Object(pairs.collect()))
}

fn of_map(ctx: &Context<'_>, part: fn(&str, &Json) -> Json) -> Result<Value> {
    match json::json(ctx, 0)? {
        None => Ok(Value::Null),
        Some(Json::Object(map)) => {
            let parts = map.iter().map(|(key, value)| part(key, value));
            printed("map", &parts.collect())
        }
        Some(_) => Err(wrong("a map is needed")),
    }
}
