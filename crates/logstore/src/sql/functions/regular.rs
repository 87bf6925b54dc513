//! Regular expressions.

use std::sync::Arc;

use regex::Regex;
use rusqlite::Result;
use rusqlite::functions::Context;
use rusqlite::types::{Value, ValueRef};

use super::json;
use super::value::{LONGEST, Scalar, int, integer, or_null, scalar, text, truth, wrong};

pub(super) const SCALARS: &[Scalar] = &[
    scalar("regexp_like", &[2], like),
    scalar("regexp_extract", &[2, 3], extract),
    scalar("regexp_extract_all", &[2, 3], extract_all),
    scalar("regexp_replace", &[2, 3], replace),
    scalar("regexp_count", &[2], count),
    scalar("regexp_split", &[2], split),
];

/// The most matches of which a list is made.
const MOST_MATCHES: usize = 10_000;

/// The pattern of argument 1, compiled once for a statement.
fn pattern(ctx: &Context<'_>) -> Result<Arc<Regex>> {
    ctx.get_or_create_aux(
        1,
        |value: ValueRef<'_>| -> std::result::Result<_, regex::Error> {
            regex::RegexBuilder::new(value.as_str().unwrap_or_default())
                .size_limit(1 << 20)
                .build()
        },
    )
}

/// Text and pattern; `None` when either is NULL.
fn both(ctx: &Context<'_>) -> Result<Option<(String, Arc<Regex>)>> {
    match text(ctx, 0).filter(|_| ctx.get_raw(1) != ValueRef::Null) {
        None => Ok(None),
        Some(text) => Ok(Some((text, pattern(ctx)?))),
    }
}

fn like(ctx: &Context<'_>) -> Result<Value> {
    Ok(or_null(both(ctx)?, |(text, pattern)| {
        truth(pattern.is_match(&text))
    }))
}

/// The group of argument 2, which the pattern must have; 0, the whole match, without one.
fn group(ctx: &Context<'_>, pattern: &Regex) -> Result<usize> {
    let group = if ctx.len() > 2 { int(ctx, 2)? } else { Some(0) };
    let group = group.and_then(|group| usize::try_from(group).ok());
    group
        .filter(|group| *group < pattern.captures_len())
        .ok_or_else(|| wrong("the pattern does not have so many groups"))
}

fn extract(ctx: &Context<'_>) -> Result<Value> {
    let Some((text, pattern)) = both(ctx)? else {
        return Ok(Value::Null);
    };
    let group = group(ctx, &pattern)?;
    let found = pattern.captures(&text).and_then(|found| found.get(group));
    Ok(or_null(found, |part| Value::Text(part.as_str().to_owned())))
}

fn extract_all(ctx: &Context<'_>) -> Result<Value> {
    let Some((text, pattern)) = both(ctx)? else {
        return Ok(Value::Null);
    };
    let group = group(ctx, &pattern)?;
    let all = pattern.captures_iter(&text).take(MOST_MATCHES);
    let parts =
        all.map(|found| serde_json::Value::from(found.get(group).map(|part| part.as_str())));
    json::printed("regexp_extract_all", &parts.collect())
}

/// `$1` in the replacement is the first group.
fn replace(ctx: &Context<'_>) -> Result<Value> {
    let with = if ctx.len() > 2 {
        text(ctx, 2)
    } else {
        Some(String::new())
    };
    let (Some((text, pattern)), Some(with)) = (both(ctx)?, with) else {
        return Ok(Value::Null);
    };
    let mut replaced = String::new();
    let mut behind = 0;
    for found in pattern.captures_iter(&text) {
        let Some(whole) = found.get(0) else { continue };
        replaced.push_str(text.get(behind..whole.start()).unwrap_or_default());
        found.expand(&with, &mut replaced);
        behind = whole.end();
        if replaced.len() > LONGEST {
            return Err(wrong("regexp_replace: the text is too long"));
        }
    }
    replaced.push_str(text.get(behind..).unwrap_or_default());
    Ok(Value::Text(replaced))
}

fn count(ctx: &Context<'_>) -> Result<Value> {
    Ok(or_null(both(ctx)?, |(text, pattern)| {
        integer(pattern.find_iter(&text).count())
    }))
}

fn split(ctx: &Context<'_>) -> Result<Value> {
    let Some((text, pattern)) = both(ctx)? else {
        return Ok(Value::Null);
    };
    let parts = pattern
        .splitn(&text, MOST_MATCHES)
        .map(serde_json::Value::from);
    json::printed("regexp_split", &parts.collect())
}
