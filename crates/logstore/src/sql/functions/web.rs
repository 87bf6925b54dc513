//! Addresses of the Web.

use rusqlite::Result;
use rusqlite::functions::Context;
use rusqlite::types::Value;

use super::value::{LONGEST, Scalar, or_null, scalar, text, wrong};

pub(super) const SCALARS: &[Scalar] = &[
    scalar("url_encode", &[1], encode),
    scalar("url_decode", &[1], |ctx| {
        Ok(part(ctx, |text| Some(decoded(text, true))))
    }),
    scalar("url_extract_protocol", &[1], |ctx| {
        Ok(part(ctx, |url| Some(Url::of(url)?.protocol.to_owned())))
    }),
    scalar("url_extract_host", &[1], |ctx| {
        Ok(part(ctx, |url| Some(Url::of(url)?.host.to_owned())))
    }),
    scalar("url_extract_port", &[1], |ctx| Ok(port(ctx))),
    scalar("url_extract_path", &[1], |ctx| {
        Ok(part(ctx, |url| Some(decoded(Url::of(url)?.path, false))))
    }),
    scalar("url_extract_query", &[1], |ctx| {
        Ok(part(ctx, |url| Some(Url::of(url)?.query?.to_owned())))
    }),
    scalar("url_extract_fragment", &[1], |ctx| {
        Ok(part(ctx, |url| Some(Url::of(url)?.fragment?.to_owned())))
    }),
    scalar("url_extract_parameter", &[2], |ctx| Ok(parameter(ctx))),
];

/// The parts of `protocol://user@host:port/path?query#fragment`.
#[derive(Debug, PartialEq, Eq)]
struct Url<'a> {
    protocol: &'a str,
    host: &'a str,
    port: Option<&'a str>,
    path: &'a str,
    query: Option<&'a str>,
    fragment: Option<&'a str>,
}

impl<'a> Url<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let (protocol, rest) = text.split_once("://")?;
        let (rest, fragment) = cut(rest, '#');
        let (rest, query) = cut(rest, '?');
        let at = rest.find('/').unwrap_or(rest.len());
        let (authority, path) = rest.split_at(at);
        let authority = authority.rsplit('@').next().unwrap_or(authority);
        let behind_address = authority.rfind(']').map_or(0, |at| at + 1);
        let colon = authority.get(behind_address..)?.find(':');
        let (host, port) = match colon {
            Some(at) => {
                let (host, port) = authority.split_at(behind_address + at);
                (host, port.strip_prefix(':'))
            }
            None => (authority, None),
        };
        Some(Self {
            protocol,
            host,
            port,
            path,
            query,
            fragment,
        })
    }
}

fn cut(text: &str, at: char) -> (&str, Option<&str>) {
    match text.split_once(at) {
        Some((before, behind)) => (before, Some(behind)),
        None => (text, None),
    }
}

fn part(ctx: &Context<'_>, of: fn(&str) -> Option<String>) -> Value {
    let part = text(ctx, 0).and_then(|text| of(&text));
    or_null(part, Value::Text)
}

fn port(ctx: &Context<'_>) -> Value {
    let url = text(ctx, 0);
    let port = url
        .as_deref()
        .and_then(Url::of)
        .and_then(|url| url.port?.parse().ok());
    or_null(port, Value::Integer)
}

fn parameter(ctx: &Context<'_>) -> Value {
    let Some((url, name)) = text(ctx, 0).zip(text(ctx, 1)) else {
        return Value::Null;
    };
    let query = Url::of(&url).and_then(|url| url.query).unwrap_or_default();
    let mut pairs = query.split('&').map(|pair| cut(pair, '='));
    let found = pairs.find(|(key, _)| decoded(key, true) == name);
    or_null(found, |(_, value)| {
        Value::Text(decoded(value.unwrap_or_default(), true))
    })
}

/// Letters, digits and `-_.*` stand for themselves, a space is `+`.
fn encode(ctx: &Context<'_>) -> Result<Value> {
    let Some(text) = text(ctx, 0) else {
        return Ok(Value::Null);
    };
    if text.len().saturating_mul(3) > LONGEST {
        return Err(wrong("url_encode: the text is too long"));
    }
    let mut out = String::with_capacity(text.len());
    for octet in text.bytes() {
        match octet {
            b' ' => out.push('+'),
            b'-' | b'_' | b'.' | b'*' => out.push(char::from(octet)),
            _ if octet.is_ascii_alphanumeric() => out.push(char::from(octet)),
            _ => {
                let digit =
                    |n: u8| char::from_digit(u32::from(n), 16).map(|c| c.to_ascii_uppercase());
                out.push('%');
                out.extend(digit(octet >> 4));
                out.extend(digit(octet & 15));
            }
        }
    }
    Ok(Value::Text(out))
}

fn decoded(text: &str, plus: bool) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut octets = text.as_bytes();
    while let [first, rest @ ..] = octets {
        let digit = |octet: &u8| {
            char::from(*octet)
                .to_digit(16)
                .and_then(|n| u8::try_from(n).ok())
        };
        match (first, rest) {
            (b'%', [high, low, behind @ ..]) if digit(high).is_some() && digit(low).is_some() => {
                out.extend(
                    digit(high)
                        .zip(digit(low))
                        .map(|(high, low)| high << 4 | low),
                );
                octets = behind;
                continue;
            }
            (b'+', _) if plus => out.push(b' '),
            _ => out.push(*first),
        }
        octets = rest;
    }
    String::from_utf8_lossy(&out).into_owned()
}
