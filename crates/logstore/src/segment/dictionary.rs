//! Texts of one column of a row group, each distinct one once.
//!
//! What is appended has dictionaries already; they become one, so that no value of a row is hashed,
//! copied or compared again.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use hashbrown::HashMap;

use crate::batch::{Cell, Values};
use crate::mix::Mix;

/// A dictionary larger than this is not worth having.
const MOST_OCTETS: usize = 4 << 20;
/// Not looked up yet.
const UNKNOWN: u32 = u32::MAX - 1;

/// The dictionary grows too large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooLarge;

/// The distinct texts, and which of them each row has.
#[derive(Debug, Default)]
pub(super) struct Dictionary {
    /// In the order in which rows have them.
    pub(super) entries: Vec<Bytes>,
    /// For each row its place in `entries`, or [`Values::NO_KEY`].
    pub(super) index: Vec<u32>,
    /// Looked up, never gone through: their order does not matter.
    known: HashMap<Bytes, u32, Mix>,
    addresses: HashMap<[u8; 16], u32, Mix>,
    octets: usize,
    scratch: Vec<u8>,
}

impl Dictionary {
    /// Adds rows that all have this text, or none.
    pub(super) fn fill(&mut self, text: Option<&[u8]>, rows: usize) -> Result<(), TooLarge> {
        let place = match text {
            Some(text) => self.place(text)?,
            None => Values::NO_KEY,
        };
        self.index.resize(self.index.len() + rows, place);
        Ok(())
    }

    /// Adds rows of a column; of none, rows without the key.
    pub(super) fn extend(
        &mut self,
        values: Option<&Values>,
        rows: Range<usize>,
    ) -> Result<(), TooLarge> {
        match values {
            None => self.fill(None, rows.len()),
            Some(Values::Text { dictionary, index }) => {
                let text = |at: usize| dictionary.get(at).map(|text: &Arc<str>| text.as_bytes());
                self.extend_indexed(dictionary.len(), text, index.get(rows).unwrap_or_default())
            }
            Some(Values::Octets { dictionary, index }) => {
                let text = |at: usize| dictionary.get(at).map(|octets: &Bytes| &**octets);
                self.extend_indexed(dictionary.len(), text, index.get(rows).unwrap_or_default())
            }
            Some(values) => rows
                .into_iter()
                .try_for_each(|row| self.push(values.cell(row))),
        }
    }

    /// Each entry of the other dictionary is looked up once.
    fn extend_indexed<'a>(
        &mut self,
        entries: usize,
        text: impl Fn(usize) -> Option<&'a [u8]>,
        index: &[u32],
    ) -> Result<(), TooLarge> {
        let mut places = vec![UNKNOWN; entries];
        self.index.reserve(index.len());
        for at in index {
            let at = usize::try_from(*at).unwrap_or(usize::MAX);
            let place = match places.get_mut(at) {
                Some(place) if *place != UNKNOWN => *place,
                Some(place) => {
                    *place = self.place(text(at).unwrap_or_default())?;
                    *place
                }
                None => Values::NO_KEY,
            };
            self.index.push(place);
        }
        Ok(())
    }

    fn push(&mut self, cell: Cell<'_>) -> Result<(), TooLarge> {
        let place = match cell {
            Cell::NoKey => Values::NO_KEY,
            Cell::Address(octets) => {
                if let Some(known) = self.addresses.get(&octets) {
                    *known
                } else {
                    let place = self.place_of(cell)?;
                    self.addresses.insert(octets, place);
                    place
                }
            }
            cell => self.place_of(cell)?,
        };
        self.index.push(place);
        Ok(())
    }

    fn place_of(&mut self, cell: Cell<'_>) -> Result<u32, TooLarge> {
        let mut scratch = std::mem::take(&mut self.scratch);
        let place = cell
            .text(&mut scratch)
            .map_or(Ok(Values::NO_KEY), |text| self.place(text));
        self.scratch = scratch;
        place
    }

    /// The place of a text, which gets one if it has none.
    fn place(&mut self, text: &[u8]) -> Result<u32, TooLarge> {
        if let Some(known) = self.known.get(text) {
            return Ok(*known);
        }
        self.octets += text.len() + 4;
        if self.octets > MOST_OCTETS {
            return Err(TooLarge);
        }
        let place = u32::try_from(self.entries.len()).map_err(|_| TooLarge)?;
        let text = Bytes::copy_from_slice(text);
        self.entries.push(text.clone());
        self.known.insert(text, place);
        Ok(place)
    }
}

#[cfg(test)]
mod tests;
