//! The values of one column of a row group, as they are written.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use parquet::data_type::{ByteArray, ByteArrayType};
use parquet::errors::ParquetError;
use parquet::file::writer::SerializedColumnWriter;

use super::delta;
use crate::batch::{Cell, Values};

/// Which rows of a column have a value.
#[derive(Debug, Default)]
pub(super) struct Levels {
    pub(super) rows: usize,
    /// 1 for each row that has a value, 0 for the others; empty as long as all have one.
    pub(super) levels: Vec<u32>,
}

/// Integers of one column of a row group.
#[derive(Debug, Default)]
pub(super) struct Ints {
    /// Of the rows that have one.
    pub(super) values: Vec<i64>,
    pub(super) levels: Levels,
}

/// Texts of which each is `PREFIX` and a number: row ids. Each is written as what it has of the one
/// before it, and the rest.
#[derive(Debug, Default)]
pub(super) struct Numbered {
    /// Prefixes, and behind which of the numbers each ends.
    prefixes: Vec<(Arc<str>, usize)>,
    /// Of the rows that have one.
    pub(super) numbers: Vec<u64>,
    pub(super) levels: Levels,
}

impl Levels {
    fn clear(&mut self) {
        self.rows = 0;
        self.levels.clear();
    }

    pub(super) fn there(&mut self, rows: usize) {
        self.rows += rows;
        if !self.levels.is_empty() {
            self.levels.resize(self.rows, 1);
        }
    }

    pub(super) fn missing(&mut self, rows: usize) {
        if rows > 0 {
            self.levels.resize(self.rows, 1);
            self.rows += rows;
            self.levels.resize(self.rows, 0);
        }
    }

    /// Those of some rows; empty when all have a value.
    pub(super) fn of(&self, rows: &Range<usize>) -> &[u32] {
        self.levels.get(rows.clone()).unwrap_or_default()
    }
}

impl Ints {
    /// Takes everything out; the memory is kept for the next column.
    pub(super) fn clear(&mut self) {
        self.values.clear();
        self.levels.clear();
    }

    pub(super) fn push(&mut self, value: Option<i64>) {
        match value {
            Some(value) => {
                self.values.push(value);
                self.levels.there(1);
            }
            None => self.levels.missing(1),
        }
    }

    /// Adds rows that all have a value.
    pub(super) fn add(&mut self, values: impl Iterator<Item = i64>) {
        let before = self.values.len();
        self.values.extend(values);
        self.levels.there(self.values.len() - before);
    }

    pub(super) fn extend(&mut self, values: Option<&Values>, rows: Range<usize>) {
        match values {
            Some(Values::Int { values, .. }) => {
                self.add(values.get(rows).unwrap_or_default().iter().copied());
            }
            Some(Values::Text { dictionary, index }) => {
                let int = |text: &Arc<str>| Cell::Octets(text.as_bytes()).int();
                let known: Vec<_> = dictionary.iter().map(int).collect();
                self.extend_indexed(&known, index.get(rows).unwrap_or_default());
            }
            Some(Values::Octets { dictionary, index }) => {
                let int = |octets: &Bytes| Cell::Octets(octets).int();
                let known: Vec<_> = dictionary.iter().map(int).collect();
                self.extend_indexed(&known, index.get(rows).unwrap_or_default());
            }
            Some(values) => rows.for_each(|row| self.push(values.cell(row).int())),
            None => self.levels.missing(rows.len()),
        }
    }

    fn extend_indexed(&mut self, known: &[Option<i64>], index: &[u32]) {
        self.values.reserve(index.len());
        for at in index {
            let at = usize::try_from(*at).unwrap_or(usize::MAX);
            self.push(known.get(at).copied().flatten());
        }
    }
}

impl Numbered {
    /// Takes everything out; the memory is kept for the next column.
    pub(super) fn clear(&mut self) {
        self.prefixes.clear();
        self.numbers.clear();
        self.levels.clear();
    }

    /// Adds rows of a column; of none, rows without the key.
    pub(super) fn extend(&mut self, values: Option<&Values>, rows: Range<usize>) {
        let Some(Values::Numbered { prefix, numbers }) = values else {
            return self.levels.missing(rows.len());
        };
        let numbers = numbers.get(rows).unwrap_or_default();
        self.numbers.extend_from_slice(numbers);
        self.levels.there(numbers.len());
        self.prefixes.push((Arc::clone(prefix), self.numbers.len()));
    }

    /// The first and the last of the texts, in the order of octets.
    pub(super) fn bounds(&self) -> Option<(Vec<u8>, Vec<u8>)> {
        let mut bounds: Option<(Vec<u8>, Vec<u8>)> = None;
        self.each(0..self.numbers.len(), |text, _| match &mut bounds {
            None => bounds = Some((text.to_vec(), text.to_vec())),
            Some((least, _)) if text < &**least => text.clone_into(least),
            Some((_, greatest)) if text > &**greatest => text.clone_into(greatest),
            Some(_) => {}
        });
        bounds
    }

