//! Texts.

use rusqlite::Result;
use rusqlite::functions::Context;
use rusqlite::types::Value;

use super::json;
use super::value::{
    LONGEST, Scalar, bounded, int, integer, octets, or_null, scalar, text, truth, wrong,
};

pub(super) const SCALARS: &[Scalar] = &[
    scalar("concat", &[-1], concat),
    scalar("length", &[1], |ctx| {
        Ok(or_null(text(ctx, 0), |text| integer(text.chars().count())))
    }),
    scalar("lower", &[1], |ctx| map(ctx, "lower", str::to_lowercase)),
    scalar("upper", &[1], |ctx| map(ctx, "upper", str::to_uppercase)),
    scalar("trim", &[1, 2], |ctx| trim(ctx, true, true)),
    scalar("ltrim", &[1, 2], |ctx| trim(ctx, true, false)),
    scalar("rtrim", &[1, 2], |ctx| trim(ctx, false, true)),
    scalar("lpad", &[3], |ctx| pad(ctx, true)),
    scalar("rpad", &[3], |ctx| pad(ctx, false)),
    scalar("replace", &[2, 3], replace),
    scalar("reverse", &[1], reverse),
    scalar("split", &[2, 3], split),
    scalar("split_part", &[3], split_part),
    scalar("split_to_map", &[3], split_to_map),
    scalar("strpos", &[2, 3], strpos),
    scalar("position", &[2], |ctx| {
        Ok(place(text(ctx, 1), text(ctx, 0), 1))
    }),
    scalar("substr", &[2, 3], substr),
    scalar("substring", &[2, 3], substr),
    scalar("starts_with", &[2], |ctx| {
        Ok(compare(ctx, |text, part| text.starts_with(part)))
    }),
    scalar("ends_with", &[2], |ctx| {
        Ok(compare(ctx, |text, part| text.ends_with(part)))
    }),
    scalar("like", &[2, 3], like),
    scalar("chr", &[1], chr),
    scalar("codepoint", &[1], codepoint),
    scalar("levenshtein_distance", &[2], |ctx| {
        distance(ctx, strsim::levenshtein)
    }),
    scalar("hamming_distance", &[2], |ctx| {
        distance(ctx, |a, b| strsim::hamming(a, b).unwrap_or(usize::MAX))
    }),
    scalar("to_utf8", &[1], |ctx| {
        Ok(or_null(octets(ctx, 0), Value::Blob))
    }),
    scalar("from_utf8", &[1], |ctx| {
        map(ctx, "from_utf8", str::to_owned)
    }),
];

/// The longest text of which a distance is told, characters: it takes the product of both.
const LONGEST_OF_DISTANCE: usize = 4096;

fn map(ctx: &Context<'_>, name: &str, function: fn(&str) -> String) -> Result<Value> {
    match text(ctx, 0) {
        None => Ok(Value::Null),
        Some(text) => bounded(name, function(&text)),
    }
}

/// Texts behind each other, or arrays.
fn concat(ctx: &Context<'_>) -> Result<Value> {
    let mut parts = Vec::with_capacity(ctx.len());
    for at in 0..ctx.len() {
        let Some(part) = text(ctx, at) else {
            return Ok(Value::Null);
        };
        parts.push(part);
    }
    if parts.iter().map(String::len).sum::<usize>() > LONGEST {
        return Err(wrong("concat: the text is too long"));
    }
    let arrays: Option<Vec<_>> = parts
        .iter()
        .map(|part| part.starts_with('[').then(|| json::array_of(part))?)
        .collect();
    match arrays.filter(|arrays| arrays.len() > 1) {
        Some(arrays) => Ok(json::print(&serde_json::Value::Array(arrays.concat()))),
        None => Ok(Value::Text(parts.concat())),
    }
}

fn trim(ctx: &Context<'_>, left: bool, right: bool) -> Result<Value> {
    let Some(whole) = text(ctx, 0) else {
        return Ok(Value::Null);
    };
    let what = if ctx.len() > 1 {
        text(ctx, 1)
    } else {
        Some(" \t\r\n\u{b}\u{c}".to_owned())
    };
    let Some(what) = what else {
        return Ok(Value::Null);
    };
    let goes = |c: char| what.contains(c);
    let mut text = whole.as_str();
    if left {
        text = text.trim_start_matches(goes);
    }
    if right {
        text = text.trim_end_matches(goes);
    }
    bounded("trim", text.to_owned())
}

