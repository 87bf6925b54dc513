//! The rows that no partition can make alone: `NODATA` and `SKIPDATA` (VPC; aggregation §4).
//!
//! Exporters of one resource may be in several partitions. Each partition says which resources have
//! reported in it, and gives a summary of each of them and each window when its pipeline time passes
//! `w + W + max(hold, Ta + jitter)`. The merger takes what all partitions say in the order of
//! pipeline time, of equals in the order of partitions, as far as all of them have come: a window of
//! a resource is decided by the last partition that owes a summary of it. So rows and their numbers
//! depend on the input alone, however partitions are spread over threads.
//!
//! # Where the rules leave a choice
//! - Of a window that was touched by loss there is one row `SKIPDATA`, whether other rows exist or
//!   not; `NODATA` is said only where nothing was lost. A resource had something when anything that
//!   is part of it had.
//! - The row names resource and window, no Exporter; `start` and `end` are the window's bounds. It
//!   carries no records, but counts as a row.
//! - Its number space is that of a partition behind the real ones, whose number is their count.
//! - At the end of a replay, or of a flow log, windows that are over are decided with what is known,
//!   reason *forced*; of a window that is not over only its loss is said, `end` at the present.

#[cfg(test)]
mod tests;

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec::Vec;

use flowlog_aggregate::{Given, News, Notice, Summary};
use flowlog_record::{
    Address, Distribution, FlowKey, FlowLogIndex, LogStatus, Present, Reason, ResourceIndex, Row,
    RowSampling, Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::state::{RestoreError, VERSION};

/// How often what nobody waits for any more is forgotten, by pipeline time.
const FORGET_MS: i64 = 60_000;

/// Makes one row of what all partitions say of a resource and a window.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Merger {
    lanes: Vec<Lane>,
    logs: BTreeMap<FlowLogIndex, Log>,
    rows: Vec<Row>,
    /// When something was forgotten last.
    forgot: i64,
}

/// What one partition has said.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Lane {
    /// Its pipeline time: what it says from now on is not earlier.
    now: Timestamp,
    waiting: VecDeque<Notice>,
}

/// One flow log.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Log {
    /// The number of the next row.
    number: u64,
    /// The partitions that give summaries of a resource, each from which window on.
    watched: BTreeMap<ResourceIndex, BTreeMap<u16, Timestamp>>,
    /// Windows that are not decided, or of which it was said that something was seen.
    open: BTreeMap<(Timestamp, ResourceIndex), Merged>,
}

/// What is known of a resource in a window.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Merged {
    /// The partitions that have given a summary.
    by: BTreeSet<u16>,
    /// The worst of when they did.
    given: Given,
    /// When it is of no use any more if no summary comes.
    until: Timestamp,
    end: Timestamp,
    seen: bool,
    touched: bool,
    lost_records: u64,
}

impl Merged {
    const NOTHING: Self = Self {
        by: BTreeSet::new(),
        given: Given::Due,
        until: Timestamp::MIN,
        end: Timestamp::MIN,
        seen: false,
        touched: false,
        lost_records: 0,
    };

    fn add(&mut self, partition: u16, summary: &Summary) {
        self.by.insert(partition);
        self.given = self.given.max(summary.given);
        self.end = self.end.max(summary.end);
        self.seen |= summary.seen;
        self.touched |= summary.touched;
        self.lost_records = self.lost_records.saturating_add(summary.lost_records);
    }

    /// What there is to say, if anything.
    const fn status(&self) -> Option<LogStatus> {
        if self.touched {
            let lost_records = self.lost_records;
            return Some(LogStatus::SkipData { lost_records });
        }
        if self.seen || matches!(self.given, Given::Unfinished) {
            return None;
        }
        Some(LogStatus::NoData)
    }
}

impl Merger {
    /// For so many partitions, which know nothing yet.
    pub fn new(partitions: u16) -> Self {
        let lane = || Lane {
            now: Timestamp::MIN,
            waiting: VecDeque::new(),
        };
        Self {
            lanes: (0..partitions).map(|_| lane()).collect(),
            logs: BTreeMap::new(),
            rows: Vec::new(),
            forgot: i64::MIN,
        }
    }

    /// What a partition has said ([`Partition::take_notices`](crate::Partition::take_notices)), and
    /// its pipeline time.
    pub fn handle_notices(&mut self, partition: u16, now: Timestamp, notices: Vec<Notice>) {
        if let Some(lane) = self.lanes.get_mut(usize::from(partition)) {
            lane.now = lane.now.max(now);
            lane.waiting.extend(notices);
        }
    }

    /// Goes on as far as all partitions have come.
    pub fn advance(&mut self) {
        // What a partition says at its present time may not be all that it will say of it.
        let reached = self.lanes.iter().map(|lane| lane.now).min();
        self.advance_to(reached.unwrap_or(Timestamp::MIN));
    }

    /// All partitions are finished, and all that they said was handed over.
    pub fn finish(&mut self) {
        self.advance_to(Timestamp::MAX);
    }

    /// A partition has lost its state: it owes no summaries any more.
    pub fn forget_partition(&mut self, partition: u16) {
        if let Some(lane) = self.lanes.get_mut(usize::from(partition)) {
            lane.now = Timestamp::MIN;
            lane.waiting.clear();
        }
        for log in self.logs.values_mut() {
            for partitions in log.watched.values_mut() {
                partitions.remove(&partition);
            }
            // What waits for this partition alone is given up with it.
            let watched = &log.watched;
            log.open
                .retain(|key, merged| merged.by.is_empty() || !is_complete(watched, *key, merged));
        }
    }

