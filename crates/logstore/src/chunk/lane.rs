//! One field of all rows of a chunk.

use std::sync::Arc;

use bytes::Bytes;
use flowlog_sls::at_path;

use super::Field;
use crate::batch::{Cell, Mask, Values};
use crate::segment::tags_from;
use crate::shard::Stored;

/// One field of all rows of a chunk.
#[derive(Debug)]
pub(crate) enum Lane {
    /// A column of a LogGroup in the head.
    Held(Arc<Stored>, usize),
    /// Integers.
    Ints { values: Vec<i64>, no_key: Mask },
    /// Octets: each distinct value once (mostly), and a place for each row.
    Octets {
        dictionary: Vec<Bytes>,
        index: Vec<u32>,
    },
    /// The same for all rows.
    Same(Bytes),
    /// No row has it.
    Nothing,
}

impl Lane {
    /// The value of a row.
    #[inline]
    pub(crate) fn cell(&self, row: usize) -> Cell<'_> {
        match self {
            Self::Held(stored, at) => stored
                .group
                .columns
                .get(*at)
                .map_or(Cell::NoKey, |c| c.values.cell(row)),
            Self::Ints { values, no_key } => match values.get(row) {
                Some(value) if !no_key.contains(row) => Cell::Int(*value),
                _ => Cell::NoKey,
            },
            Self::Octets { dictionary, index } => {
                let at = index.get(row).and_then(|at| usize::try_from(*at).ok());
                at.and_then(|at| dictionary.get(at))
                    .map_or(Cell::NoKey, |v| Cell::Octets(v))
            }
            Self::Same(octets) => Cell::Octets(octets),
            Self::Nothing => Cell::NoKey,
        }
    }

    /// For each row the place in a dictionary of `entries`, when there is one: then it is enough
    /// to look at each entry once.
    pub(crate) fn indexed(&self) -> Option<(Entries<'_>, &[u32])> {
        match self {
            Self::Octets { dictionary, index } => Some((Entries::Octets(dictionary), index)),
            Self::Held(stored, at) => match &stored.group.columns.get(*at)?.values {
                Values::Text { dictionary, index } => Some((Entries::Text(dictionary), index)),
                Values::Octets { dictionary, index } => Some((Entries::Octets(dictionary), index)),
                _ => None,
            },
            _ => None,
        }
    }
}

