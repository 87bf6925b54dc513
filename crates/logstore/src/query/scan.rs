//! The rows that a query has to look at: chunks in the time range, and which of their rows a
//! search finds.

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use flowlog_sls::TimeRange;
use flowlog_sls::query::Search;

use super::Selection;
use super::found::Found;
use crate::chunk::{Chunk, Field, Part};
use crate::segment::{Reader, Segment, SegmentError};
use crate::shard::{Snapshot, Stored};
use crate::stats::{Counters, count};

/// What is looked for.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) time: TimeRange,
    /// Only this topic; empty for all.
    pub(crate) topic: String,
    pub(crate) search: Search,
}

/// Rows of one chunk that were found.
pub(crate) struct Hits {
    pub(crate) chunk: Chunk,
    pub(crate) rows: Selection,
    /// Where the chunk is from, if it is from a segment.
    pub(crate) segment: Option<Arc<Segment>>,
    /// The shard that has it.
    pub(crate) shard: i64,
    /// With the number of a row added, it is another for every row, and the same in every scan of
    /// the same snapshots.
    pub(crate) base: i64,
}

/// When a query has begun and when it has to end, by a clock that does not jump.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    begun: Instant,
    within: Duration,
}

impl Deadline {
    /// The present.
    #[expect(
        clippy::disallowed_methods,
        reason = "the edge measures how long a query takes"
    )]
    fn now() -> Instant {
        Instant::now()
    }

    pub(crate) fn within(within: Duration) -> Self {
        Self {
            begun: Self::now(),
            within,
        }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        Self::now().saturating_duration_since(self.begun)
    }

    pub(crate) fn has_passed(&self) -> bool {
        self.elapsed() > self.within
    }
}

/// Goes through a snapshot, chunk by chunk.
pub(crate) struct Scan {
    look: Look,
    sources: std::vec::IntoIter<Source>,
    /// Row groups of the open segment that are still to be read.
    open: Option<Open>,
    /// Segments that could not be read.
    pub(crate) unreadable: Vec<(Arc<Segment>, SegmentError)>,
    /// The deadline came before the end.
    pub(crate) too_late: bool,
    /// Rows looked at.
    pub(crate) rows: u64,
}

struct Open {
    segment: Arc<Segment>,
    reader: Arc<Reader>,
    row_groups: Range<usize>,
    number: i64,
}

/// What is to be read, and its number among all of the snapshots.
enum Source {
    Segment(Arc<Segment>, i64),
    /// With the shard that has it.
    Group(Arc<Stored>, i64, i64),
}

/// Rows to look at, and where they are from; see [`Hits`].
#[derive(Clone)]
pub(crate) struct Unit {
    pub(crate) part: Part,
    pub(crate) segment: Option<Arc<Segment>>,
    shard: i64,
    base: i64,
}

/// What a thread needs to look at a unit.
#[derive(Clone)]
pub(crate) struct Look {
    wanted: Arc<Wanted>,
    counters: Arc<Counters>,
    deadline: Deadline,
}

/// Bits of a row's number in its row group, and of a row group's in its segment.
const ROW_BITS: u32 = 24;
const ROW_GROUP_BITS: u32 = 16;

impl Scan {
    pub(crate) fn new(
        wanted: Arc<Wanted>,
        counters: Arc<Counters>,
        deadline: Deadline,
        shards: Vec<Snapshot>,
    ) -> Self {
        let mut sources = Vec::new();
        let mut numbers = 0..;
        for Snapshot {
            shard,
            segments,
            groups,
        } in shards
        {
            for segment in segments {
                let number = numbers.next().unwrap_or(i64::MAX);
                let row = segment.row();
                if wanted.overlaps(row.min_time.into(), row.max_time.into()) {
                    sources.push(Source::Segment(segment, number));
                }
            }
            for stored in groups {
                let number = numbers.next().unwrap_or(i64::MAX);
                if wanted.overlaps(stored.times.0.into(), stored.times.1.into()) {
                    sources.push(Source::Group(stored, shard, number));
                }
            }
        }
        let look = Look {
            wanted,
            counters,
            deadline,
        };
        Self {
            look,
            sources: sources.into_iter(),
            open: None,
            unreadable: Vec::new(),
            too_late: false,
            rows: 0,
        }
    }

    /// The next chunk in which something was found.
    pub(crate) fn next_hits(&mut self) -> Option<Hits> {
        loop {
            if self.look.is_too_late() {
                self.too_late = true;
                return None;
            }
            let Unit {
                part,
                segment,
                shard,
                base,
            } = self.next_unit()?;
            let chunk = Chunk::new(part);
            let (looked_at, found) = self.look.find(&chunk);
            self.rows += looked_at;
            match found {
                Ok(rows) if rows.is_empty() => {}
                Ok(rows) => {
                    return Some(Hits {
                        chunk,
                        rows,
                        segment,
                        shard,
                        base,
                    });
                }
                Err(error) => self.give_up(segment, error),
            }
        }
    }

    /// What several threads may share.
    pub(crate) fn look(&self) -> Look {
        self.look.clone()
    }

    /// What is to be looked at next, at most so many; nothing at the end.
    pub(crate) fn next_units(&mut self, most: usize) -> Vec<Unit> {
        let mut units = Vec::new();
        while units.len() < most
            && let Some(unit) = self.next_unit()
        {
            units.push(unit);
        }
        units
    }

