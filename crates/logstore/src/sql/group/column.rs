//! One column of a chunk as SQL has it, in one of two forms.

use std::rc::Rc;
use std::sync::Arc;

use hashbrown::HashMap;

use crate::batch::{Cell, Mask, Values};
use crate::chunk::{Chunk, Lane};
use crate::query::place;
use crate::segment::SegmentError;
use crate::sql::{ColumnKind, TableColumn, shown};

/// A column of a chunk.
pub(super) enum Column {
    Ints(Ints),
    /// For each row the place of its text; the last text is NULL.
    Texts {
        entries: Vec<Option<Arc<str>>>,
        codes: Codes,
    },
}

/// Integers.
pub(super) enum Ints {
    Lane(Rc<Lane>),
    Own { values: Vec<i64>, absent: Mask },
}

/// Places of texts.
pub(super) enum Codes {
    /// Those of the lane; where there is none, the last text, which is NULL.
    Lane(Rc<Lane>),
    Own(Vec<u32>),
    /// All rows have the first.
    Same,
}

impl Column {
    /// Reads a column.
    pub(super) fn read(chunk: &Chunk, column: &TableColumn) -> Result<Self, SegmentError> {
        let lane = chunk.lane(&column.field)?;
        Ok(match column.kind {
            ColumnKind::Text(most) => texts(lane, most, chunk.rows()),
            ColumnKind::Long | ColumnKind::Double => Self::Ints(ints(lane, chunk.rows())),
        })
    }
}

impl Column {
    /// The places of the texts of some rows.
    pub(super) fn codes(&self, rows: &[u32], out: &mut Vec<u32>) {
        out.clear();
        let Self::Texts { entries, codes } = self else {
            return;
        };
        let null = u32::try_from(entries.len().saturating_sub(1)).unwrap_or(0);
        let of =
            |index: &[u32], row: &u32| index.get(place(*row)).map_or(null, |at| (*at).min(null));
        match codes {
            Codes::Same => out.resize(rows.len(), 0),
            Codes::Own(codes) => out.extend(rows.iter().map(|row| of(codes, row))),
            Codes::Lane(lane) => {
                let index = lane.indexed().map(|(_, index)| index).unwrap_or_default();
                out.extend(rows.iter().map(|row| of(index, row)));
            }
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

    /// The greatest multiple of `step` that is not above the value of a row.
    #[inline]
    pub(super) fn multiple(&self, row: u32, step: i64) -> Option<i64> {
        let (values, absent) = match self {
            Self::Own { values, absent } => (&**values, absent),
            Self::Lane(lane) => match &**lane {
                Lane::Ints { values, no_key } => (&**values, no_key),
                _ => return None,
            },
        };
        let row = place(row);
        let value = values.get(row).filter(|_| !absent.contains(row))?;
        Some(match step {
            ..=1 => *value,
            step => value - value.rem_euclid(step),
        })
    }
}

fn ints(lane: Rc<Lane>, rows: usize) -> Ints {
    if let Some((entries, index)) = lane.indexed() {
        let known: Vec<Option<i64>> = entries
            .iter()
            .map(|entry| Cell::Octets(entry).int())
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

/// The last text is NULL.
fn texts(lane: Rc<Lane>, most: usize, rows: usize) -> Column {
    let text = |octets: &[u8]| Some(Arc::from(&*shown(octets, most)));
    if let Some((entries, _)) = lane.indexed() {
        let entries = entries.iter().map(text).chain([None]).collect();
        let codes = Codes::Lane(lane);
        return Column::Texts { entries, codes };
    }
    let mut scratch = Vec::new();
    if let Lane::Same(_) | Lane::Nothing = &*lane {
        let same = lane.cell(0).text(&mut scratch).and_then(text);
        let entries = vec![same, None];
        let codes = Codes::Same;
        return Column::Texts { entries, codes };
    }
    // Looked up, never gone through: its order does not matter.
    let mut places: HashMap<Vec<u8>, u32, std::hash::RandomState> = HashMap::default();
    let mut entries = Vec::new();
    let mut codes = Vec::with_capacity(rows);
    for row in 0..rows {
        let Some(octets) = lane.cell(row).text(&mut scratch) else {
            codes.push(Values::NO_KEY);
            continue;
        };
        let next = u32::try_from(entries.len()).unwrap_or(Values::NO_KEY);
        let code = places.get(octets).copied().unwrap_or_else(|| {
            entries.push(text(octets));
            places.insert(octets.to_vec(), next);
            next
        });
        codes.push(code);
    }
    entries.push(None);
    let null = u32::try_from(entries.len() - 1).unwrap_or(0);
    for code in &mut codes {
        *code = (*code).min(null);
    }
    let codes = Codes::Own(codes);
    Column::Texts { entries, codes }
}