    /// Writes some of the values (`DELTA_BYTE_ARRAY`).
    pub(super) fn encode(&self, values: Range<usize>, out: &mut Vec<u8>) {
        let (mut shared, mut lengths, mut rests) = (Vec::new(), Vec::new(), Vec::new());
        self.each(values, |text, same| {
            let rest = text.get(same..).unwrap_or_default();
            shared.push(i64::try_from(same).unwrap_or(0));
            lengths.push(i64::try_from(rest.len()).unwrap_or(0));
            rests.extend_from_slice(rest);
        });
        delta::encode(&shared, out);
        delta::encode(&lengths, out);
        out.append(&mut rests);
    }

    /// Calls `each` with the texts of some of the values, and how many octets each has of the one
    /// before it.
    fn each(&self, values: Range<usize>, mut each: impl FnMut(&[u8], usize)) {
        let mut from = values.start;
        let mut text = NumberedText::default();
        for (prefix, end) in &self.prefixes {
            let to = (*end).clamp(from, values.end);
            for number in self.numbers.get(from..to).unwrap_or_default() {
                let same = text.become_text(prefix, *number);
                each(&text.text, same);
            }
            from = to;
        }
    }
}

/// A prefix and a number as text; the next number changes few of its digits.
#[derive(Default)]
struct NumberedText<'a> {
    prefix: &'a str,
    number: u64,
    text: Vec<u8>,
    before: Vec<u8>,
}

impl<'a> NumberedText<'a> {
    /// Becomes another text; how many octets it has of what it was.
    fn become_text(&mut self, prefix: &'a str, number: u64) -> usize {
        let is_next = !self.text.is_empty()
            && std::ptr::eq(self.prefix, prefix)
            && self.number.checked_add(1) == Some(number);
        (self.prefix, self.number) = (prefix, number);
        let digits = self.text.get_mut(prefix.len()..).unwrap_or_default();
        if is_next && let Some(changed) = increment(digits) {
            return self.text.len() - changed;
        }
        std::mem::swap(&mut self.text, &mut self.before);
        Cell::Numbered(prefix, number).write(&mut self.text);
        let pairs = self.before.iter().zip(&self.text);
        pairs.take_while(|(a, b)| a == b).count()
    }
}

/// Adds one to a number; how many digits that changes. `None` when all are nines: then there is one
/// more of them.
fn increment(digits: &mut [u8]) -> Option<usize> {
    let nines = digits
        .iter()
        .rev()
        .take_while(|digit| **digit == b'9')
        .count();
    let at = digits.len().checked_sub(nines + 1)?;
    let (digit, rest) = digits.get_mut(at..)?.split_first_mut()?;
    *digit += 1;
    rest.fill(b'0');
    Some(nines + 1)
}

/// Texts of one column of a row group of which no dictionary is made.
#[derive(Default)]
pub(super) struct Texts {
    values: Vec<ByteArray>,
    /// 1 for each row that has a value, 0 for the others.
    levels: Vec<i16>,
    scratch: Vec<u8>,
}

impl Texts {
    pub(super) fn push(&mut self, value: Option<ByteArray>) {
        self.levels.push(i16::from(value.is_some()));
        self.values.extend(value);
    }

    pub(super) fn extend(&mut self, values: Option<&Values>, rows: Range<usize>) {
        match values {
            None => self.levels.resize(self.levels.len() + rows.len(), 0),
            Some(Values::Text { dictionary, index }) => {
                let entries = dictionary.iter().map(|text| ByteArray::from(&**text));
                self.extend_indexed(&entries.collect::<Vec<_>>(), index, rows);
            }
            Some(Values::Octets { dictionary, index }) => {
                let entries = dictionary.iter().cloned().map(ByteArray::from);
                self.extend_indexed(&entries.collect::<Vec<_>>(), index, rows);
            }
            Some(values) => {
                for row in rows {
                    let text = values.cell(row).text(&mut self.scratch);
                    let value = text.map(|text| ByteArray::from(text.to_vec()));
                    self.push(value);
                }
            }
        }
    }

    fn extend_indexed(&mut self, entries: &[ByteArray], index: &[u32], rows: Range<usize>) {
        for at in index.get(rows).unwrap_or_default() {
            let entry = usize::try_from(*at).ok().and_then(|at| entries.get(at));
            self.push(entry.cloned());
        }
    }

    pub(super) fn write(
        self,
        to: &mut SerializedColumnWriter<'_>,
        optional: bool,
    ) -> Result<(), ParquetError> {
        let levels = optional.then_some(&*self.levels);
        to.typed::<ByteArrayType>()
            .write_batch(&self.values, levels, None)
            .map(|_| ())
    }
}

#[cfg(test)]
mod tests;
