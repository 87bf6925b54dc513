//! The values of one column of a row group, as the Parquet writer takes them.

use std::hash::RandomState;
use std::ops::Range;

use hashbrown::HashMap;
use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::writer::SerializedColumnWriter;

use crate::batch::{Cell, Values};

/// Integers of one column of a row group.
#[derive(Default)]
pub(super) struct Ints {
    values: Vec<i64>,
    /// 1 for each row that has a value, 0 for the others.
    levels: Vec<i16>,
}

impl Ints {
    pub(super) fn push(&mut self, value: Option<i64>) {
        self.levels.push(i16::from(value.is_some()));
        self.values.extend(value);
    }

    pub(super) fn extend(&mut self, values: Option<&Values>, rows: Range<usize>) {
        match values {
            Some(Values::Int { values, .. }) => {
                let values = values.get(rows).unwrap_or_default();
                self.values.extend_from_slice(values);
                self.levels.resize(self.levels.len() + values.len(), 1);
            }
            Some(values) => rows.for_each(|row| self.push(values.cell(row).int())),
            None => self.levels.resize(self.levels.len() + rows.len(), 0),
        }
    }

    pub(super) fn write(
        self,
        to: &mut SerializedColumnWriter<'_>,
        optional: bool,
    ) -> Result<(), ParquetError> {
        let levels = optional.then_some(&*self.levels);
        to.typed::<Int64Type>()
            .write_batch(&self.values, levels, None)
            .map(|_| ())
    }
}

/// Texts of one column of a row group; an address becomes text once.
#[derive(Default)]
pub(super) struct Texts {
    values: Vec<ByteArray>,
    /// 1 for each row that has a value, 0 for the others.
    levels: Vec<i16>,
    /// Looked up, never gone through: its order does not matter.
    addresses: HashMap<[u8; 16], ByteArray, RandomState>,
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
                    let value = self.value(values.cell(row));
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

    fn value(&mut self, cell: Cell<'_>) -> Option<ByteArray> {
        let Cell::Address(octets) = cell else {
            return cell
                .text(&mut self.scratch)
                .map(|text| ByteArray::from(text.to_vec()));
        };
        if let Some(known) = self.addresses.get(&octets) {
            return Some(known.clone());
        }
        let text = ByteArray::from(cell.text(&mut self.scratch)?.to_vec());
        self.addresses.insert(octets, text.clone());
        Some(text)
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
