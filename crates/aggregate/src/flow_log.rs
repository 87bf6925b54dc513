//! One flow log of a partition: its rules over time, its rows, its books.

use alloc::boxed::Box;
use alloc::sync::Arc;

use flowlog_record::{ExporterId, FlowLogIndex, HashKey, ObservationDomain, Reason, Row};

use crate::arrival::{Arrival, Scratch};
use crate::key::{KeyV4, KeyV6};
use crate::ledger::FlowLogLedger;
use crate::measure::TimeChanges;
use crate::notice::Coverage;
use crate::outlet::{Account, Extra, Outlet, Shared, Terms, lend};
use crate::rates::Rates;
use crate::rows::{Place, Rows};
use crate::rules::Rules;
use crate::watch::{View, Watch};
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
    /// Which resources it watches, if any.
    pub(crate) watch: Option<Box<Watch>>,
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
            watch: None,
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
        self.while_watching(at, shared, |watch, view| watch.fire(due, view));
        self.update_due();
    }

    /// Takes a batch that was placed in this flow log; IPv4 first.
    pub(crate) fn observe(
        &mut self,
        batch: Arrival<'_>,
        scratch: &mut Scratch,
        shared: &mut Shared,
        (each, mut extra): (&mut dyn FnMut(Row), Extra<'_>),
    ) {
        if !self.active {
            self.refuse(batch);
            return;
        }
        self.prepare(batch, scratch, shared, (each, lend(&mut extra)));
        let now = shared.now;
        let (v4, v6, late_due, mut out) = self.parts(now, shared, each);
        out.domain = batch.origin.domain;
        out.extra = lend(&mut extra);
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
        self.while_watching(now, shared, Watch::leave_all);
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

    /// Watches these resources from now on, or none.
    pub(crate) fn watch_over(&mut self, coverage: Option<Arc<Coverage>>, shared: &mut Shared) {
        let now = shared.now;
        if let Some(coverage) = coverage {
            self.watch.get_or_insert_default();
            self.while_watching(now, shared, |watch, view| watch.cover(coverage, view));
        } else {
            self.while_watching(now, shared, Watch::leave_all);
            self.watch = None;
        }
        self.update_due();
    }

    /// Does something with what is watched, if anything is, at pipeline time `at`.
    fn while_watching(
        &mut self,
        at: i64,
        shared: &mut Shared,
        act: impl FnOnce(&mut Watch, &mut View<'_>),
    ) {
        if let Some(watch) = &mut self.watch {
            let mut view = View {
                flow_log: self.account.flow_log,
                windows: &self.windows,
                holds: &self.holds,
                shared,
                at,
            };
            act(watch, &mut view);
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
        let watch = self.watch.as_ref();
        let summary = watch.map_or(i64::MAX, |watch| watch.next_due());
        self.next_due = due.min(self.late_due).min(summary);
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

    pub(crate) fn parts<'a>(
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
            extra: None,
        };
        (&mut self.v4, &mut self.v6, &mut self.late_due, out)
    }
}