    /// Whether a segment was given up.
    pub(crate) fn is_given_up(&self, segment: &Arc<Segment>) -> bool {
        let mut given_up = self.unreadable.iter();
        given_up.any(|(known, _)| Arc::ptr_eq(known, segment))
    }

    /// Leaves out what is left of a segment.
    pub(crate) fn give_up(&mut self, segment: Option<Arc<Segment>>, error: SegmentError) {
        let Some(segment) = segment else { return };
        let is_open = |open: &mut Open| Arc::ptr_eq(&open.segment, &segment);
        self.open.take_if(is_open);
        if !self.is_given_up(&segment) {
            self.unreadable.push((segment, error));
        }
    }

    fn next_unit(&mut self) -> Option<Unit> {
        loop {
            if let Some(Open {
                segment,
                reader,
                row_groups,
                number,
            }) = &mut self.open
            {
                if let Some(row_group) = row_groups.next() {
                    let part = Part::RowGroup(Arc::clone(reader), row_group);
                    return Some(Unit {
                        part,
                        shard: segment.row().shard,
                        segment: Some(Arc::clone(segment)),
                        base: base(*number, row_group),
                    });
                }
                self.open = None;
            }
            match self.sources.next()? {
                Source::Group(stored, shard, number) => {
                    return Some(Unit {
                        part: Part::Group(stored),
                        segment: None,
                        shard,
                        base: base(number, 0),
                    });
                }
                Source::Segment(segment, number) => match segment.read() {
                    Ok(reader) => {
                        let row_groups = 0..reader.row_groups();
                        self.open = Some(Open {
                            segment,
                            reader: Arc::new(reader),
                            row_groups,
                            number,
                        });
                    }
                    Err(error) => self.unreadable.push((segment, error)),
                },
            }
        }
    }
}

impl Look {
    /// Whether there is no time left.
    pub(crate) fn is_too_late(&self) -> bool {
        self.deadline.has_passed()
    }

    /// How many rows of a chunk were looked at, and those of them that are wanted.
    pub(crate) fn find(&self, chunk: &Chunk) -> (u64, Result<Selection, SegmentError>) {
        let Self {
            wanted, counters, ..
        } = self;
        let bounds = chunk.times();
        let in_time = bounds.is_none_or(|(least, greatest)| wanted.overlaps(least, greatest));
        let stored = u64::from(chunk.is_stored());
        if !in_time || !super::found::possible(&wanted.search, chunk) {
            count(&counters.row_groups_skipped, stored);
            return (0, Ok(Selection::Some(Vec::new())));
        }
        count(&counters.row_groups_read, stored);
        let rows = u64::try_from(chunk.rows()).unwrap_or(0);
        (rows, wanted.found(chunk, bounds))
    }
}

impl Drop for Scan {
    fn drop(&mut self) {
        count(&self.look.counters.rows_scanned, self.rows);
    }
}

impl Wanted {
    /// Whether rows between these seconds may be wanted.
    fn overlaps(&self, least: i64, greatest: i64) -> bool {
        least < self.time.to_seconds() && greatest >= self.time.from_seconds()
    }

    /// Whether all rows between these seconds are inside, whatever their nanoseconds.
    fn covers(&self, least: i64, greatest: i64) -> bool {
        self.time.contains(least, 0) && self.time.contains(greatest, 999_999_999)
    }

    /// The rows of a chunk that are wanted; `bounds` are those of its times.
    fn found(&self, chunk: &Chunk, bounds: Option<(i64, i64)>) -> Result<Selection, SegmentError> {
        let Some(found) = Found::new(&self.search, chunk)? else {
            return Ok(Selection::Some(Vec::new()));
        };
        let mut rows = found.selection();
        if !bounds.is_some_and(|(least, greatest)| self.covers(least, greatest)) {
            self.keep_in_time(chunk, &mut rows)?;
        }
        if !self.topic.is_empty() && !rows.is_empty() {
            let topics = chunk.lane(&Field::Topic)?;
            let topic = crate::batch::Cell::Octets(self.topic.as_bytes());
            rows.retain(|row| topics.cell(place(row)) == topic);
        }
        Ok(rows)
    }

    fn keep_in_time(&self, chunk: &Chunk, rows: &mut Selection) -> Result<(), SegmentError> {
        let times = chunk.lane(&Field::Time)?;
        let parts = chunk.lane(&Field::TimeNs)?;
        rows.retain(|row| {
            let seconds = times.cell(place(row)).int();
            let ns = parts
                .cell(place(row))
                .int()
                .and_then(|ns| u32::try_from(ns).ok());
            seconds.is_some_and(|seconds| self.time.contains(seconds, ns.unwrap_or(0)))
        });
        Ok(())
    }
}

/// See [`Hits::base`].
fn base(number: i64, row_group: usize) -> i64 {
    let row_group = i64::try_from(row_group).unwrap_or(i64::MAX);
    let place = number << ROW_GROUP_BITS | row_group & ((1 << ROW_GROUP_BITS) - 1);
    place << ROW_BITS
}

/// A row number as an index.
pub(crate) fn place(row: u32) -> usize {
    usize::try_from(row).unwrap_or(usize::MAX)
}
