//! One flow log of a partition: its rules over time, its rows, its books.

use alloc::vec::Vec;

use flowlog_record::{
    Distribution, ExporterId, Fields, FlowKey, FlowLogIndex, FlowRecord, HashKey,
    ObservationDomain, Placed, Reason, Row, RowSampling, Sampling, Timestamp,
};

use crate::cell::{presence_of, presence_parts};
use crate::key::{Key, KeyV4, KeyV6, Packed, pack, unpack};
use crate::ledger::{Amount, FlowLogLedger};
use crate::measure::{TimeChanges, interval};
use crate::outlet::{Account, Outlet, Shared, Terms};
use crate::rates::{Rates, Sampler};
use crate::rows::{Memo, Place, Rows, Stretch};
use crate::rules::{Origin, Rules};
use crate::slab::Slot;
use crate::split::{Counted, Spread};
use crate::windows::{Holds, Pane, Windows};

/// How often late rows leave.
const LATE_MS: i64 = 60_000;

/// One flow log.
#[derive(Debug)]
pub(crate) struct FlowLog {
    pub(crate) active: bool,
    /// The rules it has, or had when it was switched off.
    pub(crate) rules: Rules,
    pub(crate) windows: Windows,
    pub(crate) holds: Holds,
    pub(crate) account: Account,
    pub(crate) v4: Rows<KeyV4>,
    pub(crate) v6: Rows<KeyV6>,
    /// When the late rows that have gathered leave; `i64::MAX` when there are none.
    pub(crate) late_due: i64,
    /// Nothing is due before this time.
    pub(crate) next_due: i64,
}

/// A row of a partition that may leave early.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Candidate {
    /// The start of its period: the oldest leave first.
    pub(crate) start: i64,
    pub(crate) flow_log: FlowLogIndex,
    pub(crate) wide: bool,
    pub(crate) place: Place,
}

/// The records of a batch on their way, by family; kept for the next batch.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    v4: Vec<Stretch<KeyV4>>,
    v6: Vec<Stretch<KeyV6>>,
}

/// A batch of records of one Exporter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Batch<'a> {
    pub(crate) origin: &'a Origin,
    pub(crate) records: &'a [FlowRecord],
    pub(crate) placed: &'a [Placed],
}

impl FlowLog {
    pub(crate) fn new(flow_log: FlowLogIndex, rules: Rules, key: HashKey) -> Self {
        Self {
            active: false,
            rules,
            windows: Windows::new(rules.window),
            holds: Holds::new(rules.hold),
            account: Account {
                flow_log,
                layout: rules.layout,
                number: 0,
                ledger: FlowLogLedger::default(),
                changes: TimeChanges::default(),
                rates: Rates::new(),
            },
            v4: Rows::new(key),
            v6: Rows::new(key),
            late_due: i64::MAX,
            next_due: i64::MAX,
        }
    }

    /// Does what is due at `due` or before; rows leave at `at`.
    pub(crate) fn fire(
        &mut self,
        (due, at): (i64, i64),
        shared: &mut Shared,
        each: &mut dyn FnMut(Row),
    ) {
        let (v4, v6, late_due, mut out) = self.parts(at, shared, each);
        v4.fire(due, &mut out);
        v6.fire(due, &mut out);
        if *late_due <= due {
            *late_due = i64::MAX;
            v4.flush_late(&mut out);
            v6.flush_late(&mut out);
        }
        self.update_due();
    }

    /// Takes a batch that was placed in this flow log; IPv4 first.
    pub(crate) fn observe(
        &mut self,
        batch: Batch<'_>,
        scratch: &mut Scratch,
        shared: &mut Shared,
        each: &mut dyn FnMut(Row),
    ) {
        if !self.active {
            self.refuse(batch);
            return;
        }
        self.prepare(batch, scratch, (shared, each));
        let now = shared.now;
        let (v4, v6, late_due, mut out) = self.parts(now, shared, each);
        out.domain = batch.origin.domain;
        v4.take_batch(&mut scratch.v4, batch.records, &mut out);
        v6.take_batch(&mut scratch.v6, batch.records, &mut out);
        if *late_due == i64::MAX && !(v4.late.cells.is_empty() && v6.late.cells.is_empty()) {
            let next = now.div_euclid(LATE_MS).saturating_add(1);
            *late_due = next.saturating_mul(LATE_MS);
        }
        self.update_due();
    }

    /// All rows leave, as if they were due, with `end` at `latest` at the latest.
    pub(crate) fn leave_all(
        &mut self,
        (reason, latest): (Reason, i64),
        shared: &mut Shared,
        each: &mut dyn FnMut(Row),
    ) {
        let now = shared.now;
        let (v4, v6, late_due, mut out) = self.parts(now, shared, each);
        v4.leave_all(reason, latest, &mut out);
        v6.leave_all(reason, latest, &mut out);
        *late_due = i64::MAX;
        self.update_due();
    }