/// A dictionary.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Entries<'a> {
    Text(&'a [Arc<str>]),
    Octets(&'a [Bytes]),
}

impl<'a> Entries<'a> {
    pub(crate) fn len(self) -> usize {
        match self {
            Self::Text(entries) => entries.len(),
            Self::Octets(entries) => entries.len(),
        }
    }

    /// The entry at a place.
    pub(crate) fn octets(self, at: usize) -> Option<Bytes> {
        match self {
            Self::Text(entries) => {
                let text = entries.get(at)?;
                Some(Bytes::copy_from_slice(text.as_bytes()))
            }
            Self::Octets(entries) => entries.get(at).cloned(),
        }
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = &'a [u8]> {
        let entry = move |at: usize| match self {
            Self::Text(entries) => entries.get(at).map(|text| text.as_bytes()),
            Self::Octets(entries) => entries.get(at).map(|octets| &**octets),
        };
        (0..self.len()).filter_map(entry)
    }
}

/// A field of a LogGroup in the head.
pub(super) fn held(stored: &Arc<Stored>, field: &Field) -> Lane {
    let group = &stored.group;
    let same = |text: &str| Lane::Same(Bytes::copy_from_slice(text.as_bytes()));
    let ints = |values: &[u32], no_key| Lane::Ints {
        values: values.iter().copied().map(i64::from).collect(),
        no_key,
    };
    match field {
        Field::Time => ints(&group.time, Mask::default()),
        Field::TimeNs => {
            let mut no_key = Mask::default();
            if let Some(irregular) = &group.irregular {
                let unsent = (0..group.rows()).filter(|row| !irregular.has_ns(*row));
                unsent.for_each(|row| no_key.insert(row));
            }
            ints(&group.time_ns, no_key)
        }
        Field::Received => ints(&vec![stored.received; group.rows()], Mask::default()),
        Field::Cursor => Lane::Ints {
            values: vec![stored.cursor; group.rows()],
            no_key: Mask::default(),
        },
        Field::Position => Lane::Ints {
            values: (0..).take(group.rows()).collect(),
            no_key: Mask::default(),
        },
        Field::Topic => same(&group.topic),
        Field::Source => same(&group.source),
        Field::Tag(tag) => {
            let value = group.tags.iter().find(|(known, _)| known == tag);
            value.map_or(Lane::Nothing, |(_, value)| same(value))
        }
        Field::Key(key) | Field::Inside(key, _) => {
            match group.columns.iter().position(|c| c.name == *key) {
                Some(at) => Lane::Held(Arc::clone(stored), at),
                None => held_rest(stored, key),
            }
        }
    }
}

fn held_rest(stored: &Stored, key: &str) -> Lane {
    let Some(irregular) = &stored.group.irregular else {
        return Lane::Nothing;
    };
    let (mut dictionary, mut index) = (Vec::new(), Vec::new());
    for row in 0..stored.group.rows() {
        let value = irregular
            .rest(row)
            .iter()
            .find(|(known, _)| &**known == key);
        index.push(match value {
            Some((_, value)) => {
                dictionary.push(value.clone());
                u32::try_from(dictionary.len() - 1).unwrap_or(Values::NO_KEY)
            }
            None => Values::NO_KEY,
        });
    }
    if dictionary.is_empty() {
        Lane::Nothing
    } else {
        Lane::Octets { dictionary, index }
    }
}

/// A column, and what rows without a value there have elsewhere; `None` when there is no such row.
pub(super) fn overlaid(column: &Lane, rest: &[(usize, Bytes)], rows: usize) -> Option<Lane> {
    let missing = |(row, _): &&(usize, Bytes)| matches!(column.cell(*row), Cell::NoKey);
    let mut rest = rest.iter().filter(missing).peekable();
    rest.peek()?;
    let mut scratch = Vec::new();
    let mut dictionary: Vec<Bytes> = Vec::new();
    // A column that is indexed keeps its entries, one of integers becomes text.
    let mut index: Vec<u32> = if let Some((entries, index)) = column.indexed() {
        dictionary.extend(entries.iter().map(Bytes::copy_from_slice));
        index.to_vec()
    } else {
        let mut place = |row: usize| {
            let text = column.cell(row).text(&mut scratch)?;
            dictionary.push(Bytes::copy_from_slice(text));
            u32::try_from(dictionary.len() - 1).ok()
        };
        (0..rows)
            .map(|row| place(row).unwrap_or(Values::NO_KEY))
            .collect()
    };
    for (row, value) in rest {
        if let Some(place) = index.get_mut(*row) {
            dictionary.push(value.clone());
            *place = u32::try_from(dictionary.len() - 1).unwrap_or(Values::NO_KEY);
        }
    }
    Some(Lane::Octets { dictionary, index })
}

/// What stands at a path in the values of a lane, which are JSON; each distinct value is read once
/// where the lane says which are the same.
pub(super) fn inside(whole: &Lane, rows: usize, path: &str) -> Lane {
    let mut dictionary = Vec::new();
    let mut read = |json: &[u8]| {
        let Some(found) = at_path(json, path) else {
            return Values::NO_KEY;
        };
        dictionary.push(Bytes::from(found.into_owned()));
        u32::try_from(dictionary.len() - 1).unwrap_or(Values::NO_KEY)
    };
    let index = match whole.indexed() {
        Some((entries, index)) if entries.len() <= rows => {
            let places: Vec<u32> = entries.iter().map(read).collect();
            index.iter().map(|at| place_of(&places, *at)).collect()
        }
        _ => {
            let mut scratch = Vec::new();
            let mut cell = |row| match whole.cell(row).text(&mut scratch) {
                Some(json) => read(json),
                None => Values::NO_KEY,
            };
            (0..rows).map(&mut cell).collect()
        }
    };
    Lane::Octets { dictionary, index }
}

/// What an entry has become.
fn place_of(places: &[u32], at: u32) -> u32 {
    let at = usize::try_from(at).ok();
    at.and_then(|at| places.get(at))
        .copied()
        .unwrap_or(Values::NO_KEY)
}

/// One tag out of all.
pub(super) fn tag_lane(tags: &Lane, tag: &str) -> Lane {
    let Lane::Octets { dictionary, index } = tags else {
        return Lane::Nothing;
    };
    let mut values = Vec::new();
    let places: Vec<u32> = dictionary
        .iter()
        .map(|json| {
            let value = tags_from(json)
                .into_iter()
                .find(|(known, _)| &**known == tag);
            let Some((_, value)) = value else {
                return Values::NO_KEY;
            };
            values.push(Bytes::copy_from_slice(value.as_bytes()));
            u32::try_from(values.len() - 1).unwrap_or(Values::NO_KEY)
        })
        .collect();
    let index = index.iter().map(|at| place_of(&places, *at)).collect();
    Lane::Octets {
        dictionary: values,
        index,
    }
}
