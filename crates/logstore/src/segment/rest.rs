//! Tags as JSON, and the keys that have no column, both to octets and back.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde::ser::{SerializeMap as _, Serializer as _};

/// Tags as a JSON object, in their order, repetitions included.
pub(super) fn tags_to(tags: &[(Arc<str>, Arc<str>)]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut json = serde_json::Serializer::new(&mut out);
    let mut map = json.serialize_map(Some(tags.len())).ok()?;
    for (key, value) in tags {
        map.serialize_entry(&**key, &**value).ok()?;
    }
    map.end().ok()?;
    Some(out)
}

/// The tags back; none when the octets are not ours.
pub(crate) fn tags_from(json: &[u8]) -> Vec<(Arc<str>, Arc<str>)> {
    struct Pairs;
    impl<'de> Visitor<'de> for Pairs {
        type Value = Vec<(Arc<str>, Arc<str>)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object of texts")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut pairs = Vec::new();
            while let Some(pair) = map.next_entry()? {
                pairs.push(pair);
            }
            Ok(pairs)
        }
    }
    serde_json::Deserializer::from_slice(json)
        .deserialize_map(Pairs)
        .unwrap_or_default()
}

/// Keys and values, each behind its length.
pub(super) fn rest_to<'a>(pairs: impl Iterator<Item = (&'a str, &'a [u8])>) -> Vec<u8> {
    let mut out = Vec::new();
    for (key, value) in pairs {
        for part in [key.as_bytes(), value] {
            put_length(part.len(), &mut out);
            out.extend_from_slice(part);
        }
    }
    out
}

/// The pairs back, as far as the octets are ours.
pub(crate) fn rest_from(octets: &Bytes) -> Vec<(Arc<str>, Bytes)> {
    let mut pairs = Vec::new();
    let mut left = octets.clone();
    while let Some(key) = take(&mut left) {
        let (Ok(key), Some(value)) = (std::str::from_utf8(&key), take(&mut left)) else {
            break;
        };
        pairs.push((Arc::from(key), value));
    }
    pairs
}

fn put_length(mut length: usize, out: &mut Vec<u8>) {
    while length >= 0x80 {
        let low = u8::try_from(length & 0x7f).unwrap_or(0);
        out.push(low | 0x80);
        length >>= 7;
    }
    out.push(u8::try_from(length).unwrap_or(0));
}

fn take(left: &mut Bytes) -> Option<Bytes> {
    let mut length = 0_usize;
    for (at, octet) in left.iter().enumerate().take(9) {
        length |= usize::from(octet & 0x7f).checked_shl(u32::try_from(7 * at).ok()?)?;
        if octet & 0x80 == 0 {
            let mut part = left.split_off(at + 1);
            if part.len() < length {
                return None;
            }
            *left = part.split_off(length);
            return Some(part);
        }
    }
    None
}