/// A text of so many characters: cut, or filled with the third argument.
fn pad(ctx: &Context<'_>, left: bool) -> Result<Value> {
    let (Some(text), Some(size), Some(with)) = (text(ctx, 0), int(ctx, 1)?, text(ctx, 2)) else {
        return Ok(Value::Null);
    };
    let size = usize::try_from(size).map_err(|_| wrong("pad: the size must not be negative"))?;
    if size.saturating_mul(4) > LONGEST {
        return Err(wrong("pad: the text is too long"));
    }
    if with.is_empty() {
        return Err(wrong("pad: there is nothing to fill with"));
    }
    let have = text.chars().count();
    if have >= size {
        return Ok(Value::Text(text.chars().take(size).collect()));
    }
    let fill: String = with.chars().cycle().take(size - have).collect();
    Ok(Value::Text(if left { fill + &text } else { text + &fill }))
}

fn replace(ctx: &Context<'_>) -> Result<Value> {
    let with = if ctx.len() > 2 {
        text(ctx, 2)
    } else {
        Some(String::new())
    };
    let (Some(text), Some(part), Some(with)) = (text(ctx, 0), text(ctx, 1), with) else {
        return Ok(Value::Null);
    };
    // An empty part stands between all characters.
    let times = if part.is_empty() {
        text.chars().count() + 1
    } else {
        text.matches(&*part).count()
    };
    if times.saturating_mul(with.len()).saturating_add(text.len()) > LONGEST {
        return Err(wrong("replace: the text is too long"));
    }
    Ok(Value::Text(text.replace(&*part, &with)))
}

/// Of a text or of an array.
fn reverse(ctx: &Context<'_>) -> Result<Value> {
    let Some(text) = text(ctx, 0) else {
        return Ok(Value::Null);
    };
    if text.starts_with('[')
        && let Some(mut array) = json::array_of(&text)
    {
        array.reverse();
        return Ok(json::print(&serde_json::Value::Array(array)));
    }
    bounded("reverse", text.chars().rev().collect())
}

fn delimiter(ctx: &Context<'_>) -> Result<Option<String>> {
    match text(ctx, 1) {
        Some(delimiter) if delimiter.is_empty() => Err(wrong("split: the delimiter is empty")),
        delimiter => Ok(delimiter),
    }
}

fn split(ctx: &Context<'_>) -> Result<Value> {
    let Some((text, delimiter)) = text(ctx, 0).zip(delimiter(ctx)?) else {
        return Ok(Value::Null);
    };
    let most = if ctx.len() > 2 {
        int(ctx, 2)?
    } else {
        Some(i64::MAX)
    };
    let most = most
        .and_then(|most| usize::try_from(most).ok())
        .filter(|most| *most > 0);
    let most = most.ok_or_else(|| wrong("split: the limit must be positive"))?;
    let parts = text.splitn(most, &*delimiter).map(serde_json::Value::from);
    json::printed("split", &parts.collect())
}

fn split_part(ctx: &Context<'_>) -> Result<Value> {
    let Some((text, delimiter)) = text(ctx, 0).zip(delimiter(ctx)?) else {
        return Ok(Value::Null);
    };
    let Some(place) = int(ctx, 2)? else {
        return Ok(Value::Null);
    };
    let place = usize::try_from(place.saturating_sub(1))
        .map_err(|_| wrong("split_part: places count from 1"))?;
    let part = text.split(&*delimiter).nth(place);
    Ok(or_null(part, |part| Value::Text(part.to_owned())))
}

/// `split_to_map('a=1,b=2', ',', '=')`
fn split_to_map(ctx: &Context<'_>) -> Result<Value> {
    let (Some(text), Some(between), Some(within)) = (text(ctx, 0), delimiter(ctx)?, text(ctx, 2))
    else {
        return Ok(Value::Null);
    };
    let mut map = serde_json::Map::new();
    for pair in text.split(&*between).filter(|pair| !pair.is_empty()) {
        let (key, value) = pair
            .split_once(&*within)
            .ok_or_else(|| wrong(format!("split_to_map: '{pair}' has no '{within}'")))?;
        map.insert(key.to_owned(), value.into());
    }
    json::printed("split_to_map", &serde_json::Value::Object(map))
}

fn strpos(ctx: &Context<'_>) -> Result<Value> {
    let instance = if ctx.len() > 2 { int(ctx, 2)? } else { Some(1) };
    let instance = instance
        .and_then(|n| usize::try_from(n).ok())
        .filter(|n| *n > 0);
    let instance = instance.ok_or_else(|| wrong("strpos: instances count from 1"))?;
    Ok(place(text(ctx, 0), text(ctx, 1), instance))
}

/// The place of a part in characters, from 1; 0 when it is not there.
fn place(text: Option<String>, part: Option<String>, instance: usize) -> Value {
    let Some((text, part)) = text.zip(part) else {
        return Value::Null;
    };
    let at = text.match_indices(&*part).nth(instance - 1);
    integer(at.map_or(0, |(at, _)| {
        text.get(..at).unwrap_or_default().chars().count() + 1
    }))
}

