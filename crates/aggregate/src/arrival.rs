//! The way in: what of a batch takes part in rows, by key and window, and what does not.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use flowlog_record::{
    Distribution, ExporterId, Fields, FlowKey, FlowRecord, LogStatus, ObservationDomain, Placed,
    Reason, Row, RowSampling, Sampling, Timestamp,
};

use crate::cell::{presence_of, presence_parts};
use crate::flow_log::FlowLog;
use crate::key::{Key, KeyV4, KeyV6, Packed, pack, unpack};
use crate::ledger::Amount;
use crate::measure::{TimeChanges, interval};
use crate::outlet::{Extra, Outlet, Shared, lend};
use crate::rates::{Rates, Sampler};
use crate::rows::{Memo, Rows, Stretch};
use crate::rules::{Origin, Rules};
use crate::slab::Slot;
use crate::split::{Counted, Spread};
use crate::watch::{View, Watch};
use crate::windows::Pane;

/// The records of a batch on their way, by family; kept for the next batch.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    pub(crate) v4: Vec<Stretch<KeyV4>>,
    pub(crate) v6: Vec<Stretch<KeyV6>>,
}

/// Records of one datagram, as a flow log gets them: at most 64, settled.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'a> {
    /// The Exporter, and when the datagram came.
    pub origin: &'a Origin,
    /// The records, whether the flow log takes them or not.
    pub records: &'a [FlowRecord],
    /// Those that it takes, and where it puts them.
    pub placed: &'a [Placed],
}

impl FlowLog {
    /// Records that arrive while the flow log is switched off.
    pub(crate) fn refuse(&mut self, batch: Arrival<'_>) {
        for placed in batch.placed {
            if let Some(record) = batch.records.get(usize::from(placed.record)) {
                let amount = Amount::of(1, Counted::of(record));
                self.account.ledger.matched += amount;
                self.account.ledger.inactive += amount;
            }
        }
    }

    /// Measures and hashes a batch; what makes no part of a row ends here.
    pub(crate) fn prepare(
        &mut self,
        batch: Arrival<'_>,
        scratch: &mut Scratch,
        shared: &mut Shared,
        (each, mut extra): (&mut dyn FnMut(Row), Extra<'_>),
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
        let mut watch = self.watch.take();
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
                let calls: (&mut dyn FnMut(Row), Extra<'_>) = (&mut *each, lend(&mut extra));
                self.set_aside((record, placed), origin, (shared, &mut watch), calls);
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
            let before = (v4.len(), v6.len());
            match pack(record, placed, exporter, layout) {
                Packed::V4(key) => cut(&stretch.of(key, 0), &self.v4, v4, &mut look_up),
                Packed::V6(key) => cut(&stretch.of(key, 0), &self.v6, v6, &mut look_up),
            }
            let parts = parts_from(v4, before.0).chain(parts_from(v6, before.1));
            self.watch_parts(&mut watch, (exporter, placed), parts, shared);
        }
        self.watch = watch;
        self.account.changes = changes;
        self.account.ledger.matched += matched;
    }

    /// A record has parts in these windows; whether each is its last.
    #[inline]
    fn watch_parts(
        &self,
        watch: &mut Option<Box<Watch>>,
        (exporter, placed): (ExporterId, Placed),
        parts: impl IntoIterator<Item = (Pane, bool)>,
        shared: &mut Shared,
    ) {
        let Some(watch) = watch else {
            return;
        };
        let at = shared.now;
        let mut view = View {
            flow_log: self.account.flow_log,
            windows: &self.windows,
            holds: &self.holds,
            shared,
            at,
        };
        for part in parts {
            watch.mark((exporter, placed.resource), part, &mut view);
        }
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
        (record, placed): (&FlowRecord, Placed),
        (origin, changes): (&Origin, &mut TimeChanges),
        (shared, watch): (&mut Shared, &mut Option<Box<Watch>>),
        (each, mut extra): (&mut dyn FnMut(Row), Extra<'_>),
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
            out.extra = lend(&mut extra);
            let extra = out.extra(placed.record);
            send_record(record, (origin, key, extra), times, &mut out);
            let parts = [(self.windows.at(times.1), true)];
            self.watch_parts(watch, (origin.exporter, placed), parts, shared);
        }
    }
}

/// The windows of the parts from this place on, and whether each is the last of its record.
fn parts_from<K>(list: &[Stretch<K>], from: usize) -> impl Iterator<Item = (Pane, bool)> {
    let parts = list.get(from..).unwrap_or_default().iter();
    parts.map(|part| (part.pane, part.is_last))
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
    (origin, key, extra): (&Origin, FlowKey, Option<Box<[String]>>),
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
        status: LogStatus::Ok,
        left_at: Timestamp(out.at),
        number: 0,
        records: 1,
        extra,
    };
    out.account.ledger.emitted += Amount::of(1, Counted::of(record));
    out.send(row);
}
