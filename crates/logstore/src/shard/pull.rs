//! Reading a shard by cursor, LogGroup by LogGroup, whether it is in a segment or not yet.
//!
//! Nothing is shown before it is on disk: a cursor that a reader has seen is never given to another
//! LogGroup. Where `LogGroup`s are gone (their time has passed, or the disk has damaged them) reading
//! goes on with the next one.

use std::sync::Arc;

use flowlog_sls::CursorFrom;
use flowlog_sls::log_group::{LogGroupWriter, append_log_group};

use super::{Shard, Snapshot};
use crate::batch::{write_columns, write_rows};
use crate::segment::{Reader, Segment, SegmentError};

/// What was read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Pulled {
    /// A `LogGroupList`.
    pub(crate) list: Vec<u8>,
    /// Its `LogGroup`s.
    pub(crate) count: usize,
    /// Where to go on.
    pub(crate) next: i64,
    /// Cursor and receive time of the last LogGroup.
    pub(crate) last: Option<(i64, u32)>,
}

/// What may be read at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Most {
    /// `LogGroup`s.
    pub(crate) count: usize,
    /// Octets; the LogGroup with which they are reached is the last.
    pub(crate) octets: usize,
}

/// A segment that could not be read.
pub(crate) type Unreadable = (Arc<Segment>, SegmentError);

impl Shard {
    /// The lowest cursor that it has ever given.
    pub(crate) fn lowest(&self) -> i64 {
        self.row.created.saturating_mul(1_000_000_000)
    }

    /// The cursor of the first LogGroup that is there; behind the last when there is none.
    pub(crate) fn first(&self) -> i64 {
        let snapshot = self.snapshot();
        let segment = snapshot.segments.first().map(|segment| segment.row().first);
        let held = || snapshot.groups.first().map(|stored| stored.cursor);
        let first = segment.or_else(held).unwrap_or(i64::MAX);
        first.min(self.durable())
    }

    /// The cursor for a place.
    pub(crate) fn cursor(&self, from: CursorFrom) -> Result<i64, Unreadable> {
        let received = match from {
            CursorFrom::Begin => return Ok(self.first()),
            CursorFrom::End => return Ok(self.durable()),
            CursorFrom::Received(received) => received,
        };
        let end = self.durable();
        let Snapshot {
            segments, groups, ..
        } = self.snapshot();
        for segment in segments {
            if i64::from(segment.row().max_received) < received {
                continue;
            }
            let found = first_received(&segment, received).map_err(|error| (segment, error))?;
            if let Some(cursor) = found {
                return Ok(cursor.min(end));
            }
        }
        let held = groups
            .iter()
            .find(|stored| i64::from(stored.received) >= received);
        Ok(held.map_or(end, |stored| stored.cursor.min(end)))
    }

    /// When the LogGroup at a cursor was received; at the end that of the last one. `None` when
    /// there are none.
    pub(crate) fn received_at(&self, cursor: i64) -> Result<Option<u32>, Unreadable> {
        let Snapshot {
            segments, groups, ..
        } = self.snapshot();
        if let Some(segment) = segments.iter().find(|segment| segment.row().next > cursor) {
            let received = received_in(segment, cursor);
            return received.map_err(|error| (Arc::clone(segment), error));
        }
        let held = groups.iter().find(|stored| stored.cursor >= cursor);
        let last = || segments.last().map(|segment| segment.row().max_received);
        let held = held.or(groups.last()).map(|stored| stored.received);
        Ok(held.or_else(last))
    }

    /// The `LogGroup`s from a cursor on, to before `end`.
    pub(crate) fn pull(
        &self,
        from: i64,
        end: Option<i64>,
        most: Most,
    ) -> Result<Pulled, Unreadable> {
        let end = end.unwrap_or(i64::MAX).min(self.durable());
        let Snapshot {
            segments, groups, ..
        } = self.snapshot();
        let mut pulling = Pulling {
            pulled: Pulled {
                next: from.max(end),
                ..Pulled::default()
            },
            writer: LogGroupWriter::new(),
            most,
        };
        for segment in segments {
            let row = segment.row();
            if row.next <= from {
                continue;
            }
            if row.first >= end || pulling.is_full() {
                break;
            }
            let outcome = pulling.add_segment(&segment, from, end);
            outcome.map_err(|error| (segment, error))?;
        }
        for stored in groups {
            if stored.cursor >= end || pulling.is_full() {
                break;
            }
            if stored.cursor >= from {
                write_columns(&stored.group, &mut pulling.writer);
                pulling.add(stored.cursor, stored.received);
            }
        }
        Ok(pulling.pulled)
    }
}

struct Pulling {
    pulled: Pulled,
    writer: LogGroupWriter,
    most: Most,
}

impl Pulling {
    fn is_full(&self) -> bool {
        self.pulled.count >= self.most.count || self.pulled.list.len() >= self.most.octets
    }

    /// Adds what the writer has.
    fn add(&mut self, cursor: i64, received: u32) {
        let Pulled {
            list,
            count,
            next,
            last,
        } = &mut self.pulled;
        append_log_group(list, self.writer.octets());
        *count += 1;
        *next = cursor.saturating_add(1);
        *last = Some((cursor, received));
    }

    fn add_segment(&mut self, segment: &Segment, from: i64, end: i64) -> Result<(), SegmentError> {
        for whole in segment.groups(from)? {
            let whole = whole?;
            if whole.cursor >= end {
                break;
            }
            write_rows(&whole.group, &mut self.writer);
            self.add(whole.cursor, whole.received);
            if self.is_full() {
                break;
            }
        }
        Ok(())
    }
}

/// The first LogGroup of a segment that was received at or after a time.
fn first_received(segment: &Segment, received: i64) -> Result<Option<i64>, SegmentError> {
    let reader = segment.read()?;
    for row_group in 0..reader.row_groups() {
        let bounds = reader.bounds(row_group, "__receive_time__");
        if bounds.is_some_and(|(_, latest)| latest < received) {
            continue;
        }
        let times = reader.lane(row_group, "__receive_time__")?;
        let late = |row: &usize| times.cell(*row).int().is_some_and(|at| at >= received);
        if let Some(row) = (0..reader.rows(row_group)).find(late) {
            return Ok(reader.lane(row_group, "__cursor__")?.cell(row).int());
        }
    }
    Ok(None)
}

/// When the first LogGroup of a segment at or behind a cursor was received.
fn received_in(segment: &Segment, cursor: i64) -> Result<Option<u32>, SegmentError> {
    let reader: Reader = segment.read()?;
    for row_group in 0..reader.row_groups() {
        let bounds = reader.bounds(row_group, "__cursor__");
        if bounds.is_some_and(|(_, last)| last < cursor) {
            continue;
        }
        let cursors = reader.lane(row_group, "__cursor__")?;
        let there = |row: &usize| cursors.cell(*row).int().is_some_and(|at| at >= cursor);
        if let Some(row) = (0..reader.rows(row_group)).find(there) {
            let received = reader.lane(row_group, "__receive_time__")?.cell(row).int();
            return Ok(received.and_then(|at| u32::try_from(at).ok()));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests;
