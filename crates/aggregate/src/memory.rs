//! The flow memory (aggregation §5): what is remembered of flows whose Exporter reports totals, or
//! deltas with the start of the connection.
//!
//! It turns a batch of settled records into records whose counters are deltas and whose interval
//! is the one that these cover. A record that is older than what is known of its flow, and has no
//! more than that, came out of order and adds nothing: it counts as a baseline, as the record that
//! overtook it has told it all.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use flowlog_record::{
    Address, ExporterId, Fields, FlowRecord, HashKey, ObservationDomain, Timestamp,
};
use hashbrown::HashTable;
use serde::{Deserialize, Serialize};

use crate::key::{fold, joined, split_u128};
use crate::rules::Origin;
use crate::state::{RestoreError, VERSION, behind_version};

/// A start that moved by no more than this is the same start.
const SAME_START_MS: u64 = 1_000;
/// How many flows are looked at to find room for a new one.
const LOOKED_AT: usize = 8;
/// Restarts that are remembered.
const MOST_RESTARTS: usize = 1024;
const TOTALS: Fields = Fields::OCTETS_TOTAL.union(Fields::PACKETS_TOTAL);

/// What tells one flow of one Exporter from another: all key fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct FlowName {
    source: Address,
    destination: Address,
    exporter: u32,
    domain: u32,
    ingress_interface: u32,
    egress_interface: u32,
    source_port: u16,
    destination_port: u16,
    icmp_type_code: u16,
    protocol: u8,
    tos: u8,
    direction: u8,
    reverse: bool,
}

/// What is remembered of a flow. Times are the Exporter's, not shifted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Remembered {
    name: FlowName,
    start: i64,
    end: i64,
    octets: u64,
    packets: u64,
    /// When it was last seen, in pipeline time.
    seen: i64,
    /// It is forgotten at this pipeline time.
    until: i64,
}

/// Flows with totals, and of Exporters that keep the start of the connection.
#[derive(Debug)]
pub struct FlowMemory {
    flows: Vec<Remembered>,
    index: HashTable<u32>,
    /// Where to look for room next.
    hand: usize,
    most: usize,
    key: HashKey,
    /// When Exporters and domains restarted last: what was seen before is of no use.
    restarts: BTreeMap<(u32, u32), i64>,
}

impl FlowMemory {
    /// Remembers `most` flows at most, 120 octets each, hashed under `key`. When it is full, the
    /// flow that would be forgotten first among a few is forgotten early.
    pub fn new(most: usize, key: HashKey) -> Self {
        Self {
            flows: Vec::new(),
            index: HashTable::new(),
            hand: 0,
            most: most.clamp(1, 1 << 30),
            key,
            restarts: BTreeMap::new(),
        }
    }

    /// Settles the counters and intervals of a batch, in place. `keeps_start`: what the resource
    /// says of the Exporter; `hold_ms`: the hold of the flow logs, the longest of them.
    ///
    /// Records whose counters have no base get [`Fields::BASELINE`]; the others lose
    /// [`Fields::OCTETS_TOTAL`] and [`Fields::PACKETS_TOTAL`].
    pub fn settle(
        &mut self,
        origin: &Origin,
        keeps_start: bool,
        hold_ms: i64,
        records: &mut [FlowRecord],
    ) {
        for record in records {
            let has_totals = record.fields.intersects(TOTALS);
            if has_totals || keeps_start {
                self.settle_record(origin, has_totals, hold_ms, record);
            }
        }
    }

    /// The Exporter has restarted: the totals of this domain begin anew with what arrived at
    /// `since` and later.
    pub fn restart(&mut self, exporter: ExporterId, domain: ObservationDomain, since: Timestamp) {
        if self.restarts.len() >= MOST_RESTARTS {
            let oldest = self.restarts.iter().min_by_key(|(_, at)| **at);
            if let Some(oldest) = oldest.map(|(place, _)| *place) {
                self.restarts.remove(&oldest);
            }
        }
        self.restarts.insert((exporter.0, domain.0), since.millis());
    }

    /// Flows that are remembered; those that are due to be forgotten count until their place is
    /// needed.
    pub fn len(&self) -> usize {
        self.flows.len()
    }

    /// Whether nothing was remembered yet.
    pub fn is_empty(&self) -> bool {
        self.flows.is_empty()
    }

