//! The logs of a search: the right page of them, in the order of their time.
//!
//! While the search goes on, only the places of the best rows are kept, neither files nor columns;
//! their keys and values are read at the end, few rows of a row group at a time.

use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;

use flowlog_sls::{Error, GetLogsRequest, LogRow};

use super::scan::{Hits, Scan, place};
use crate::chunk::{Chunk, Field, Part};
use crate::segment::{Segment, SegmentError};
use crate::settings::QueryLimits;
use crate::shard::Stored;

/// Where a row stands in the order of all: time, nanoseconds, shard, cursor, place in the
/// `LogGroup`. Shards give the same cursors.
pub(super) type Order = (i64, i64, i64, i64, i64);

/// A row that may be on the page.
pub(super) struct Candidate {
    /// Smaller is better.
    pub(super) rank: Rank,
    pub(super) source: Source,
    pub(super) row: u32,
}

/// An order, or the reverse of one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Rank {
    pub(super) order: Order,
    pub(super) reverse: bool,
}

impl Ord for Rank {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let order = self.order.cmp(&other.order);
        if self.reverse { order.reverse() } else { order }
    }
}

impl PartialOrd for Rank {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// Where a row can be read again.
#[derive(Clone)]
pub(super) enum Source {
    Held(Arc<Stored>),
    RowGroup(Arc<Segment>, usize),
}

impl Source {
    /// Where the rows of a chunk are; `None` when that cannot be told.
    pub(super) fn of(hits: &Hits) -> Option<Self> {
        match (hits.chunk.part(), &hits.segment) {
            (Part::Group(stored), _) => Some(Self::Held(Arc::clone(stored))),
            (Part::RowGroup(_, at), Some(segment)) => {
                Some(Self::RowGroup(Arc::clone(segment), *at))
            }
            (Part::RowGroup(..), None) => None,
        }
    }
}

/// The rows of the page that the request asks for; `show` may add to each of them.
pub(super) fn search(
    scan: &mut Scan,
    request: &GetLogsRequest,
    limits: &QueryLimits,
    show: impl Fn(&mut LogRow, Order),
) -> Result<Vec<LogRow>, Error> {
    let too_far = || {
        let message = format!("offset and line reach beyond row {}", limits.rows);
        Error::parameter(message)
    };
    let (offset, line) = request.page()?;
    let most = usize::try_from(offset.saturating_add(line)).map_err(|_| too_far())?;
    if most > limits.rows {
        return Err(too_far());
    }
    let mut page = Page::new(most, request.reverse);
    while let Some(hits) = scan.next_hits() {
        let segment = hits.segment.clone();
        if let Err(error) = page.add(&hits) {
            scan.give_up(segment, error);
        }
    }
    let best = page.sorted();
    let shown = best.get(usize::try_from(offset).map_err(|_| too_far())?..);
    let shown = shown.unwrap_or_default();
    let mut rows = placed(scan, shown, limits)?;
    for (at, row) in &mut rows {
        if let Some(candidate) = shown.get(*at) {
            show(row, candidate.rank.order);
        }
    }
    Ok(rows.into_values().collect())
}

/// The best rows so far, the worst of them on top.
pub(super) struct Page {
    most: usize,
    reverse: bool,
    best: BinaryHeap<Candidate>,
}

impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.rank.cmp(&other.rank)
    }
}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Candidate {
    fn eq(&self, other: &Self) -> bool {
        self.rank == other.rank
    }
}

impl Eq for Candidate {}

impl Page {
    /// A page of the `most` rows that come first, or last.
    pub(super) fn new(most: usize, reverse: bool) -> Self {
        Self {
            most,
            reverse,
            best: BinaryHeap::new(),
        }
    }

    /// Takes a row if it belongs to the best.
    pub(super) fn offer(&mut self, order: Order, source: &Source, row: u32) {
        let reverse = self.reverse;
        let rank = Rank { order, reverse };
        let is_better = self.best.peek().is_none_or(|worst| rank < worst.rank);
        if self.most == 0 || (self.best.len() >= self.most && !is_better) {
            return;
        }
        self.best.push(Candidate {
            rank,
            source: source.clone(),
            row,
        });
        if self.best.len() > self.most {
            self.best.pop();
        }
    }

    /// The best rows, the first of them first.
    pub(super) fn sorted(self) -> Vec<Candidate> {
        self.best.into_sorted_vec()
    }

    fn add(&mut self, hits: &Hits) -> Result<(), SegmentError> {
        let Some(source) = Source::of(hits) else {
            return Ok(());
        };
        let times = hits.chunk.lane(&Field::Time)?;
        for row in hits.rows.iter() {
            let time = times.cell(place(row)).int().unwrap_or(0);
            if self.most == 0 || self.is_worse(time) {
                continue;
            }
            let parts = hits.chunk.lane(&Field::TimeNs)?;
            let ns = parts.cell(place(row)).int().unwrap_or(0);
            let (cursor, position) = hits.chunk.place(place(row))?;
            self.offer((time, ns, hits.shard, cursor, position), &source, row);
        }
        Ok(())
    }

