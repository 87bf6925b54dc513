//! What was read and has not arrived yet: a pure value.
//!
//! `LogGroup`s come in the order of their cursors and leave in shipments, several at once, but never
//! two of the same [`Lane`]. A shard's position is the cursor before which everything has arrived:
//! what is behind it is read again after a restart.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use flowlog_logstore::ReadGroup;

use crate::lane::Lane;

/// Rows that a shipment has at most, unless a single LogGroup has more.
pub(crate) const SHIPMENT_ROWS: usize = 8192;

/// What was read and has not arrived yet.
#[derive(Debug, Default)]
pub(crate) struct Window {
    shards: BTreeMap<u32, Shard>,
    /// The lanes of what is under way.
    busy: BTreeSet<Lane>,
    rows: usize,
}

#[derive(Debug, Default)]
struct Shard {
    /// The cursor of what is to be read next.
    next: i64,
    entries: VecDeque<Entry>,
}

#[derive(Debug)]
struct Entry {
    lane: Lane,
    group: ReadGroup,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Waiting,
    UnderWay,
    Arrived,
}

/// `LogGroup`s that leave together: of one shard and one lane, in their order.
#[derive(Clone, Debug)]
pub(crate) struct Shipment {
    pub(crate) shard: u32,
    pub(crate) lane: Lane,
    pub(crate) groups: Vec<ReadGroup>,
}

impl Shipment {
    pub(crate) fn rows(&self) -> usize {
        self.groups.iter().map(|group| group.group().rows()).sum()
    }
}

impl Window {
    /// A shard is read from this cursor on, unless it is being read already.
    pub(crate) fn begin(&mut self, shard: u32, cursor: i64) {
        self.shards.entry(shard).or_insert_with(|| Shard {
            next: cursor,
            entries: VecDeque::new(),
        });
    }

    /// A LogGroup was read.
    pub(crate) fn push(&mut self, shard: u32, lane: Lane, group: ReadGroup) {
        let shard = self.shards.entry(shard).or_default();
        shard.next = group.cursor().saturating_add(1);
        self.rows += group.group().rows();
        shard.entries.push_back(Entry {
            lane,
            group,
            state: State::Waiting,
        });
    }

    /// Everything before this cursor was read; what was not given here is none of ours.
    pub(crate) fn read_up_to(&mut self, shard: u32, next: i64) {
        let shard = self.shards.entry(shard).or_default();
        shard.next = shard.next.max(next);
    }

    /// Rows that have not arrived.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Whether nothing is waiting or under way.
    pub(crate) fn is_empty(&self) -> bool {
        self.shards.values().all(|shard| shard.entries.is_empty())
    }

    /// The shards that are being read, each with the cursor of what is to be read next.
    pub(crate) fn reads(&self) -> impl Iterator<Item = (u32, i64)> {
        let shards = self.shards.iter();
        shards.map(|(number, shard)| (*number, shard.next))
    }

    /// The shards that are being read, each with the cursor before which everything has arrived.
    pub(crate) fn positions(&self) -> impl Iterator<Item = (u32, i64)> {
        let shards = self.shards.iter();
        shards.map(|(number, shard)| (*number, shard.position()))
    }

    /// What may leave next: the oldest LogGroup whose lane is free, and those of its lane behind it.
    pub(crate) fn next(&mut self) -> Option<Shipment> {
        let busy = &self.busy;
        let free = |entry: &Entry| entry.state == State::Waiting && !busy.contains(&entry.lane);
        let mut found = self.shards.iter_mut().filter_map(|(number, shard)| {
            let at = shard.entries.iter().position(free)?;
            Some((*number, shard, at))
        });
        let (number, shard, at) = found.next()?;
        let lane = shard.entries.get(at)?.lane;
        let mut shipment = Shipment {
            shard: number,
            lane,
            groups: Vec::new(),
        };
        let mut rows = 0;
        for entry in shard.entries.range_mut(at..) {
            if entry.lane != lane {
                continue;
            }
            rows += entry.rows();
            if rows > SHIPMENT_ROWS && !shipment.groups.is_empty() {
                break;
            }
            entry.state = State::UnderWay;
            shipment.groups.push(entry.group.clone());
        }
        self.busy.insert(lane);
        Some(shipment)
    }

    /// A shipment has arrived, or was given up.
    pub(crate) fn arrived(&mut self, shipment: &Shipment) {
        self.settle(shipment);
        if let Some(shard) = self.shards.get_mut(&shipment.shard) {
            self.rows = self.rows.saturating_sub(shard.drop_arrived());
        }
    }

    /// Takes out the oldest LogGroup that is not under way: it is given up. `None` when there is
    /// none.
    pub(crate) fn give_up_oldest(&mut self) -> Option<ReadGroup> {
        for shard in self.shards.values_mut() {
            let waits = |entry: &Entry| entry.state == State::Waiting;
            if let Some(at) = shard.entries.iter().position(waits) {
                let entry = shard.entries.remove(at)?;
                let rows = entry.rows() + shard.drop_arrived();
                self.rows = self.rows.saturating_sub(rows);
                return Some(entry.group);
            }
        }
        None
    }

    fn settle(&mut self, shipment: &Shipment) {
        self.busy.remove(&shipment.lane);
        let Some(shard) = self.shards.get_mut(&shipment.shard) else {
            return;
        };
        for group in &shipment.groups {
            let cursor = group.cursor();
            let at = shard
                .entries
                .partition_point(|it| it.group.cursor() < cursor);
            let entry = shard.entries.get_mut(at);
            if let Some(entry) = entry.filter(|entry| entry.group.cursor() == cursor) {
                entry.state = State::Arrived;
            }
        }
    }
}

impl Shard {
    /// Lets go of what has arrived and has nothing before it; how many rows.
    fn drop_arrived(&mut self) -> usize {
        let mut rows = 0;
        while let Some(entry) = self.entries.front()
            && entry.state == State::Arrived
        {
            rows += entry.rows();
            self.entries.pop_front();
        }
        rows
    }

    fn position(&self) -> i64 {
        let front = self.entries.front();
        front.map_or(self.next, |entry| entry.group.cursor())
    }
}

impl Entry {
    fn rows(&self) -> usize {
        self.group.group().rows()
    }
}

#[cfg(test)]
mod tests;
