//! Reads the file of a segment, a column of a row group at a time.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::Type as PhysicalType;
use parquet::bloom_filter::Sbbf;
use parquet::column::reader::ColumnReader;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};
use parquet::file::reader::{FileReader, RowGroupReader};
use parquet::file::serialized_reader::SerializedFileReader;
use parquet::file::statistics::Statistics;

use super::checked::Checked;
use super::{SegmentError, page};
use crate::batch::{Mask, Values, reserved};
use crate::chunk::Lane;

/// An open segment.
pub(crate) struct Reader {
    file: Checked,
    parquet: SerializedFileReader<Checked>,
    /// Every column's name, in the order of the file.
    names: Vec<Arc<str>>,
}

/// The most rows that we believe a row group to have.
const MOST_ROWS: i64 = 1 << 24;

impl Reader {
    pub(super) fn open(path: &Path, sums: &Arc<[u32]>) -> Result<Self, SegmentError> {
        let file = Checked::new(File::open(path)?, Arc::clone(sums))?;
        let parquet = SerializedFileReader::new(file.clone())?;
        let metadata = parquet.metadata();
        let schema = metadata.file_metadata().schema_descr();
        let names: Vec<Arc<str>> = schema
            .columns()
            .iter()
            .map(|column| Arc::from(column.name()))
            .collect();
        for name in [
            "__cursor__",
            "__position__",
            "__time__",
            "__receive_time__",
            "__topic__",
        ] {
            if !names.iter().any(|known| &**known == name) {
                return Err(SegmentError::Foreign("a column of ours is missing"));
            }
        }
        let plain = schema
            .columns()
            .iter()
            .all(|c| c.max_rep_level() == 0 && c.max_def_level() < 2);
        let rows = metadata.row_groups().iter().map(RowGroupMetaData::num_rows);
        if !plain
            || rows
                .into_iter()
                .any(|rows| !(0..=MOST_ROWS).contains(&rows))
        {
            return Err(SegmentError::Foreign(
                "the columns are not flat, or too long",
            ));
        }
        Ok(Self {
            file,
            parquet,
            names,
        })
    }

    /// The number of row groups.
    pub(crate) fn row_groups(&self) -> usize {
        self.parquet.num_row_groups()
    }

    /// The rows of a row group.
    pub(crate) fn rows(&self, row_group: usize) -> usize {
        let rows = self.parquet.metadata().row_groups().get(row_group);
        rows.and_then(|rows| usize::try_from(rows.num_rows()).ok())
            .unwrap_or(0)
    }

    /// The columns of keys with their places in the file.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &Arc<str>> {
        self.names.iter().filter(|name| !reserved(name))
    }

    /// Whether the file has this column.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.place(name).is_some()
    }

    /// Whether rows of a row group may have keys beside their columns.
    pub(crate) fn has_rest(&self, row_group: usize) -> bool {
        let Some(chunk) = self.chunk(row_group, "__rest__") else {
            return false;
        };
        let nulls = chunk.statistics().and_then(Statistics::null_count_opt);
        nulls.is_none_or(|nulls| usize::try_from(nulls).ok() != Some(self.rows(row_group)))
    }

    /// Whether a column holds integers.
    pub(crate) fn is_int(&self, name: &str) -> bool {
        let schema = self.parquet.metadata().file_metadata().schema_descr();
        self.place(name)
            .and_then(|at| schema.columns().get(at))
            .is_some_and(|column| column.physical_type() == PhysicalType::INT64)
    }

    /// The least and the greatest value of an INT64 column in a row group.
    pub(crate) fn bounds(&self, row_group: usize, name: &str) -> Option<(i64, i64)> {
        match self.chunk(row_group, name)?.statistics()? {
            Statistics::Int64(bounds) => Some((*bounds.min_opt()?, *bounds.max_opt()?)),
            _ => None,
        }
    }

    /// Whether a column of octets may hold exactly this value in a row group: `false` is certain.
    pub(crate) fn may_hold(&self, row_group: usize, name: &str, value: &[u8]) -> bool {
        let Some(chunk) = self.chunk(row_group, name) else {
            return true;
        };
        let filter = Sbbf::read_from_column_chunk(chunk, &self.file);
        filter
            .ok()
            .flatten()
            .is_none_or(|filter| filter.check(value))
    }

    /// One column of a row group; [`Lane::Nothing`] when the file does not have it.
    pub(crate) fn lane(&self, row_group: usize, name: &str) -> Result<Lane, SegmentError> {
        let Some(at) = self.place(name) else {
            return Ok(Lane::Nothing);
        };
        let rows = self.rows(row_group);
        let parquet = self.parquet.get_row_group(row_group)?;
        let descriptor = parquet.metadata().schema_descr().column(at);
        let optional = descriptor.max_def_level() > 0;
        if descriptor.physical_type() == PhysicalType::BYTE_ARRAY {
            let indexed = page::indexed(&mut *parquet.get_column_page_reader(at)?, rows, optional)?;
            if let Some(page::Indexed { dictionary, index }) = indexed {
                check(index.len(), rows)?;
                return Ok(Lane::Octets { dictionary, index });
            }
        }
        plain(&*parquet, at, &[(0, rows)], optional)
    }

    /// A few rows of one column of a row group, ascending.
    pub(crate) fn few(
        &self,
        row_group: usize,
        name: &str,
        rows: &[u32],
    ) -> Result<Lane, SegmentError> {
        let Some(at) = self.place(name) else {
            return Ok(Lane::Nothing);
        };
        let parquet = self.parquet.get_row_group(row_group)?;
        let descriptor = parquet.metadata().schema_descr().column(at);
        let mut next = 0;
        let mut turn = |row: &u32| {
            let row = usize::try_from(*row).unwrap_or(usize::MAX);
            let pass = row.saturating_sub(next);
            next = row.saturating_add(1);
            (pass, 1)
        };
        let only: Vec<(usize, usize)> = rows.iter().map(&mut turn).collect();
        plain(&*parquet, at, &only, descriptor.max_def_level() > 0)
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| &**known == name)
    }

    fn chunk(&self, row_group: usize, name: &str) -> Option<&ColumnChunkMetaData> {
        let at = self.place(name)?;
        self.parquet
            .metadata()
            .row_groups()
            .get(row_group)?
            .columns()
            .get(at)
    }
}

