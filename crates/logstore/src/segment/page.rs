//! Decodes the pages of a dictionary-encoded column into its dictionary and an index per row.
//!
//! The crate's own reader hands out one value per row and forgets which entry it was; a query
//! wants to look at each entry once.

use bytes::Bytes;
use parquet::basic::Encoding;
use parquet::column::page::{Page, PageReader};

use super::SegmentError;
use super::runs::Runs;
use crate::batch::Values;

/// The entries, and for each row the place of its value or [`Values::NO_KEY`].
#[derive(Debug, Default)]
pub(super) struct Indexed {
    pub(super) dictionary: Vec<Bytes>,
    pub(super) index: Vec<u32>,
}

/// Reads all pages of a column of so many rows; `None` when one of them is not dictionary-encoded.
pub(super) fn indexed(
    pages: &mut dyn PageReader,
    rows: usize,
    optional: bool,
) -> Result<Option<Indexed>, SegmentError> {
    let mut all = Indexed::default();
    while let Some(page) = pages.get_next_page()? {
        match page {
            Page::DictionaryPage {
                buf, num_values, ..
            } => {
                all.dictionary = dictionary(&buf, num_values)?;
            }
            Page::DataPageV2 {
                buf,
                num_values,
                num_nulls,
                encoding: Encoding::RLE_DICTIONARY,
                def_levels_byte_len,
                rep_levels_byte_len: 0,
                ..
            } => {
                let levels = size(def_levels_byte_len)?;
                let count = size(num_values)?;
                if count > rows.saturating_sub(all.index.len()) {
                    return Err(SegmentError::Foreign(
                        "a page has more rows than its row group",
                    ));
                }
                let (levels, values) = buf.split_at_checked(levels).ok_or(SHORT)?;
                // Without a null nobody has to look at the levels.
                let levels = (optional && num_nulls > 0).then_some(levels);
                all.add_page(levels, values, count)?;
            }
            _ => return Ok(None),
        }
    }
    Ok(Some(all))
}

pub(super) const SHORT: SegmentError = SegmentError::Foreign("a page is too short");

pub(super) fn size(n: u32) -> Result<usize, SegmentError> {
    usize::try_from(n).map_err(|_| SHORT)
}

/// Lengths of four octets, little-endian, and what they are the lengths of (PLAIN).
fn dictionary(page: &Bytes, entries: u32) -> Result<Vec<Bytes>, SegmentError> {
    let mut dictionary = Vec::with_capacity(size(entries)?.min(page.len() / 4));
    let mut left = page.clone();
    for _ in 0..entries {
        let length = left.first_chunk::<4>().ok_or(SHORT)?;
        let length = size(u32::from_le_bytes(*length))?;
        let mut entry = left.split_off(4);
        if entry.len() < length {
            return Err(SHORT);
        }
        left = entry.split_off(length);
        dictionary.push(entry);
    }
    Ok(dictionary)
}

impl Indexed {
    fn add_page(
        &mut self,
        levels: Option<&[u8]>,
        values: &[u8],
        rows: usize,
    ) -> Result<(), SegmentError> {
        let Some(levels) = levels else {
            return places(values, rows, self.dictionary.len(), &mut self.index);
        };
        let mut present = Vec::new();
        Runs {
            octets: levels,
            width: 1,
        }
        .decode(rows, &mut present)?;
        let count = present.iter().filter(|level| **level == 1).count();
        let mut index = Vec::with_capacity(count);
        places(values, count, self.dictionary.len(), &mut index)?;
        let mut index = index.into_iter();
        let value = |level: &u32| match level {
            1 => index.next().unwrap_or(Values::NO_KEY),
            _ => Values::NO_KEY,
        };
        self.index.extend(present.iter().map(value));
        Ok(())
    }
}

/// Reads so many places of entries, behind the octet that says how wide they are.
fn places(
    values: &[u8],
    count: usize,
    entries: usize,
    out: &mut Vec<u32>,
) -> Result<(), SegmentError> {
    if count == 0 {
        return Ok(());
    }
    let (width, octets) = values.split_first().ok_or(SHORT)?;
    let runs = Runs {
        octets,
        width: u32::from(*width),
    };
    let before = out.len();
    runs.decode(count, out)?;
    let greatest = out.get(before..).unwrap_or_default().iter().max();
    let fits = |greatest: &u32| usize::try_from(*greatest).is_ok_and(|at| at < entries);
    if greatest.is_none_or(fits) {
        return Ok(());
    }
    Err(SegmentError::Foreign(
        "an index points behind its dictionary",
    ))
}