    /// Whether a row of this second cannot be on the page.
    fn is_worse(&self, time: i64) -> bool {
        let Some(worst) = self.best.peek().filter(|_| self.best.len() >= self.most) else {
            return false;
        };
        let (second, ..) = worst.rank.order;
        if self.reverse {
            time < second
        } else {
            time > second
        }
    }
}

/// Rows of one row group: their places on the page and in the row group.
type Wanted = (Arc<Segment>, Vec<(usize, u32)>);

/// The logs of the candidates by their place among them; those of damaged segments are left out.
pub(super) fn placed(
    scan: &mut Scan,
    candidates: &[Candidate],
    limits: &QueryLimits,
) -> Result<BTreeMap<usize, LogRow>, Error> {
    let mut rows: BTreeMap<usize, LogRow> = BTreeMap::new();
    let mut stored: BTreeMap<(i64, i64, usize), Wanted> = BTreeMap::new();
    for (at, candidate) in candidates.iter().enumerate() {
        match &candidate.source {
            Source::Held(group) => {
                let chunk = Chunk::new(Part::Group(Arc::clone(group)));
                match log(&chunk, place(candidate.row)) {
                    Ok(row) => drop(rows.insert(at, row)),
                    Err(error) => scan.give_up(None, error),
                }
            }
            Source::RowGroup(segment, row_group) => {
                let key = (segment.row().shard, segment.row().first, *row_group);
                let wanted = stored.entry(key);
                let wanted = wanted.or_insert_with(|| (Arc::clone(segment), Vec::new()));
                wanted.1.push((at, candidate.row));
            }
        }
    }
    for ((.., row_group), (segment, wanted)) in stored {
        match read(&segment, row_group, wanted) {
            Ok(found) => rows.extend(found),
            Err(error) => scan.give_up(Some(segment), error),
        }
        if octets(rows.values()) > limits.octets {
            return Err(Error::parameter(
                "the logs are too large; ask for fewer with line",
            ));
        }
    }
    Ok(rows)
}

fn read(
    segment: &Segment,
    row_group: usize,
    mut wanted: Vec<(usize, u32)>,
) -> Result<Vec<(usize, LogRow)>, SegmentError> {
    wanted.sort_unstable_by_key(|(_, row)| *row);
    let reader = Arc::new(segment.read()?);
    let only: Vec<u32> = wanted.iter().map(|(_, row)| *row).collect();
    let chunk = Chunk::few(reader, row_group, only);
    let row = |(few, (at, _)): (usize, (usize, u32))| Ok((at, log(&chunk, few)?));
    wanted.into_iter().enumerate().map(row).collect()
}

fn octets<'a>(rows: impl Iterator<Item = &'a LogRow>) -> usize {
    rows.flat_map(|row| &row.0)
        .map(|(key, value)| key.len() + value.len())
        .sum()
}

/// A log as it is answered.
fn log(chunk: &Chunk, row: usize) -> Result<LogRow, SegmentError> {
    let mut scratch = Vec::new();
    let mut text = |field: &Field| -> Result<Option<String>, SegmentError> {
        let lane = chunk.lane(field)?;
        let cell = lane.cell(row);
        Ok(cell
            .text(&mut scratch)
            .map(|text| String::from_utf8_lossy(text).into_owned()))
    };
    let mut pairs = Vec::new();
    for (name, field) in [
        ("__time__", Field::Time),
        ("__source__", Field::Source),
        ("__topic__", Field::Topic),
        ("__time_ns_part__", Field::TimeNs),
    ] {
        pairs.extend(text(&field)?.map(|text| (name.to_owned(), text)));
    }
    for (key, value) in chunk.tags(row)? {
        pairs.push((format!("__tag__:{key}"), value.to_string()));
    }
    chunk.contents(row, |key, value| {
        pairs.push((key.to_string(), String::from_utf8_lossy(value).into_owned()));
    })?;
    Ok(LogRow(pairs))
}

/// The keys of all rows, in the order in which they first occur.
pub(super) fn keys(rows: &[LogRow]) -> Vec<String> {
    let mut places = BTreeMap::new();
    for (key, _) in rows.iter().flat_map(|row| &row.0) {
        let next = places.len();
        places.entry(key).or_insert(next);
    }
    let mut keys: Vec<_> = places.into_iter().collect();
    keys.sort_by_key(|(_, place)| *place);
    keys.into_iter().map(|(key, _)| key.clone()).collect()
}
