//! Which columns a segment has, and of which type.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use parquet::basic::{ConvertedType, LogicalType, Repetition, Type as PhysicalType};
use parquet::errors::ParquetError;
use parquet::schema::types::{Type, TypePtr};

use crate::batch::{Group, MAX_COLUMNS, Values, is_canonical};
use crate::shard::Stored;

/// The columns of a segment.
#[derive(Debug, Default)]
pub(super) struct Layout {
    /// Our own, and where those of keys stand among them.
    pub(super) parts: BTreeSet<Part>,
    /// The columns of keys.
    pub(super) keys: Vec<Key>,
    places: BTreeMap<Arc<str>, usize>,
}

/// A column of ours, or all of those of keys; in the order of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    Cursor,
    Position,
    Time,
    TimeNs,
    Received,
    Topic,
    Source,
    Tags,
    KeyOrder,
    Keys,
    Rest,
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
    /// Texts that are all different, each a prefix and a number: row ids.
    Unique,
    /// Texts most of which are different, so that a dictionary would only be in the way.
    Varied,
    /// Octets that are not UTF-8.
    Octets,
}

impl Part {
    /// The column's name; empty for those of keys.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Cursor => "__cursor__",
            Self::Position => "__position__",
            Self::Time => "__time__",
            Self::TimeNs => "__time_ns_part__",
            Self::Received => "__receive_time__",
            Self::Topic => "__topic__",
            Self::Source => "__source__",
            Self::Tags => "__tags__",
            Self::KeyOrder => "__key_order__",
            Self::Keys => "",
            Self::Rest => "__rest__",
        }
    }

    /// Whether the column holds integers.
    pub(super) const fn is_int(self) -> bool {
        matches!(
            self,
            Self::Cursor | Self::Position | Self::Time | Self::TimeNs | Self::Received
        )
    }

    /// Whether rows may be without it.
    pub(super) const fn is_optional(self) -> bool {
        matches!(
            self,
            Self::TimeNs | Self::Tags | Self::KeyOrder | Self::Rest
        )
    }
}

impl Layout {
    /// Looks at all values.
    pub(super) fn of(groups: &[Arc<Stored>]) -> Self {
        let mut layout = Self {
            parts: BTreeSet::from([
                Part::Cursor,
                Part::Position,
                Part::Time,
                Part::Received,
                Part::Topic,
                Part::Source,
                Part::Keys,
            ]),
            ..Self::default()
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
        let mut need = |part, needed| {
            if needed {
                self.parts.insert(part);
            }
        };
        need(Part::TimeNs, !group.time_ns.is_empty());
        need(Part::Tags, !group.tags.is_empty());
        if let Some(irregular) = &group.irregular {
            let mut rows = 0..group.rows();
            need(
                Part::Rest,
                rows.clone().any(|row| !irregular.rest(row).is_empty()),
            );
            need(
                Part::KeyOrder,
                rows.any(|row| !irregular.order(row).is_empty()),
            );
        }
        for column in &group.columns {
            let at = self.keys.len();
            if self.places.contains_key(&column.name) {
                continue;
            }
            if at < MAX_COLUMNS {
                self.places.insert(Arc::clone(&column.name), at);
                self.keys.push(Key {
                    name: Arc::clone(&column.name),
                    kind: Kind::Text,
                });
            } else {
                self.parts.insert(Part::Rest);
            }
        }
        let places = group
            .columns
            .iter()
            .map(|c| self.places.get(&c.name).copied());
        let natural = places.clone().all(|place| place.is_some()) && places.is_sorted();
        if !natural {
            self.parts.insert(Part::KeyOrder);
        }
    }

    /// The place of a key among the columns of keys.
    pub(super) fn place(&self, name: &str) -> Option<usize> {
        self.places.get(name).copied()
    }

    /// The schema of the file.
    pub(super) fn schema(&self) -> Result<TypePtr, ParquetError> {
        let mut fields = Vec::new();
        for part in &self.parts {
            let repetition = if part.is_optional() {
                Repetition::OPTIONAL
            } else {
                Repetition::REQUIRED
            };
            match part {
                Part::Keys => {
                    for key in &self.keys {
                        fields.push(key.schema()?);
                    }
                }
                part if part.is_int() => fields.push(int64(part.name(), repetition)?),
                part => fields.push(octets(part.name(), repetition, *part != Part::Rest)?),
            }
        }
        Ok(Arc::new(
            Type::group_type_builder("log")
                .with_fields(fields)
                .build()?,
        ))
    }
}

impl Key {
    fn schema(&self) -> Result<TypePtr, ParquetError> {
        match self.kind {
            Kind::Int => int64(&self.name, Repetition::OPTIONAL),
            Kind::Text | Kind::Unique | Kind::Varied => {
                octets(&self.name, Repetition::OPTIONAL, true)
            }
            Kind::Octets => octets(&self.name, Repetition::OPTIONAL, false),
        }
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
    match (values().all(text), are_varied(values())) {
        (true, true) => Kind::Varied,
        (true, false) => Kind::Text,
        (false, _) => Kind::Octets,
    }
}

/// Fewer rows than these are not worth the question.
#[cfg(not(test))]
const FEW_ROWS: usize = 1024;
#[cfg(test)]
const FEW_ROWS: usize = 8;

/// Whether more than half of the rows of texts bring one that the others of their LogGroup have not.
fn are_varied<'a>(values: impl Iterator<Item = &'a Values>) -> bool {
    let (mut rows, mut distinct) = (0, 0);
    for values in values {
        rows += values.len();
        distinct += match values {
            Values::Text { dictionary, .. } => dictionary.len(),
            Values::Octets { dictionary, .. } => dictionary.len(),
            Values::Numbered { numbers, .. } => numbers.len(),
            Values::Int { .. } | Values::Address { .. } => return false,
        };
    }
    rows >= FEW_ROWS && distinct > rows / 2
}

/// Whether all values are canonical decimals; `seen` becomes true when there is one at all.
fn all_canonical(values: &Values, seen: &mut bool) -> bool {
    let used = |entries: &[bool], index: &[u32], seen: &mut bool| {
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
            let canonical = |entry: &Arc<str>| is_canonical(entry.as_bytes());
            used(
                &dictionary.iter().map(canonical).collect::<Vec<_>>(),
                index,
                seen,
            )
        }
        Values::Octets { dictionary, index } => {
            let canonical = |entry: &bytes::Bytes| is_canonical(entry);
            used(
                &dictionary.iter().map(canonical).collect::<Vec<_>>(),
                index,
                seen,
            )
        }
        Values::Address { .. } | Values::Numbered { .. } => false,
    }
}