    /// One row leaves because the table is nearly full.
    pub(crate) fn leave_for_room(
        &mut self,
        candidate: Candidate,
        shared: &mut Shared,
        each: &mut dyn FnMut(Row),
    ) {
        let now = shared.now;
        let (v4, v6, _, mut out) = self.parts(now, shared, each);
        let why = (Reason::Cap, i64::MAX);
        if candidate.wide {
            v6.leave_early(candidate.place, why, &mut out);
        } else {
            v4.leave_early(candidate.place, why, &mut out);
        }
    }

    /// New rules of the same kind: open rows stay as they are.
    pub(crate) fn change(&mut self, rules: Rules, now: i64) {
        if rules.aging != self.rules.aging {
            self.v4.pin_aging(self.rules.aging);
            self.v6.pin_aging(self.rules.aging);
        }
        if let Some(window) = rules.window {
            self.windows.change(window, now);
        }
        self.holds.change(rules.hold, now);
        self.rules = rules;
    }

    /// New rules of another kind; there are no rows.
    pub(crate) fn restart(&mut self, rules: Rules, key: HashKey) {
        self.windows = Windows::new(rules.window);
        self.holds = Holds::new(rules.hold);
        self.account.layout = rules.layout;
        self.rules = rules;
        self.v4 = Rows::new(key);
        self.v6 = Rows::new(key);
    }

    /// Every row with its Exporter, the start of its period, whether it is of the wide family, and
    /// its place.
    pub(crate) fn each_place(&self, each: &mut dyn FnMut(ExporterId, i64, (bool, Place))) {
        self.v4
            .each_place(&mut |exporter, start, place| each(exporter, start, (false, place)));
        self.v6
            .each_place(&mut |exporter, start, place| each(exporter, start, (true, place)));
    }

    pub(crate) fn update_due(&mut self) {
        let due = self.v4.next_due().min(self.v6.next_due());
        self.next_due = due.min(self.late_due);
    }

    /// Puts restored rows back on their timers.
    pub(crate) fn schedule_all(&mut self, shared: &mut Shared) {
        let now = shared.now;
        let mut nobody = |_| {};
        let (v4, v6, _, out) = self.parts(now, shared, &mut nobody);
        v4.schedule_all(&out);
        v6.schedule_all(&out);
        self.update_due();
    }

    fn parts<'a>(
        &'a mut self,
        at: i64,
        shared: &'a mut Shared,
        each: &'a mut dyn FnMut(Row),
    ) -> (
        &'a mut Rows<KeyV4>,
        &'a mut Rows<KeyV6>,
        &'a mut i64,
        Outlet<'a>,
    ) {
        let out = Outlet {
            terms: Terms {
                rules: &self.rules,
                windows: &self.windows,
                holds: &self.holds,
            },
            account: &mut self.account,
            shared,
            each,
            at,
            domain: ObservationDomain::default(),
        };
        (&mut self.v4, &mut self.v6, &mut self.late_due, out)
    }

    /// Records that arrive while the flow log is switched off.
    fn refuse(&mut self, batch: Batch<'_>) {
        for placed in batch.placed {
            if let Some(record) = batch.records.get(usize::from(placed.record)) {
                let amount = Amount::of(1, Counted::of(record));
                self.account.ledger.matched += amount;
                self.account.ledger.inactive += amount;
            }
        }
    }

    /// Measures and hashes a batch; what makes no part of a row ends here.
    fn prepare(
        &mut self,
        batch: Batch<'_>,
        scratch: &mut Scratch,
        (shared, each): (&mut Shared, &mut dyn FnMut(Row)),
    ) {
        let Scratch { v4, v6 } = scratch;
        v4.clear();
        v6.clear();
        let mut matched = Amount::default();
        let mut memo = Memo::new();
        let exporter = batch.origin.exporter;
        let Rules {
            per_record,
            time_source: source,
            layout,
            ..
        } = self.rules;
        let mut changes = self.account.changes;
        for placed in batch.placed.iter().copied() {
            let Some(record) = batch.records.get(usize::from(placed.record)) else {
                continue;
            };
            matched += Amount::of(1, Counted::of(record));
            let own = record
                .fields
                .intersects(Fields::EGRESS_COPY.union(Fields::BASELINE));
            if own || record.is_event() || per_record {
                let origin = (batch.origin, &mut changes);
                self.set_aside(record, placed, origin, (shared, each));
                continue;
            }
            let (start, end) = interval(record, batch.origin, source, &mut changes);
            let (pane, is_open) = memo.pane(start, || self.look_up(start, exporter, shared));
            let stretch = Stretch {
                key: (),
                hash: 0,
                pane,
                from: start,
                to: end,
                raw: Counted::of(record),
                start,
                end,
                slot: Slot::MAX,
                record: placed.record,
                code: memo.code(record.sampling, || {
                    let sampler = (exporter, batch.origin.domain);
                    rate_code(record.sampling, sampler, &mut self.account.rates, shared)
                }),
                is_open,
                is_last: true,
            };
            let mut look_up = |at| memo.pane(at, || self.look_up(at, exporter, shared));
            match pack(record, placed, exporter, layout) {
                Packed::V4(key) => cut(&stretch.of(key, 0), &self.v4, v4, &mut look_up),
                Packed::V6(key) => cut(&stretch.of(key, 0), &self.v6, v6, &mut look_up),
            }
        }
        self.account.changes = changes;
        self.account.ledger.matched += matched;
    }

    /// The window of `start`, and whether its rows of this Exporter still wait for records.
    #[cold]
    fn look_up(&self, start: i64, exporter: ExporterId, shared: &Shared) -> (Pane, bool) {
        let pane = self.windows.at(start);
        let now = shared.now;
        if now < pane.until {
            return (pane, true);
        }
        let hold = shared.exporters.hold(exporter, &self.holds, pane.until);
        (pane, now < pane.until.saturating_add(hold))
    }

    /// What is counted and not added, and what makes a row of its own.
    #[cold]
    fn set_aside(
        &mut self,
        record: &FlowRecord,
        placed: Placed,
        (origin, changes): (&Origin, &mut TimeChanges),
        (shared, each): (&mut Shared, &mut dyn FnMut(Row)),
    ) {
        let ledger = &mut self.account.ledger;
        if record.fields.contains(Fields::EGRESS_COPY) {
            ledger.egress_copy += Amount::of(1, Counted::of(record));
        } else if record.fields.contains(Fields::BASELINE) {
            ledger.baseline += Amount::of(1, Counted::of(record));
        } else if record.is_event() && !self.rules.events {
            ledger.event += Amount::of(1, Counted::of(record));
        } else {
            let source = self.rules.time_source;
            let times = interval(record, origin, source, changes);
            let layout = self.rules.layout;
            let key = match pack(record, placed, origin.exporter, layout) {
                Packed::V4(key) => unpack(&key, layout),
                Packed::V6(key) => unpack(&key, layout),
            };
            let now = shared.now;
            let (.., mut out) = self.parts(now, shared, each);
            send_record(record, (origin, key), times, &mut out);
        }
    }
}