/// A column in any encoding, through the crate's own reader: the rows of which `only` says how many
/// to pass over and how many to read, in turns.
fn plain(
    parquet: &dyn RowGroupReader,
    at: usize,
    only: &[(usize, usize)],
    optional: bool,
) -> Result<Lane, SegmentError> {
    let rows = only.iter().map(|(_, read)| read).sum();
    let mut levels = optional.then(|| Vec::with_capacity(rows));
    match parquet.get_column_reader(at)? {
        ColumnReader::Int64ColumnReader(mut reader) => {
            let mut values = Vec::with_capacity(rows);
            for (pass, read) in only {
                check(reader.skip_records(*pass)?, *pass)?;
                check(
                    reader
                        .read_records(*read, levels.as_mut(), None, &mut values)?
                        .0,
                    *read,
                )?;
            }
            Ok(ints(values, levels.as_deref()))
        }
        ColumnReader::ByteArrayColumnReader(mut reader) => {
            let mut values = Vec::with_capacity(rows);
            for (pass, read) in only {
                check(reader.skip_records(*pass)?, *pass)?;
                check(
                    reader
                        .read_records(*read, levels.as_mut(), None, &mut values)?
                        .0,
                    *read,
                )?;
            }
            Ok(octets(&values, levels.as_deref(), rows))
        }
        _ => Err(SegmentError::Foreign("a column of a foreign type")),
    }
}

fn octets(values: &[ByteArray], levels: Option<&[i16]>, rows: usize) -> Lane {
    let dictionary = values
        .iter()
        .map(|value| Bytes::copy_from_slice(value.data()));
    let mut next = 0..;
    let mut place = |present: bool| {
        if present {
            next.next().unwrap_or(Values::NO_KEY)
        } else {
            Values::NO_KEY
        }
    };
    let index = match levels {
        Some(levels) => levels.iter().map(|level| place(*level == 1)).collect(),
        None => (0..rows).map(|_| place(true)).collect(),
    };
    Lane::Octets {
        dictionary: dictionary.collect(),
        index,
    }
}

fn ints(present: Vec<i64>, levels: Option<&[i16]>) -> Lane {
    let Some(levels) = levels.filter(|levels| levels.contains(&0)) else {
        return Lane::Ints {
            values: present,
            no_key: Mask::default(),
        };
    };
    let mut no_key = Mask::default();
    let mut present = present.into_iter();
    let mut values = Vec::with_capacity(levels.len());
    for (row, level) in levels.iter().enumerate() {
        if *level == 0 {
            no_key.insert(row);
            values.push(0);
        } else {
            values.push(present.next().unwrap_or(0));
        }
    }
    Lane::Ints { values, no_key }
}

fn check(read: usize, rows: usize) -> Result<(), SegmentError> {
    if read == rows {
        Ok(())
    } else {
        Err(ParquetError::General(format!("{read} of {rows} rows in a column")).into())
    }
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader")
            .field("names", &self.names)
            .finish_non_exhaustive()
    }
}