/// From a place on, which counts from 1, or from the end when it is negative.
fn substr(ctx: &Context<'_>) -> Result<Value> {
    let length = if ctx.len() > 2 {
        int(ctx, 2)?
    } else {
        Some(i64::MAX)
    };
    let (Some(text), Some(from), Some(length)) = (text(ctx, 0), int(ctx, 1)?, length) else {
        return Ok(Value::Null);
    };
    let count = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
    let skip = match from {
        1.. => from - 1,
        _ => count.saturating_add(from),
    };
    if from == 0 || skip < 0 || length <= 0 {
        return Ok(Value::Text(String::new()));
    }
    let size = |n: i64| usize::try_from(n).unwrap_or(usize::MAX);
    let part = text.chars().skip(size(skip)).take(size(length));
    bounded("substr", part.collect())
}

fn compare(ctx: &Context<'_>, function: fn(&str, &str) -> bool) -> Value {
    let both = text(ctx, 0).zip(text(ctx, 1));
    or_null(both, |(a, b)| truth(function(&a, &b)))
}

/// The longest pattern of `LIKE`, characters.
const LONGEST_PATTERN: usize = 4096;

/// `like(pattern, text[, escape])`, which is `text LIKE pattern`; case matters.
fn like(ctx: &Context<'_>) -> Result<Value> {
    let Some((pattern, text)) = text(ctx, 0).zip(text(ctx, 1)) else {
        return Ok(Value::Null);
    };
    let escape = if ctx.len() > 2 {
        let escape = self::text(ctx, 2).unwrap_or_default();
        let mut chars = escape.chars();
        match (chars.next(), chars.next()) {
            (Some(only), None) => Some(only),
            _ => return Err(wrong("LIKE: the escape is one character")),
        }
    } else {
        None
    };
    let parts = like_parts(&pattern, escape).ok_or_else(|| {
        wrong(format!(
            "LIKE: a pattern has at most {LONGEST_PATTERN} characters"
        ))
    })?;
    Ok(truth(is_like(&parts, &text)))
}

/// The parts of a pattern of `LIKE`; `None` when it is too long.
pub(in crate::sql) fn like_parts(pattern: &str, escape: Option<char>) -> Option<Vec<Like>> {
    let mut parts = Vec::new();
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        parts.push(match c {
            _ if Some(c) == escape => Like::Is(chars.next().unwrap_or(c)),
            '%' => Like::Any,
            '_' => Like::One,
            c => Like::Is(c),
        });
    }
    (parts.len() <= LONGEST_PATTERN).then_some(parts)
}

/// A part of a pattern of `LIKE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sql) enum Like {
    Is(char),
    One,
    Any,
}

/// Whether a text is like a pattern.
///
/// Goes back to the last `%` alone, so that it takes no longer than the product of both lengths.
pub(in crate::sql) fn is_like(mut parts: &[Like], text: &str) -> bool {
    let mut left = text.chars();
    let mut retry: Option<(&[Like], std::str::Chars<'_>)> = None;
    loop {
        match parts {
            [Like::Any, rest @ ..] => {
                parts = rest;
                retry = Some((rest, left.clone()));
                continue;
            }
            [] if left.as_str().is_empty() => return true,
            [Like::Is(wanted), rest @ ..] if left.clone().next() == Some(*wanted) => {
                left.next();
                parts = rest;
                continue;
            }
            [Like::One, rest @ ..] if !left.as_str().is_empty() => {
                left.next();
                parts = rest;
                continue;
            }
            _ => {}
        }
        let Some((behind_any, mut from)) = retry else {
            return false;
        };
        if from.next().is_none() {
            return false;
        }
        retry = Some((behind_any, from.clone()));
        (parts, left) = (behind_any, from);
    }
}

fn chr(ctx: &Context<'_>) -> Result<Value> {
    let Some(code) = int(ctx, 0)? else {
        return Ok(Value::Null);
    };
    let c = u32::try_from(code).ok().and_then(char::from_u32);
    let c = c.ok_or_else(|| wrong(format!("chr: {code} is no character")))?;
    Ok(Value::Text(c.to_string()))
}

fn codepoint(ctx: &Context<'_>) -> Result<Value> {
    let Some(text) = text(ctx, 0) else {
        return Ok(Value::Null);
    };
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(only), None) => Ok(Value::Integer(i64::from(u32::from(only)))),
        _ => Err(wrong("codepoint: one character is needed")),
    }
}

fn distance(ctx: &Context<'_>, function: fn(&str, &str) -> usize) -> Result<Value> {
    let Some((a, b)) = text(ctx, 0).zip(text(ctx, 1)) else {
        return Ok(Value::Null);
    };
    if a.len().max(b.len()) > LONGEST_OF_DISTANCE {
        return Err(wrong(format!(
            "a distance is told of at most {LONGEST_OF_DISTANCE} octets"
        )));
    }
    match function(&a, &b) {
        usize::MAX => Err(wrong("hamming_distance: the texts differ in length")),
        distance => Ok(integer(distance)),
    }
}
