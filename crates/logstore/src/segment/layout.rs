//! Which columns a segment has, and of which type.

use std::collections::BTreeMap;
use std::sync::Arc;

use parquet::basic::{ConvertedType, LogicalType, Repetition, Type as PhysicalType};
use parquet::errors::ParquetError;
use parquet::schema::types::{Type, TypePtr};

use crate::batch::{Group, MAX_COLUMNS, Values, canonical_decimal};
use crate::shard::Stored;

/// The columns of keys, and which of our own are needed.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) keys: Vec<Key>,
    places: BTreeMap<Arc<str>, usize>,
    pub(super) has_ns: bool,
    pub(super) has_tags: bool,
    pub(super) has_order: bool,
    pub(super) has_rest: bool,
}

/// The column of a key.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) name: Arc<str>,
    pub(super) kind: Kind,
}

/// How a column of a key is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// INT64: all values are canonical decimals.
    Int,
    /// Texts with a dictionary.
    Text,
    /// Texts that are all different: row ids.
    Unique,
    /// Octets that are not UTF-8.
    Octets,
}

impl Layout {
    /// Looks at all values.
    pub(super) fn of(groups: &[Arc<Stored>]) -> Self {
        let mut layout = Self {
            keys: Vec::new(),
            places: BTreeMap::new(),
            has_ns: false,
            has_tags: false,
            has_order: false,
            has_rest: false,
        };
        for stored in groups {
            layout.add(&stored.group);
        }
        for key in &mut layout.keys {
            let values = || {
                groups
                    .iter()
                    .filter_map(|stored| stored.group.column(&key.name))
            };
            key.kind = kind_of(values);
        }
        layout
    }

    fn add(&mut self, group: &Group) {
        self.has_ns |= !group.time_ns.is_empty();
        self.has_tags |= !group.tags.is_empty();
        for column in &group.columns {
            if self.places.contains_key(&column.name) {
                continue;
            }
            let at = self.keys.len();
            if at < MAX_COLUMNS {
                self.places.insert(Arc::clone(&column.name), at);
                self.keys.push(Key {
                    name: Arc::clone(&column.name),
                    kind: Kind::Text,
                });
            } else {
                self.has_rest = true;
            }
        }
        if let Some(irregular) = &group.irregular {
            let rows = 0..group.rows();
            self.has_rest |= rows.clone().any(|row| !irregular.rest(row).is_empty());
            self.has_order |= rows.into_iter().any(|row| !irregular.order(row).is_empty());
        }
        let places = group
            .columns
            .iter()
            .map(|c| self.places.get(&c.name).copied());
        let ordered = places.clone().all(|place| place.is_some()) && places.is_sorted();
        self.has_order |= !ordered;
    }

    /// The place of a key among the columns of keys.
    pub(super) fn place(&self, name: &str) -> Option<usize> {
        self.places.get(name).copied()
    }

    /// The schema of the file.
    pub(super) fn schema(&self) -> Result<TypePtr, ParquetError> {
        let mut fields = vec![
            int64("__cursor__", Repetition::REQUIRED)?,
            int64("__position__", Repetition::REQUIRED)?,
            int64("__time__", Repetition::REQUIRED)?,
        ];
        if self.has_ns {
            fields.push(int64("__time_ns_part__", Repetition::OPTIONAL)?);
        }
        fields.push(int64("__receive_time__", Repetition::REQUIRED)?);
        fields.push(octets("__topic__", Repetition::REQUIRED, true)?);
        fields.push(octets("__source__", Repetition::REQUIRED, true)?);
        if self.has_tags {
            fields.push(octets("__tags__", Repetition::OPTIONAL, true)?);
        }
        if self.has_order {
            fields.push(octets("__key_order__", Repetition::OPTIONAL, true)?);
        }
        for key in &self.keys {
            fields.push(match key.kind {
                Kind::Int => int64(&key.name, Repetition::OPTIONAL)?,
                Kind::Text | Kind::Unique => octets(&key.name, Repetition::OPTIONAL, true)?,
                Kind::Octets => octets(&key.name, Repetition::OPTIONAL, false)?,
            });
        }
        if self.has_rest {
            fields.push(octets("__rest__", Repetition::OPTIONAL, false)?);
        }
        Ok(Arc::new(
            Type::group_type_builder("log")
                .with_fields(fields)
                .build()?,
        ))
    }
}

fn int64(name: &str, repetition: Repetition) -> Result<TypePtr, ParquetError> {
    let column = Type::primitive_type_builder(name, PhysicalType::INT64);
    Ok(Arc::new(column.with_repetition(repetition).build()?))
}

fn octets(name: &str, repetition: Repetition, text: bool) -> Result<TypePtr, ParquetError> {
    let column = Type::primitive_type_builder(name, PhysicalType::BYTE_ARRAY);
    let column = column.with_repetition(repetition);
    let column = if text {
        column
            .with_converted_type(ConvertedType::UTF8)
            .with_logical_type(Some(LogicalType::String))
    } else {
        column
    };
    Ok(Arc::new(column.build()?))
}

fn kind_of<'a, I: Iterator<Item = &'a Values>>(values: impl Fn() -> I) -> Kind {
    let mut seen = false;
    if values().all(|values| all_canonical(values, &mut seen)) && seen {
        return Kind::Int;
    }
    if values().all(|values| matches!(values, Values::Numbered { .. })) {
        return Kind::Unique;
    }
    let text = |values: &Values| match values {
        Values::Octets { dictionary, .. } => dictionary
            .iter()
            .all(|octets| std::str::from_utf8(octets).is_ok()),
        _ => true,
    };
    if values().all(text) {
        Kind::Text
    } else {
        Kind::Octets
    }
}

/// Whether all values are canonical decimals; `seen` becomes true when there is one at all.
fn all_canonical(values: &Values, seen: &mut bool) -> bool {
    let used = |entries: Vec<bool>, index: &[u32], seen: &mut bool| {
        index.iter().filter(|at| **at != Values::NO_KEY).all(|at| {
            *seen = true;
            usize::try_from(*at)
                .ok()
                .and_then(|at| entries.get(at))
                .is_some_and(|ok| *ok)
        })
    };
    match values {
        Values::Int { values, absent } => {
            *seen |= !values.is_empty();
            absent.is_empty()
        }
        Values::Text { dictionary, index } => {
            let entries = dictionary
                .iter()
                .map(|e| canonical_decimal(e.as_bytes()).is_some());
            used(entries.collect(), index, seen)
        }
        Values::Octets { dictionary, index } => {
            let entries = dictionary.iter().map(|e| canonical_decimal(e).is_some());
            used(entries.collect(), index, seen)
        }
        Values::Address { .. } | Values::Numbered { .. } => false,
    }
}
