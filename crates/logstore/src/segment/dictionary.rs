//! Texts of one column of a row group, each distinct one once.
//!
//! What is appended has dictionaries already; they become one, so that no value of a row is hashed,
//! copied or compared again. Addresses are looked up as the numbers that they are, and become text
//! once.

use std::hash::BuildHasher as _;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use foldhash::fast::RandomState;
use hashbrown::HashTable;

use crate::batch::{Cell, Values};
use crate::distinct::Distinct;

/// A dictionary larger than this is not worth having.
const MOST_OCTETS: usize = 4 << 20;
/// What an entry takes beside its octets.
const ENTRY: usize = 4;
/// Not looked up yet.
const UNKNOWN: u32 = u32::MAX - 1;

/// The dictionary grows too large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooLarge;

/// The distinct texts, and which of them each row has.
#[derive(Debug, Default)]
pub(super) struct Dictionary {
    /// In the order in which rows have them.
    pub(super) entries: Distinct,
    /// For each row its place in `entries`, or [`Values::NO_KEY`].
    pub(super) index: Vec<u32>,
    addresses: Addresses,
    /// Whether there are texts that were no addresses: one of them may look like an address.
    has_texts: bool,
    scratch: Vec<u8>,
}

/// The places of addresses. Looked up, never gone through: the order does not matter.
#[derive(Debug, Default)]
struct Addresses {
    places: HashTable<(u128, u32)>,
    hasher: RandomState,
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
            Some(Values::Address { values, absent }) if absent.is_empty() => {
                let addresses = values.get(rows).unwrap_or_default();
                self.index.reserve(addresses.len());
                addresses
                    .iter()
                    .try_for_each(|octets| self.address(*octets))
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
        if let Cell::Address(octets) = cell {
            return self.address(octets);
        }
        let mut scratch = std::mem::take(&mut self.scratch);
        let place = cell
            .text(&mut scratch)
            .map_or(Ok(Values::NO_KEY), |text| self.place(text));
        self.scratch = scratch;
        self.index.push(place?);
        Ok(())
    }

    fn address(&mut self, octets: [u8; 16]) -> Result<(), TooLarge> {
        let number = u128::from_be_bytes(octets);
        let hash = self.addresses.hasher.hash_one(number);
        let equal = |(known, _): &(u128, u32)| *known == number;
        if let Some((_, place)) = self.addresses.places.find(hash, equal) {
            self.index.push(*place);
            return Ok(());
        }
        let mut scratch = std::mem::take(&mut self.scratch);
        let text = Cell::Address(octets).text(&mut scratch).unwrap_or_default();
        let place = if self.has_texts {
            self.place(text)
        } else {
            self.check_room().map(|()| self.entries.add_new(text))
        };
        self.scratch = scratch;
        let (place, hasher) = (place?, &self.addresses.hasher);
        let rehash = |(known, _): &(u128, u32)| hasher.hash_one(*known);
        let places = &mut self.addresses.places;
        places.insert_unique(hash, (number, place), rehash);
        self.index.push(place);
        Ok(())
    }

    /// The place of a text, which gets one if it has none.
    fn place(&mut self, text: &[u8]) -> Result<u32, TooLarge> {
        self.has_texts = true;
        let place = self.entries.place(text);
        self.check_room().map(|()| place)
    }

    fn check_room(&self) -> Result<(), TooLarge> {
        let octets = self.entries.octets() + ENTRY * self.entries.len();
        if octets > MOST_OCTETS {
            Err(TooLarge)
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests;