    /// Everything that it knows, in octets.
    pub fn save(&self) -> Vec<u8> {
        let saved = (VERSION, &self.flows, self.hand, &self.restarts);
        postcard::to_allocvec(&saved).unwrap_or_default()
    }

    /// The memory that was saved, as far as `most` flows go; `key` may be another.
    ///
    /// # Errors
    /// [`RestoreError`] for octets that this version did not write.
    pub fn restore(octets: &[u8], most: usize, key: HashKey) -> Result<Self, RestoreError> {
        let rest = behind_version(octets)?;
        let (mut flows, hand, restarts): (Vec<Remembered>, usize, BTreeMap<_, _>) =
            postcard::from_bytes(rest).map_err(|_| RestoreError::Damaged)?;
        let mut memory = Self::new(most, key);
        flows.truncate(memory.most);
        memory.hand = hand;
        memory.restarts = restarts;
        for flow in flows {
            memory.push(flow.name.hash(&key), flow);
        }
        Ok(memory)
    }

    fn settle_record(
        &mut self,
        origin: &Origin,
        has_totals: bool,
        hold_ms: i64,
        record: &mut FlowRecord,
    ) {
        let now = origin.at.millis();
        let name = FlowName::of(origin, record);
        let hash = name.hash(&self.key);
        let kept = origin
            .active_timeout
            .millis()
            .saturating_mul(2)
            .saturating_add(hold_ms);
        let seen = Remembered {
            name,
            start: record.start.millis(),
            end: record.end.millis(),
            octets: record.octets,
            packets: record.packets,
            seen: now,
            until: now.saturating_add(kept),
        };
        let known = self.find(hash, &name);
        let restarted = self.restarts.get(&(name.exporter, name.domain)).copied();
        let known = known.filter(|known| {
            known.until >= now && restarted.is_none_or(|restarted| known.seen >= restarted)
        });
        match known.copied() {
            Some(last) if last.start.abs_diff(seen.start) <= SAME_START_MS => {
                if has_totals && seen.is_before(&last) {
                    record.fields.insert(Fields::BASELINE);
                    return;
                }
                if has_totals {
                    count_since(&last, record);
                }
                if seen.end > last.end {
                    begin_behind(last.end, record);
                }
                let end = seen.end.max(last.end);
                self.remember(hash, Remembered { end, ..seen }, now);
            }
            last => {
                if has_totals {
                    begin_to_count(origin, record);
                }
                // A record of an earlier flow of that key does not replace the later one.
                if last.is_none_or(|last| last.end <= seen.end) {
                    self.remember(hash, seen, now);
                }
            }
        }
    }

    fn find(&self, hash: u64, name: &FlowName) -> Option<&Remembered> {
        let place = self.index.find(hash, |place| {
            let flow = at(&self.flows, *place);
            flow.is_some_and(|flow| flow.name == *name)
        })?;
        at(&self.flows, *place)
    }

    fn remember(&mut self, hash: u64, flow: Remembered, now: i64) {
        let Self { index, flows, .. } = self;
        let place = index.find(hash, |place| {
            at(flows, *place).is_some_and(|known| known.name == flow.name)
        });
        if let Some(known) = place.and_then(|place| at_mut(flows, *place)) {
            *known = flow;
            return;
        }
        match self.place_to_reuse(now) {
            Some(place) => self.replace(place, hash, flow),
            None => self.push(hash, flow),
        }
    }

    /// A place whose flow is forgotten, or has to be for lack of room; `None` when there is room.
    fn place_to_reuse(&mut self, now: i64) -> Option<u32> {
        let count = self.flows.len();
        let mut first: Option<(i64, usize)> = None;
        for _ in 0..LOOKED_AT.min(count) {
            self.hand = self.hand.wrapping_add(1);
            if self.hand >= count {
                self.hand = 0;
            }
            if let Some(flow) = self.flows.get(self.hand) {
                let found = (flow.until, self.hand);
                first = Some(first.map_or(found, |first| first.min(found)));
            }
        }
        let (until, place) = first?;
        let reused = until < now || count >= self.most;
        u32::try_from(place).ok().filter(|_| reused)
    }

    fn replace(&mut self, place: u32, hash: u64, flow: Remembered) {
        let Self {
            index, flows, key, ..
        } = self;
        let Some(known) = at_mut(flows, place) else {
            return;
        };
        let old = known.name.hash(key);
        *known = flow;
        if let Ok(entry) = index.find_entry(old, |other| *other == place) {
            entry.remove();
        }
        index.insert_unique(hash, place, |place| rehash(flows, *place, key));
    }

