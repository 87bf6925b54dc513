//! The rows that a query has to look at: chunks in the time range, and which of their rows a
//! search finds.

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use flowlog_sls::TimeRange;
use flowlog_sls::query::Search;

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
    /// Ascending.
    pub(crate) rows: Vec<u32>,
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
    wanted: Arc<Wanted>,
    counters: Arc<Counters>,
    deadline: Deadline,
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

/// Rows to look at, and where they are from.
struct Next {
    chunk: Chunk,
    segment: Option<Arc<Segment>>,
    shard: i64,
    base: i64,
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
        Self {
            wanted,
            counters,
            deadline,
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
            if self.deadline.has_passed() {
                self.too_late = true;
                return None;
            }
            let Next {
                chunk,
                segment,
                shard,
                base,
            } = self.next_chunk()?;
            match self.find(&chunk) {
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

    /// Leaves out what is left of a segment.
    pub(crate) fn give_up(&mut self, segment: Option<Arc<Segment>>, error: SegmentError) {
        self.open = None;
        if let Some(segment) = segment {
            self.unreadable.push((segment, error));
        }
    }

    fn next_chunk(&mut self) -> Option<Next> {
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
                    return Some(Next {
                        chunk: Chunk::new(part),
                        shard: segment.row().shard,
                        segment: Some(Arc::clone(segment)),
                        base: base(*number, row_group),
                    });
                }
                self.open = None;
            }
            match self.sources.next()? {
                Source::Group(stored, shard, number) => {
                    return Some(Next {
                        chunk: Chunk::new(Part::Group(stored)),
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

    /// The rows that are wanted.
    fn find(&mut self, chunk: &Chunk) -> Result<Vec<u32>, SegmentError> {
        let bounds = chunk.times();
        let in_time = bounds.is_none_or(|(least, greatest)| self.wanted.overlaps(least, greatest));
        if !in_time || !super::found::possible(&self.wanted.search, chunk) {
            count(
                &self.counters.row_groups_skipped,
                u64::from(chunk.is_stored()),
            );
            return Ok(Vec::new());
        }
        count(&self.counters.row_groups_read, u64::from(chunk.is_stored()));
        self.rows += u64::try_from(chunk.rows()).unwrap_or(0);
        let Some(found) = Found::new(&self.wanted.search, chunk)? else {
            return Ok(Vec::new());
        };
        let mut rows: Vec<u32> = (0..u32::try_from(chunk.rows()).unwrap_or(u32::MAX)).collect();
        if !bounds.is_some_and(|(least, greatest)| self.wanted.covers(least, greatest)) {
            self.wanted.keep_in_time(chunk, &mut rows)?;
        }
        if !self.wanted.topic.is_empty() && !rows.is_empty() {
            let topics = chunk.lane(&Field::Topic)?;
            let topic = crate::batch::Cell::Octets(self.wanted.topic.as_bytes());
            rows.retain(|row| topics.cell(place(*row)) == topic);
        }
        if !found.all() {
            rows.retain(|row| found.has(place(*row)));
        }
        Ok(rows)
    }
}

impl Drop for Scan {
    fn drop(&mut self) {
        count(&self.counters.rows_scanned, self.rows);
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

    fn keep_in_time(&self, chunk: &Chunk, rows: &mut Vec<u32>) -> Result<(), SegmentError> {
        let times = chunk.lane(&Field::Time)?;
        let parts = chunk.lane(&Field::TimeNs)?;
        rows.retain(|row| {
            let seconds = times.cell(place(*row)).int();
            let ns = parts
                .cell(place(*row))
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