    /// The rows that have been decided since it was last asked, in the order of their numbers.
    pub fn take_rows(&mut self) -> Vec<Row> {
        core::mem::take(&mut self.rows)
    }

    /// Rows that could not be delivered come back, before those that were decided after them.
    pub fn put_back_rows(&mut self, mut rows: Vec<Row>) {
        rows.append(&mut self.rows);
        self.rows = rows;
    }

    /// The partition that numbers its rows: the one behind the real ones.
    pub fn number(&self) -> u16 {
        u16::try_from(self.lanes.len()).unwrap_or(u16::MAX)
    }

    /// How many rows it has made for each flow log.
    pub fn row_counts(&self) -> impl Iterator<Item = (FlowLogIndex, u64)> {
        self.logs.iter().map(|(index, log)| (*index, log.number))
    }

    /// Everything it knows, as octets; rows that were not taken yet with it.
    pub fn save(&self) -> Vec<u8> {
        // Encoding into memory fails for no value of these types.
        postcard::to_allocvec(&(VERSION, self)).unwrap_or_default()
    }

    /// What [`Merger::save`] wrote.
    ///
    /// # Errors
    /// [`RestoreError`]; nothing of damaged state is used.
    pub fn restore(octets: &[u8]) -> Result<Self, RestoreError> {
        let (version, rest) =
            postcard::take_from_bytes::<u16>(octets).map_err(|_| RestoreError::Damaged)?;
        if version != VERSION {
            return Err(RestoreError::Version(version));
        }
        postcard::from_bytes(rest).map_err(|_| RestoreError::Damaged)
    }

    /// Takes what was said before `reached`, in the order of pipeline time.
    fn advance_to(&mut self, reached: Timestamp) {
        let mut said: Vec<(Timestamp, u16, Notice)> = Vec::new();
        for (partition, lane) in (0..).zip(&mut self.lanes) {
            while let Some(notice) = lane.waiting.pop_front_if(|notice| notice.at < reached) {
                said.push((notice.at, partition, notice));
            }
        }
        // Stable: what one partition said stays in its order.
        said.sort_by_key(|(at, partition, _)| (*at, *partition));
        for (at, partition, notice) in said {
            self.forget_old(at);
            let log = self.logs.entry(notice.flow_log).or_default();
            self.rows.extend(log.take(partition, &notice));
        }
    }

    fn forget_old(&mut self, now: Timestamp) {
        if now.millis() < self.forgot.saturating_add(FORGET_MS) {
            return;
        }
        self.forgot = now.millis();
        for log in self.logs.values_mut() {
            log.open
                .retain(|_, merged| !merged.by.is_empty() || merged.until > now);
        }
    }
}

impl Log {
    /// Takes what a partition says; the row that is decided by it.
    fn take(&mut self, partition: u16, notice: &Notice) -> Option<Row> {
        let resource = notice.resource;
        match notice.news {
            News::Watched { from } => {
                let partitions = self.watched.entry(resource).or_default();
                partitions.insert(partition, from);
            }
            News::Unwatched => {
                if let Some(partitions) = self.watched.get_mut(&resource) {
                    partitions.remove(&partition);
                    if partitions.is_empty() {
                        self.watched.remove(&resource);
                    }
                }
            }
            News::Seen { window, until } => {
                let key = (window, resource);
                let merged = self.open.entry(key).or_insert(Merged::NOTHING);
                merged.seen = true;
                merged.until = merged.until.max(until);
            }
            News::Summary(summary) => {
                let key = (summary.window, resource);
                let merged = self.open.entry(key).or_insert(Merged::NOTHING);
                merged.add(partition, &summary);
                if is_complete(&self.watched, key, merged) {
                    return self.decide(key, notice);
                }
            }
        }
        None
    }

    fn decide(
        &mut self,
        (window, resource): (Timestamp, ResourceIndex),
        notice: &Notice,
    ) -> Option<Row> {
        let merged = self.open.remove(&(window, resource))?;
        let status = merged.status()?;
        let number = self.number;
        self.number = number.wrapping_add(1);
        Some(Row {
            flow_log: notice.flow_log,
            exporter: Address::UNSPECIFIED,
            key: FlowKey {
                path: 255,
                resource,
                ..FlowKey::default()
            },
            has_source: false,
            has_destination: false,
            present: Present::default(),
            start: window,
            end: merged.end.min(notice.at),
            window: Some(window),
            packets: 0,
            octets: 0,
            packets_raw: 0,
            octets_raw: 0,
            sampling: RowSampling::UnknownOrMixed,
            tcp_flags: 0,
            distribution: Distribution::Direct,
            late: false,
            reason: match merged.given {
                Given::Due => Reason::Window,
                Given::Forced | Given::Unfinished => Reason::Forced,
            },
            status,
            left_at: notice.at,
            number,
            records: 0,
            extra: None,
        })
    }
}

/// Whether every partition that owes a summary of this window has given it.
fn is_complete(
    watched: &BTreeMap<ResourceIndex, BTreeMap<u16, Timestamp>>,
    (window, resource): (Timestamp, ResourceIndex),
    merged: &Merged,
) -> bool {
    let mut partitions = watched.get(&resource).into_iter().flatten();
    partitions.all(|(partition, from)| *from > window || merged.by.contains(partition))
}