/// The code of a rate, known or not.
#[cold]
fn rate_code(
    sampling: Sampling,
    (exporter, domain): (ExporterId, ObservationDomain),
    rates: &mut Rates,
    shared: &mut Shared,
) -> u8 {
    if sampling.is_known() {
        return rates.code(sampling);
    }
    let id = sampling.sampler();
    shared
        .exporters
        .unknown_code(exporter, Sampler { domain, id })
}

/// Cuts a record at the ends of windows; each part goes to `list`.
#[inline]
fn cut<K: Key>(
    whole: &Stretch<K>,
    rows: &Rows<K>,
    list: &mut Vec<Stretch<K>>,
    look_up: &mut impl FnMut(i64) -> (Pane, bool),
) {
    let key = whole.key;
    if whole.end < whole.pane.until {
        list.push(whole.of(key, rows.open.hash(&key, whole.pane.from)));
        return;
    }
    let spread = Spread {
        start: whole.start,
        end: whole.end,
        total: whole.raw,
    };
    let mut before = Counted::default();
    let (mut from, mut pane, mut is_open) = (whole.start, whole.pane, whole.is_open);
    loop {
        let to = whole.end.min(pane.until.saturating_sub(1));
        let after = spread.until(to);
        if after != before {
            list.push(Stretch {
                hash: rows.open.hash(&key, pane.from),
                pane,
                from,
                to,
                raw: after.since(before),
                is_open,
                is_last: after == spread.total,
                ..*whole
            });
        }
        if to >= whole.end {
            return;
        }
        before = after;
        from = to.saturating_add(1);
        (pane, is_open) = look_up(from);
    }
}

/// A row of its own: an event, or a record of a flow log with one row per record.
fn send_record(
    record: &FlowRecord,
    (origin, key): (&Origin, FlowKey),
    (start, end): (i64, i64),
    out: &mut Outlet<'_>,
) {
    let event = record.is_event();
    let (has_source, has_destination, present) = presence_parts(presence_of(record.fields));
    let reason = if event {
        Reason::Event
    } else if record.fields.contains(Fields::ENDED) {
        Reason::Ended
    } else if record.fields.contains(Fields::CONTINUES) {
        Reason::Active
    } else {
        Reason::Inactive
    };
    let row = Row {
        flow_log: out.account.flow_log,
        exporter: origin.address,
        key,
        has_source,
        has_destination,
        present,
        start: Timestamp(if event { end } else { start }),
        end: Timestamp(end),
        window: out.terms.windows.at(end).window(),
        packets: record.sampling.scale(record.packets),
        octets: record.sampling.scale(record.octets),
        packets_raw: record.packets,
        octets_raw: record.octets,
        sampling: if record.sampling.is_known() {
            RowSampling::Factor(record.sampling)
        } else {
            RowSampling::UnknownOrMixed
        },
        tcp_flags: record.tcp_flags,
        distribution: Distribution::Direct,
        late: false,
        reason,
        left_at: Timestamp(out.at),
        number: 0,
        records: 1,
        extra: None,
    };
    out.account.ledger.emitted += Amount::of(1, Counted::of(record));
    out.send(row);
}
