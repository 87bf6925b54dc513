//! The logs of a search: the right page of them, in the order of their time.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::rc::Rc;
use std::sync::Arc;

use flowlog_sls::{Error, GetLogsRequest, LogRow};

use super::scan::{Hits, Scan, place};
use crate::chunk::{Chunk, Field};
use crate::segment::{Segment, SegmentError};
use crate::settings::QueryLimits;

/// Where a row stands in the order of all: time, nanoseconds, cursor, place in the LogGroup.
type Order = (i64, i64, i64, i64);

/// A row that may be on the page.
struct Candidate {
    order: Order,
    chunk: Rc<Open>,
    row: u32,
}

struct Open {
    chunk: Chunk,
    segment: Option<Arc<Segment>>,
}

/// The rows of the page that the request asks for.
pub(super) fn search(
    scan: &mut Scan,
    request: &GetLogsRequest,
    limits: &QueryLimits,
) -> Result<Vec<LogRow>, Error> {
    let (offset, line) = request.page()?;
    let (Ok(offset), Ok(line)) = (usize::try_from(offset), usize::try_from(line)) else {
        return Err(too_far(limits.rows));
    };
    let most = offset.saturating_add(line);
    if most > limits.rows {
        return Err(too_far(limits.rows));
    }
    let mut page = Page {
        most,
        reverse: request.reverse,
        best: BinaryHeap::new(),
    };
    while let Some(hits) = scan.next_hits() {
        let segment = hits.segment.clone();
        if let Err(error) = page.add(hits) {
            scan.give_up(segment, error);
        }
    }
    let mut rows = Vec::new();
    for candidate in page.into_sorted().into_iter().skip(offset) {
        match log(
            &candidate.chunk.chunk,
            place(candidate.row),
            candidate.order,
        ) {
            Ok(row) => rows.push(row),
            Err(error) => scan.give_up(candidate.chunk.segment.clone(), error),
        }
    }
    Ok(rows)
}

fn too_far(most: usize) -> Error {
    Error::parameter(format!("offset and line reach beyond row {most}"))
}

/// The best rows so far, the worst of them on top.
struct Page {
    most: usize,
    reverse: bool,
    best: BinaryHeap<Ranked>,
}

struct Ranked {
    /// Smaller is better.
    rank: Result<Order, Reverse<Order>>,
    candidate: Candidate,
}

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.rank.cmp(&other.rank)
    }
}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ranked {
    fn eq(&self, other: &Self) -> bool {
        self.rank == other.rank
    }
}

impl Eq for Ranked {}

impl Page {
    fn add(&mut self, hits: Hits) -> Result<(), SegmentError> {
        if self.most == 0 {
            return Ok(());
        }
        let open = Rc::new(Open {
            chunk: hits.chunk,
            segment: hits.segment,
        });
        let times = open.chunk.lane(&Field::Time)?;
        for row in hits.rows {
            let time = times.cell(place(row)).int().unwrap_or(0);
            if self.is_worse(time) {
                continue;
            }
            let parts = open.chunk.lane(&Field::TimeNs)?;
            let ns = parts.cell(place(row)).int().unwrap_or(0);
            let (cursor, position) = open.chunk.place(place(row))?;
            let order = (time, ns, cursor, position);
            let rank = if self.reverse {
                Err(Reverse(order))
            } else {
                Ok(order)
            };
            let candidate = Candidate {
                order,
                chunk: Rc::clone(&open),
                row,
            };
            self.best.push(Ranked { rank, candidate });
            if self.best.len() > self.most {
                self.best.pop();
            }
        }
        Ok(())
    }

    /// Whether a row of this second cannot be on the page.
    fn is_worse(&self, time: i64) -> bool {
        let Some(worst) = self.best.peek().filter(|_| self.best.len() >= self.most) else {
            return false;
        };
        let (second, ..) = worst.candidate.order;
        if self.reverse {
            time < second
        } else {
            time > second
        }
    }

    fn into_sorted(self) -> Vec<Candidate> {
        self.best
            .into_sorted_vec()
            .into_iter()
            .map(|ranked| ranked.candidate)
            .collect()
    }
}

/// A log as it is answered.
fn log(chunk: &Chunk, row: usize, order: Order) -> Result<LogRow, SegmentError> {
    let mut scratch = Vec::new();
    let mut text = |field: &Field| -> Result<Option<String>, SegmentError> {
        let lane = chunk.lane(field)?;
        let cell = lane.cell(row);
        Ok(cell
            .text(&mut scratch)
            .map(|text| String::from_utf8_lossy(text).into_owned()))
    };
    let mut pairs = vec![
        ("__time__".to_owned(), order.0.to_string()),
        (
            "__source__".to_owned(),
            text(&Field::Source)?.unwrap_or_default(),
        ),
        (
            "__topic__".to_owned(),
            text(&Field::Topic)?.unwrap_or_default(),
        ),
    ];
    if let Some(ns) = text(&Field::TimeNs)? {
        pairs.push(("__time_ns_part__".to_owned(), ns));
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
