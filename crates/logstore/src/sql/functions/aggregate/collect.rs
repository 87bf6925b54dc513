//! Functions that keep all values.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rusqlite::Result;
use rusqlite::functions::Context;
use rusqlite::types::{Value, ValueRef};
use serde_json::Value as Json;

use super::{Registry, Share, State};
use crate::sql::functions::json::{element, key, printed};
use crate::sql::functions::value::{LONGEST, wrong};

pub(super) fn add(to: &mut Registry<'_>) -> Result<()> {
    to.add("array_agg", &[1], List::of)?;
    to.add("#elements", &[1], List::of)?;
    to.add("histogram", &[1], Histogram::of)?;
    to.add("map_agg", &[2], MapAgg::of)?;
    to.add("checksum", &[1], |_| Checksum(None))
}

/// The array of all values, as JSON that grows.
struct List {
    json: String,
    share: Share,
}

impl List {
    fn of(share: Share) -> Self {
        let json = String::new();
        Self { json, share }
    }
}

impl State for List {
    fn step(&mut self, ctx: &Context<'_>) -> Result<()> {
        let part = element(ctx.get_raw(0)).to_string();
        self.share.take(part.len() + 1)?;
        if self.json.len() + part.len() > LONGEST {
            return Err(wrong("array_agg: the array is too long"));
        }
        self.json.push(if self.json.is_empty() { '[' } else { ',' });
        self.json.push_str(&part);
        Ok(())
    }

    fn result(&mut self) -> Result<Value> {
        if self.json.is_empty() {
            return Ok(Value::Text("[]".to_owned()));
        }
        Ok(Value::Text(format!("{}]", self.json)))
    }
}

/// How often each value occurs.
struct Histogram {
    counts: BTreeMap<String, i64>,
    share: Share,
}

impl Histogram {
    fn of(share: Share) -> Self {
        let counts = BTreeMap::new();
        Self { counts, share }
    }
}

impl State for Histogram {
    fn step(&mut self, ctx: &Context<'_>) -> Result<()> {
        if ctx.get_raw(0) == ValueRef::Null {
            return Ok(());
        }
        let key = key(ctx.get_raw(0));
        if let Some(count) = self.counts.get_mut(&key) {
            *count += 1;
            return Ok(());
        }
        self.share.take(key.len() + 64)?;
        self.counts.insert(key, 1);
        Ok(())
    }

    fn result(&mut self) -> Result<Value> {
        let pairs = self.counts.iter();
        let map = pairs.map(|(value, count)| (value.clone(), Json::from(*count)));
        printed("histogram", &Json::Object(map.collect()))
    }
}

/// A map of keys to values, of which the first counts.
struct MapAgg {
    map: BTreeMap<String, Json>,
    share: Share,
}

impl MapAgg {
    fn of(share: Share) -> Self {
        let map = BTreeMap::new();
        Self { map, share }
    }
}

impl State for MapAgg {
    fn step(&mut self, ctx: &Context<'_>) -> Result<()> {
        let key = key(ctx.get_raw(0));
        if ctx.get_raw(0) == ValueRef::Null || self.map.contains_key(&key) {
            return Ok(());
        }
        let value = element(ctx.get_raw(1));
        let text = match &value {
            Json::String(text) => text.len(),
            _ => 16,
        };
        self.share.take(key.len() + text + 128)?;
        self.map.insert(key, value);
        Ok(())
    }

    fn result(&mut self) -> Result<Value> {
        let pairs = self.map.iter();
        let map = pairs.map(|(key, value)| (key.clone(), value.clone()));
        printed("map_agg", &Json::Object(map.collect()))
    }
}

/// A sum over all values that does not depend on their order.
struct Checksum(Option<u64>);

impl State for Checksum {
    fn step(&mut self, ctx: &Context<'_>) -> Result<()> {
        let sum = self.0.unwrap_or(0).wrapping_add(hash(ctx.get_raw(0)));
        self.0 = Some(sum);
        Ok(())
    }

    fn result(&mut self) -> Result<Value> {
        let text = self.0.map(|sum| STANDARD.encode(sum.to_be_bytes()));
        Ok(text.map_or(Value::Null, Value::Text))
    }
}

/// A hash of a value, the same in every process.
pub(super) fn hash(value: ValueRef<'_>) -> u64 {
    let mut hasher = DefaultHasher::new();
    match value {
        ValueRef::Null => 0_u8.hash(&mut hasher),
        ValueRef::Integer(value) => (1_u8, value).hash(&mut hasher),
        ValueRef::Real(value) => (2_u8, value.to_bits()).hash(&mut hasher),
        ValueRef::Text(octets) | ValueRef::Blob(octets) => (3_u8, octets).hash(&mut hasher),
    }
    hasher.finish()
}
