//! The hash key as 64 hexadecimal digits: TOML has no integers of 64 bits without sign.

use flowlog_record::HashKey;
use serde::{Deserialize, Deserializer, Serializer, de::Error as _};

pub(super) fn serialize<S: Serializer>(key: &HashKey, to: S) -> Result<S::Ok, S::Error> {
    let [a, b, c, d] = key.0;
    to.collect_str(&format_args!("{a:016x}{b:016x}{c:016x}{d:016x}"))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<HashKey, D::Error> {
    let text = String::deserialize(from)?;
    let word = |at: usize| {
        let digits = text.get(at * 16..at * 16 + 16)?;
        u64::from_str_radix(digits, 16).ok()
    };
    match (word(0), word(1), word(2), word(3), text.len()) {
        (Some(a), Some(b), Some(c), Some(d), 64) => Ok(HashKey([a, b, c, d])),
        _ => Err(D::Error::custom("hash_key has not 64 hexadecimal digits")),
    }
}
