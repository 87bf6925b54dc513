//! One flow log of a partition: its rules over time, its rows, its books.

use flowlog_record::{
    Distribution, ExporterId, Fields, FlowLogIndex, FlowRecord, HashKey, Placed, Reason, Row,
    RowSampling, Timestamp,
};

use crate::cell::{presence_of, presence_parts};
use crate::key::{Key, KeyV4, KeyV6, WideKey, pack, unpack};
use crate::ledger::{Amount, FlowLogLedger};
use crate::measure::{TimeChanges, interval, measure};
use crate::outlet::{Account, Outlet, Shared, Terms};
use crate::rates::Rates;
use crate::rows::{Incoming, Place, Rows};
use crate::rules::{Origin, Rules};
use crate::slab::Slot;
use crate::split::Counted;
use crate::table::Measured;
use crate::windows::{Holds, Windows};

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

/// A record of a batch on its way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prepared {
    measured: Measured,
    words: WideKey,
    narrow: bool,
    hash: u64,
    slot: Option<Slot>,
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

    /// Takes a batch that was placed in this flow log.
    pub(crate) fn observe(
        &mut self,
        batch: Batch<'_>,
        scratch: &mut alloc::vec::Vec<Prepared>,
        shared: &mut Shared,
        each: &mut dyn FnMut(Row),
    ) {
        if !self.active {
            self.refuse(batch);
            return;
        }
        scratch.clear();
        for placed in batch.placed {
            let Some(record) = batch.records.get(usize::from(placed.record)) else {
                continue;
            };
            if let Some(prepared) = self.prepare(record, placed, batch.origin, (shared, each)) {
                scratch.push(prepared);
            }
        }
        let now = shared.now;
        let (v4, v6, late_due, mut out) = self.parts(now, shared, each);
        for prepared in scratch.iter() {
            if prepared.narrow {
                let key = KeyV4::from_wide(&prepared.words);
                v4.take(&Incoming::new(&key, &prepared.measured), &mut out);
            } else {
                let key = KeyV6::from_wide(&prepared.words);
                v6.take(&Incoming::new(&key, &prepared.measured), &mut out);
            }
        }
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
        };
        (&mut self.v4, &mut self.v6, &mut self.late_due, out)
    }

    /// Records that arrive while the flow log is switched off.
    fn refuse(&mut self, batch: Batch<'_>) {
        for placed in batch.placed {
            if let Some(record) = batch.records.get(usize::from(placed.record)) {
                let amount = amount_of(record);
                self.account.ledger.matched += amount;
                self.account.ledger.inactive += amount;
            }
        }
    }

    /// Measures and hashes a record; what makes no part of a row ends here.
    fn prepare(
        &mut self,
        record: &FlowRecord,
        placed: &Placed,
        origin: &Origin,
        (shared, each): (&mut Shared, &mut dyn FnMut(Row)),
    ) -> Option<Prepared> {
        let amount = amount_of(record);
        let ledger = &mut self.account.ledger;
        ledger.matched += amount;
        if record.fields.contains(Fields::EGRESS_COPY) {
            ledger.egress_copy += amount;
            return None;
        }
        if record.fields.contains(Fields::BASELINE) {
            ledger.baseline += amount;
            return None;
        }
        let event = record.is_event();
        if event && !self.rules.events {
            ledger.event += amount;
            return None;
        }
        let source = self.rules.time_source;
        let times = interval(record, origin, source, &mut self.account.changes);
        let (narrow, words) = pack(record, placed, origin.exporter, self.rules.layout);
        if event || self.rules.per_record {
            let now = shared.now;
            let (.., mut out) = self.parts(now, shared, each);
            send_record(record, (narrow, &words), times, &mut out);
            return None;
        }
        let measured = measure(record, times, &self.rules, &mut self.account.rates);
        Some(Prepared {
            measured,
            words,
            narrow,
            hash: 0,
            slot: None,
        })
    }
}

fn amount_of(record: &FlowRecord) -> Amount {
    let counted = Counted {
        packets: record.packets,
        octets: record.octets,
    };
    Amount::of(1, counted)
}

/// A row of its own: an event, or a record of a flow log with one row per record.
fn send_record(
    record: &FlowRecord,
    (narrow, words): (bool, &WideKey),
    (start, end): (i64, i64),
    out: &mut Outlet<'_>,
) {
    let event = record.is_event();
    let layout = out.account.layout;
    let (key, exporter) = if narrow {
        let key = KeyV4::from_wide(words);
        (unpack(&key, layout), key.exporter())
    } else {
        let key = KeyV6::from_wide(words);
        (unpack(&key, layout), key.exporter())
    };
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
    let known = out.shared.exporters.get(exporter);
    let row = Row {
        flow_log: out.account.flow_log,
        exporter: known.map(|known| known.address).unwrap_or_default(),
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
    out.account.ledger.emitted += amount_of(record);
    out.send(row);
}
