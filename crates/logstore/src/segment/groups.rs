//! Reads the `LogGroup`s of a segment back, whole and in the order of their cursors.
//!
//! Rows are read some at a time, so that a segment of any size takes little memory; the row groups
//! before the cursor are not read at all.

use std::sync::Arc;

use bytes::Bytes;

use super::{Reader, Segment, SegmentError};
use crate::batch::{Log, LogGroup};
use crate::chunk::{Chunk, Field, Part};

/// Rows that are read together.
const STEP: usize = 4096;

/// A LogGroup as it was sent, with what the shard knows of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Whole {
    pub(crate) cursor: i64,
    /// Seconds of the epoch.
    pub(crate) received: u32,
    pub(crate) group: LogGroup,
}

/// The `LogGroup`s of a segment from a cursor on.
pub(crate) struct Groups {
    reader: Arc<Reader>,
    from: i64,
    next_row_group: usize,
    /// Rows of the row group before `next_row_group` that were not read yet, ascending.
    waiting: std::vec::IntoIter<u32>,
    /// The rows that were read, and the next of them.
    read: Option<(Chunk, usize)>,
    /// The LogGroup that has begun.
    begun: Option<Whole>,
    failed: bool,
}

impl Segment {
    /// The `LogGroup`s from `cursor` on.
    pub(crate) fn groups(&self, cursor: i64) -> Result<Groups, SegmentError> {
        Ok(Groups {
            reader: Arc::new(self.read()?),
            from: cursor,
            next_row_group: 0,
            waiting: Vec::new().into_iter(),
            read: None,
            begun: None,
            failed: false,
        })
    }
}

impl Iterator for Groups {
    type Item = Result<Whole, SegmentError>;

    /// Finished after an error.
    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let next = self.next_group().transpose();
        self.failed = matches!(next, Some(Err(_)));
        next
    }
}

impl Groups {
    fn next_group(&mut self) -> Result<Option<Whole>, SegmentError> {
        while let Some((chunk, row)) = self.next_row()? {
            let (cursor, _) = chunk.place(row)?;
            let ended = match &self.begun {
                Some(begun) if begun.cursor == cursor => None,
                _ => {
                    let new = head(&chunk, row, cursor)?;
                    self.begun.replace(new)
                }
            };
            if let Some(begun) = &mut self.begun {
                begun.group.logs.push(log(&chunk, row)?);
            }
            self.read = Some((chunk, row + 1));
            if ended.is_some() {
                return Ok(ended);
            }
        }
        Ok(self.begun.take())
    }

    /// The next row; the caller puts the chunk back.
    fn next_row(&mut self) -> Result<Option<(Chunk, usize)>, SegmentError> {
        loop {
            if let Some((chunk, row)) = self.read.take().filter(|(chunk, row)| *row < chunk.rows())
            {
                return Ok(Some((chunk, row)));
            }
            let some: Vec<u32> = self.waiting.by_ref().take(STEP).collect();
            if some.is_empty() {
                if !self.next_rows()? {
                    return Ok(None);
                }
                continue;
            }
            let row_group = self.next_row_group.saturating_sub(1);
            let all = some.len() == self.reader.rows(row_group);
            let chunk = if all {
                Chunk::new(Part::RowGroup(Arc::clone(&self.reader), row_group))
            } else {
                Chunk::few(Arc::clone(&self.reader), row_group, some)
            };
            self.read = Some((chunk, 0));
        }
    }

    /// Finds the rows of the next row group that has some; `false` when there is none.
    fn next_rows(&mut self) -> Result<bool, SegmentError> {
        while self.next_row_group < self.reader.row_groups() {
            let row_group = self.next_row_group;
            self.next_row_group += 1;
            let before = self
                .reader
                .bounds(row_group, "__cursor__")
                .is_some_and(|(_, greatest)| greatest < self.from);
            if before {
                continue;
            }
            let cursors = self.reader.lane(row_group, "__cursor__")?;
            let rows = u32::try_from(self.reader.rows(row_group)).unwrap_or(u32::MAX);
            let wanted: Vec<u32> = (0..rows)
                .filter(|row| {
                    let cursor = cursors.cell(crate::query::place(*row)).int();
                    cursor.is_some_and(|cursor| cursor >= self.from)
                })
                .collect();
            if !wanted.is_empty() {
                self.waiting = wanted.into_iter();
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// What all rows of a LogGroup share.
fn head(chunk: &Chunk, row: usize, cursor: i64) -> Result<Whole, SegmentError> {
    let text = |field: &Field| -> Result<Arc<str>, SegmentError> {
        let lane = chunk.lane(field)?;
        let mut scratch = Vec::new();
        let text = lane.cell(row).text(&mut scratch).unwrap_or_default();
        Ok(String::from_utf8_lossy(text).into())
    };
    let received = chunk.lane(&Field::Received)?.cell(row).int();
    Ok(Whole {
        cursor,
        received: received.and_then(|at| u32::try_from(at).ok()).unwrap_or(0),
        group: LogGroup {
            topic: text(&Field::Topic)?,
            source: text(&Field::Source)?,
            tags: chunk.tags(row)?,
            logs: Vec::new(),
        },
    })
}

fn log(chunk: &Chunk, row: usize) -> Result<Log, SegmentError> {
    let number = |field: &Field| -> Result<Option<u32>, SegmentError> {
        let value = chunk.lane(field)?.cell(row).int();
        Ok(value.and_then(|value| u32::try_from(value).ok()))
    };
    let mut contents = Vec::new();
    chunk.contents(row, |key, value| {
        contents.push((Arc::clone(key), Bytes::copy_from_slice(value)));
    })?;
    Ok(Log {
        time: number(&Field::Time)?.unwrap_or(0),
        time_ns: number(&Field::TimeNs)?,
        contents,
    })
}

#[cfg(test)]
mod tests;
