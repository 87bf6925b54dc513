//! One column of a chunk as SQL has it, in one of two forms.

use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;

use bytes::Bytes;
use hashbrown::HashMap;

use crate::batch::{Mask, Values};
use crate::chunk::{Chunk, Lane};
use crate::query::{Selection, place};
use crate::segment::SegmentError;
use crate::sql::{ColumnKind, TableColumn, shown};

/// The columns of a chunk, each read once.
pub(super) struct Columns<'c> {
    chunk: &'c Chunk,
    read: RefCell<Vec<(TableColumn, Rc<Column>)>>,
}

/// A column of a chunk.
pub(super) enum Column {
    Ints(Ints),
    Texts(Texts),
}

/// Integers.
pub(super) enum Ints {
    Lane(Rc<Lane>),
    Own { values: Vec<i64>, absent: Mask },
}

/// For each row the place of its text; the place behind the last text is NULL.
pub(super) struct Texts {
    entries: Entries,
    index: Index,
    /// Octets of a text that SQL sees.
    pub(super) most: usize,
}

enum Entries {
    Lane(Rc<Lane>),
    Own(Vec<Bytes>),
}

enum Index {
    Lane(Rc<Lane>),
    Own(Vec<u32>),
    /// All rows have the first.
    Same,
}

impl<'c> Columns<'c> {
    pub(super) fn of(chunk: &'c Chunk) -> Self {
        Self {
            chunk,
            read: RefCell::default(),
        }
    }

    pub(super) fn get(&self, column: &TableColumn) -> Result<Rc<Column>, SegmentError> {
        let mut read = self.read.borrow_mut();
        if let Some((_, known)) = read.iter().find(|(known, _)| known == column) {
            return Ok(Rc::clone(known));
        }
        let lane = self.chunk.lane(&column.field)?;
        let rows = self.chunk.rows();
        let new = Rc::new(match column.kind {
            ColumnKind::Text(most) => Column::Texts(texts(lane, most, rows)),
            // Doubles do not come here.
            ColumnKind::Long | ColumnKind::Double => Column::Ints(ints(lane, rows)),
        });
        read.push((column.clone(), Rc::clone(&new)));
        Ok(new)
    }
}

impl Texts {
    /// How many different texts there are.
    pub(super) fn len(&self) -> usize {
        match &self.entries {
            Entries::Lane(lane) => lane.indexed().map_or(0, |(entries, _)| entries.len()),
            Entries::Own(entries) => entries.len(),
        }
    }

    /// The octets at a place; none at that of NULL.
    pub(super) fn octets(&self, at: u32) -> Option<Bytes> {
        match &self.entries {
            Entries::Lane(lane) => {
                let (entries, _) = lane.indexed()?;
                entries.octets(place(at))
            }
            Entries::Own(entries) => entries.get(place(at)).cloned(),
        }
    }

    /// Calls `each` with every text as SQL sees it, then with NULL.
    pub(super) fn each<T>(&self, mut each: impl FnMut(Option<&str>) -> T) -> Vec<T> {
        let mut all = Vec::with_capacity(self.len() + 1);
        let mut add = |octets: &[u8]| {
            let text: Cow<'_, str> = shown(octets, self.most);
            all.push(each(Some(&text)));
        };
        match &self.entries {
            Entries::Lane(lane) => {
                let entries = lane.indexed().map(|(entries, _)| entries.iter());
                entries.into_iter().flatten().for_each(add);
            }
            Entries::Own(entries) => entries.iter().for_each(|entry| add(entry)),
        }
        all.push(each(None));
        all
    }

    /// The places of the texts of some rows.
    pub(super) fn codes(&self, rows: &Selection, out: &mut Vec<u32>) {
        let null = u32::try_from(self.len()).unwrap_or(u32::MAX);
        let index = match &self.index {
            Index::Same => {
                out.clear();
                return out.resize(rows.len(), 0);
            }
            Index::Own(codes) => codes,
            Index::Lane(lane) => lane.indexed().map(|(_, index)| index).unwrap_or_default(),
        };
        rows.pick(index, null, out);
        // What a row does not have has a place behind all.
        for code in out {
            *code = (*code).min(null);
        }
    }
}

impl Ints {
    /// The values, and the rows that have none, if there are any.
    pub(super) fn parts(&self) -> (&[i64], Option<&Mask>) {
        let (values, absent) = match self {
            Self::Own { values, absent } => (&**values, absent),
            Self::Lane(lane) => match &**lane {
                Lane::Ints { values, no_key } => (&**values, no_key),
                _ => return (&[], None),
            },
        };
        (values, Some(absent).filter(|absent| !absent.is_empty()))
    }
}

fn ints(lane: Rc<Lane>, rows: usize) -> Ints {
    if let Some((entries, index)) = lane.indexed() {
        let known: Vec<Option<i64>> = entries
            .iter()
            .map(|entry| crate::batch::Cell::Octets(entry).int())
            .collect();
        return collected(
            index
                .iter()
                .map(|at| known.get(place(*at)).copied().flatten()),
        );
    }
    if matches!(*lane, Lane::Ints { .. }) {
        return Ints::Lane(lane);
    }
    collected((0..rows).map(|row| lane.cell(row).int()))
}

fn collected(values: impl Iterator<Item = Option<i64>>) -> Ints {
    let mut absent = Mask::default();
    let mut all = Vec::with_capacity(values.size_hint().0);
    for (row, value) in values.enumerate() {
        if value.is_none() {
            absent.insert(row);
        }
        all.push(value.unwrap_or(0));
    }
    Ints::Own {
        values: all,
        absent,
    }
}

fn texts(lane: Rc<Lane>, most: usize, rows: usize) -> Texts {
    if lane.indexed().is_some() {
        return Texts {
            entries: Entries::Lane(Rc::clone(&lane)),
            index: Index::Lane(lane),
            most,
        };
    }
    let mut scratch = Vec::new();
    if let Lane::Same(_) | Lane::Nothing = &*lane {
        let same = lane.cell(0).text(&mut scratch).map(Bytes::copy_from_slice);
        return Texts {
            entries: Entries::Own(same.into_iter().collect()),
            index: Index::Same,
            most,
        };
    }
    // Looked up, never gone through: its order does not matter.
    let mut places: HashMap<Bytes, u32, std::hash::RandomState> = HashMap::default();
    let mut entries = Vec::new();
    let mut codes = Vec::with_capacity(rows);
    for row in 0..rows {
        let Some(octets) = lane.cell(row).text(&mut scratch) else {
            codes.push(Values::NO_KEY);
            continue;
        };
        let next = u32::try_from(entries.len()).unwrap_or(Values::NO_KEY);
        let code = places.get(octets).copied().unwrap_or_else(|| {
            let octets = Bytes::copy_from_slice(octets);
            entries.push(octets.clone());
            places.insert(octets, next);
            next
        });
        codes.push(code);
    }
    Texts {
        entries: Entries::Own(entries),
        index: Index::Own(codes),
        most,
    }
}
