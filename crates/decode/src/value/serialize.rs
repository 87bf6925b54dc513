//! Values in the shape that `inspect` prints.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::{FieldName, List, ListEntry, Value};
use crate::value::list::ListKind;

impl Serialize for FieldName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Value<'_> {
    /// Numbers as numbers, lists as objects, all else as text.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Unsigned(value) => serializer.serialize_u64(*value),
            Self::Signed(value) | Self::Nanoseconds(value) => serializer.serialize_i64(*value),
            Self::List(list) => list.serialize(serializer),
            value => serializer.collect_str(value),
        }
    }
}

impl Serialize for List<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("list", self.kind.as_str())?;
        map.serialize_entry("semantic", &self.semantic)?;
        match (self.kind, &*self.entries) {
            (ListKind::SubTemplateMulti, entries) => map.serialize_entry("entries", entries)?,
            (_, entries) => {
                for entry in entries {
                    entry.entries(&mut map)?;
                }
            }
        }
        map.end()
    }
}

impl Serialize for ListEntry<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.entries(&mut map)?;
        map.end()
    }
}

impl ListEntry<'_> {
    fn entries<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        match self {
            Self::Values(element, values) => {
                map.serialize_entry("element", element)?;
                map.serialize_entry("values", values)
            }
            Self::Records(template, records) => {
                map.serialize_entry("template", &template.get())?;
                map.serialize_entry("records", records)
            }
            Self::Unknown(template, octets) => {
                map.serialize_entry("template", &template.get())?;
                map.serialize_entry("octets", &Value::Octets(octets))
            }
        }
    }
}
