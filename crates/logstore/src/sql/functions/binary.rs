//! Octets, and sums over them.

use rusqlite::Result;
use rusqlite::functions::Context;
use rusqlite::types::Value;

use super::value::{LONGEST, Scalar, octets, or_null, scalar, text, wrong};

pub(super) const SCALARS: &[Scalar] = &[
    scalar("to_hex", &[1], to_hex),
    scalar("from_hex", &[1], from_hex),
    scalar("crc32", &[1], |ctx| {
        Ok(or_null(octets(ctx, 0), |octets| {
            Value::Integer(i64::from(crc32fast::hash(&octets)))
        }))
    }),
];

fn to_hex(ctx: &Context<'_>) -> Result<Value> {
    let Some(octets) = octets(ctx, 0) else {
        return Ok(Value::Null);
    };
    if octets.len().saturating_mul(2) > LONGEST {
        return Err(wrong("to_hex: the text is too long"));
    }
    let digit = |n: u8| char::from_digit(u32::from(n), 16).map(|c| c.to_ascii_uppercase());
    let digits = octets
        .iter()
        .flat_map(|octet| [digit(octet >> 4), digit(octet & 15)]);
    Ok(Value::Text(digits.flatten().collect()))
}

fn from_hex(ctx: &Context<'_>) -> Result<Value> {
    let Some(text) = text(ctx, 0) else {
        return Ok(Value::Null);
    };
    let pair = |pair: &[u8]| match pair {
        [_, _] => u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok(),
        _ => None,
    };
    let octets: Option<Vec<u8>> = text.as_bytes().chunks(2).map(pair).collect();
    octets
        .map(Value::Blob)
        .ok_or_else(|| wrong(format!("from_hex: '{text}' is not pairs of digits")))
}
