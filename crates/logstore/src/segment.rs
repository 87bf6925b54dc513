//! Segments: `LogGroup`s at rest, in Parquet files that other programs can read too.
//!
//! One file holds consecutive `LogGroup`s of one shard. Beside a column for each key it has our own:
//!
//! | column | what |
//! |---|---|
//! | `__cursor__`, `__position__` | the LogGroup, and the row's place in it |
//! | `__time__`, `__time_ns_part__` | the row's time, seconds and the nanoseconds within |
//! | `__receive_time__` | when the LogGroup was received, seconds |
//! | `__topic__`, `__source__` | of the LogGroup |
//! | `__tags__` | of the LogGroup, a JSON object |
//! | `__key_order__` | places of the row's keys among the columns of keys, `*` for the next of the rest; null for their natural order |
//! | `__rest__` | keys without a column: length, key, length, value, and so on; lengths are LEB128 |
//!
//! A column of a key is INT64 if and only if all its values are canonical decimals; else it holds
//! the octets, with a dictionary. Null means that the row does not have the key.

mod checked;
mod column;
mod delta;
mod dictionary;
mod groups;
mod layout;
mod page;
mod pages;
mod read;
mod rest;
mod runs;
mod write;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parquet::errors::ParquetError;

use crate::metadata::SegmentRow;
use crate::shard::Stored;

pub(crate) use groups::Whole;
pub(crate) use read::Reader;
pub(crate) use rest::{rest_from, tags_from};
pub(crate) use write::Style;

/// A segment that queries may read; its file goes when the last of them is done with it.
#[derive(Debug)]
pub(crate) struct Segment {
    row: SegmentRow,
    path: PathBuf,
    doomed: AtomicBool,
    /// It could not be merged.
    apart: AtomicBool,
}

/// Why a segment could not be written or read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SegmentError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Parquet(#[from] ParquetError),
    #[error("not a segment of ours: {0}")]
    Foreign(&'static str),
}

impl Segment {
    /// The name of a segment's file.
    pub(crate) fn file_name(row: &SegmentRow) -> String {
        format!("{}-{}.parquet", row.first, row.next)
    }

    /// A segment that the metadata names.
    pub(crate) fn known(dir: &Path, row: SegmentRow) -> Self {
        let path = dir.join(Self::file_name(&row));
        Self {
            row,
            path,
            doomed: AtomicBool::new(false),
            apart: AtomicBool::new(false),
        }
    }

    /// Writes a segment, on disk under its name when this returns; the metadata does not know it
    /// yet.
    pub(crate) fn write(
        dir: &Path,
        shard: i64,
        groups: &[Arc<Stored>],
        style: Style,
    ) -> Result<Self, SegmentError> {
        let (Some(first), Some(last)) = (groups.first(), groups.last()) else {
            return Err(SegmentError::Foreign("no LogGroups"));
        };
        let bounds = |of: fn(&Stored) -> u32| {
            let all = groups.iter().map(|group| of(group));
            (all.clone().min().unwrap_or(0), all.max().unwrap_or(0))
        };
        let mut row = SegmentRow {
            shard,
            first: first.cursor,
            next: last.cursor.saturating_add(1),
            rows: 0,
            octets: 0,
            min_time: bounds(|group| group.times.0).0,
            max_time: bounds(|group| group.times.1).1,
            min_received: bounds(|group| group.received).0,
            max_received: bounds(|group| group.received).1,
            sums: Arc::default(),
        };
        let path = dir.join(Self::file_name(&row));
        let unfinished = path.with_extension("unfinished");
        let file = File::create(&unfinished)?;
        (row.rows, row.sums) = write::write_file(file.try_clone()?, groups, style)?;
        file.sync_all()?;
        row.octets = file.metadata()?.len();
        fs::rename(&unfinished, &path)?;
        File::open(dir)?.sync_all()?;
        Ok(Self {
            row,
            path,
            doomed: AtomicBool::new(false),
            apart: AtomicBool::new(false),
        })
    }

    pub(crate) fn row(&self) -> &SegmentRow {
        &self.row
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the file.
    pub(crate) fn read(&self) -> Result<Reader, SegmentError> {
        Reader::open(&self.path, &self.row.sums)
    }

    /// Leaves it out of merges.
    pub(crate) fn keep_apart(&self) {
        self.apart.store(true, Ordering::Release);
    }

    pub(crate) fn is_apart(&self) -> bool {
        self.apart.load(Ordering::Acquire)
    }

    /// Deletes the file once nobody reads it.
    pub(crate) fn doom(&self) {
        self.doomed.store(true, Ordering::Release);
    }
}

impl Drop for Segment {
    fn drop(&mut self) {
        if self.doomed.load(Ordering::Acquire)
            && let Err(error) = fs::remove_file(&self.path)
        {
            tracing::warn!(path = %self.path.display(), %error, "cannot delete a segment");
        }
    }
}

#[cfg(test)]
mod tests;