    fn push(&mut self, hash: u64, flow: Remembered) {
        let Self {
            index, flows, key, ..
        } = self;
        let Ok(place) = u32::try_from(flows.len()) else {
            return;
        };
        flows.push(flow);
        index.insert_unique(hash, place, |place| rehash(flows, *place, key));
    }
}

/// The counters become what came since `last`, or all of it after a reset.
fn count_since(last: &Remembered, record: &mut FlowRecord) {
    let since = |now: u64, before: u64| now.checked_sub(before).unwrap_or(now);
    if record.fields.contains(Fields::OCTETS_TOTAL) {
        record.octets = since(record.octets, last.octets);
    }
    if record.fields.contains(Fields::PACKETS_TOTAL) {
        record.packets = since(record.packets, last.packets);
    }
    record.fields.remove(TOTALS);
}

/// The interval begins behind `end`; whether the active timeout explains it is asked of what is
/// left.
fn begin_behind(end: i64, record: &mut FlowRecord) {
    record.start.0 = end.saturating_add(1);
    let lasts = record.end.millis().saturating_sub(record.start.millis());
    let timeout = record.active_timeout.millis();
    if record.end_reason == 0 && lasts.saturating_mul(10) < timeout.saturating_mul(8) {
        record.fields.remove(Fields::CONTINUES);
    }
}

/// First sight of a flow: its totals count if all of them came while its Exporter was heard, or
/// if no more will come.
fn begin_to_count(origin: &Origin, record: &mut FlowRecord) {
    let began = record.start.millis().saturating_add(origin.shift);
    let ended =
        record.fields.contains(Fields::END_REASON) && matches!(record.end_reason, 1 | 3 | 4 | 5);
    if began >= origin.first_heard.millis() || ended {
        record.fields.remove(TOTALS);
    } else {
        record.fields.insert(Fields::BASELINE);
    }
}

impl Remembered {
    /// Came out of order: older than `last`, and not more in anything.
    const fn is_before(&self, last: &Self) -> bool {
        self.end < last.end && self.octets <= last.octets && self.packets <= last.packets
    }
}

impl FlowName {
    fn of(origin: &Origin, record: &FlowRecord) -> Self {
        Self {
            source: record.source,
            destination: record.destination,
            exporter: origin.exporter.0,
            domain: origin.domain.0,
            ingress_interface: record.ingress_interface,
            egress_interface: record.egress_interface,
            source_port: record.source_port,
            destination_port: record.destination_port,
            icmp_type_code: record.icmp_type_code,
            protocol: record.protocol,
            tos: record.tos,
            direction: record.direction,
            reverse: record.fields.contains(Fields::REVERSE),
        }
    }

    fn hash(&self, key: &HashKey) -> u64 {
        let HashKey([k0, k1, k2, k3]) = *key;
        let (a, b) = split_u128(u128::from_be_bytes(self.source.octets()));
        let (c, d) = split_u128(u128::from_be_bytes(self.destination.octets()));
        let who = joined(self.exporter, self.domain);
        let interfaces = joined(self.ingress_interface, self.egress_interface);
        let ports = u64::from(self.source_port)
            | u64::from(self.destination_port) << 16
            | u64::from(self.icmp_type_code) << 32
            | u64::from(self.protocol) << 48
            | u64::from(self.tos) << 56;
        let rest = u64::from(self.direction) | u64::from(self.reverse) << 8;
        let addresses = fold(fold(a ^ k0, b ^ k1) ^ k2, fold(c ^ k2, d ^ k3) ^ k0);
        let numbers = fold(who ^ k1, interfaces ^ k3);
        fold(addresses ^ ports ^ k3, numbers ^ rest ^ k2)
    }
}

fn at(flows: &[Remembered], place: u32) -> Option<&Remembered> {
    flows.get(usize::try_from(place).ok()?)
}

fn at_mut(flows: &mut [Remembered], place: u32) -> Option<&mut Remembered> {
    flows.get_mut(usize::try_from(place).ok()?)
}

fn rehash(flows: &[Remembered], place: u32, key: &HashKey) -> u64 {
    at(flows, place).map_or(0, |flow| flow.name.hash(key))
}

#[cfg(test)]
mod tests;
