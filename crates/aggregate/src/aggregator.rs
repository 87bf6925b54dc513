//! The aggregator of a partition: all flow logs, pipeline time, the limit on rows.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BinaryHeap};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use flowlog_record::{
    ExporterId, FlowLogIndex, FlowRecord, HashKey, ObservationDomain, Placed, Reason, Row,
    Sampling, Timestamp,
};

use crate::arrival::{Arrival, Scratch};
use crate::cell::TIME_BOUND;
use crate::exporters::Exporters;
use crate::flow_log::{Candidate, FlowLog};
use crate::ledger::FlowLogLedger;
use crate::measure::TimeChanges;
use crate::notice::{Coverage, Loss, Notice};
use crate::outlet::{Extra, Shared};
use crate::rules::{Limits, Origin, Rules};

/// What a flow log without any has counted.
const NOTHING: FlowLogLedger = FlowLogLedger::NOTHING;

/// Flow Records in, rows out, for all flow logs of one partition.
#[derive(Debug)]
pub struct Aggregator {
    pub(crate) key: HashKey,
    pub(crate) shared: Shared,
    pub(crate) logs: BTreeMap<FlowLogIndex, Box<FlowLog>>,
    /// Nothing is due before this time.
    pub(crate) next_due: i64,
    scratch: Scratch,
}

impl Aggregator {
    /// Without flow logs and rows. Tables are hashed under `key`; it changes no row.
    pub fn new(limits: Limits, key: HashKey) -> Self {
        Self {
            key,
            shared: Shared {
                limits,
                now: -TIME_BOUND,
                rows: 0,
                exporters: Exporters::default(),
                notices: Vec::new(),
            },
            logs: BTreeMap::new(),
            next_due: i64::MAX,
            scratch: Scratch::default(),
        }
    }

    /// Gives a flow log its rules, or switches it off (`None`): its open rows then leave with
    /// reason *forced*, `end` at `now` at the latest.
    ///
    /// New rules cut no row: a new window length holds from the next common multiple of the old
    /// and the new one, new aging from the next period, a new hold for periods that end after
    /// `now`. Only where no row under the old rules could stand beside the new ones (with and
    /// without windows, one row per record, another key) do open rows leave as if it was switched
    /// off.
    pub fn set_flow_log(
        &mut self,
        flow_log: FlowLogIndex,
        rules: Option<Rules>,
        now: Timestamp,
        each: &mut dyn FnMut(Row),
    ) {
        self.advance_to(now, each);
        self.resume_flow_log(flow_log, rules, each);
    }

    /// The same behind [`restore`](Self::restore), at the moment of which the state is: what was
    /// overdue then waits for time to go on, as it would have without a restart.
    pub fn resume_flow_log(
        &mut self,
        flow_log: FlowLogIndex,
        rules: Option<Rules>,
        each: &mut dyn FnMut(Row),
    ) {
        let now = self.shared.now;
        let forced = (Reason::Forced, now);
        let Some(rules) = rules.map(Rules::settled) else {
            if let Some(log) = self.logs.get_mut(&flow_log) {
                log.leave_all(forced, &mut self.shared, each);
                log.active = false;
            }
            self.update_due();
            return;
        };
        let key = self.key;
        let log = self.logs.entry(flow_log);
        let log = log.or_insert_with(|| Box::new(FlowLog::new(flow_log, rules, key)));
        if log.rules.same_kind(&rules) {
            log.change(rules, now);
        } else {
            log.leave_all(forced, &mut self.shared, each);
            log.restart(rules, key);
        }
        log.active = true;
        self.update_due();
    }

    /// Forgets a flow log that was switched off, with its ledger and its numbers: for an index
    /// that another flow log will have.
    pub fn remove_flow_log(
        &mut self,
        flow_log: FlowLogIndex,
        now: Timestamp,
        each: &mut dyn FnMut(Row),
    ) {
        self.set_flow_log(flow_log, None, now, each);
        self.logs.remove(&flow_log);
    }

    /// Everything that is due up to `now`, in order of due time; at the same time by flow log,
    /// IPv4 first, rows that end with their window first, then by place in the table, which
    /// depends on the input alone. How often this is called changes no row.
    pub fn advance(&mut self, now: Timestamp, each: &mut impl FnMut(Row)) {
        self.advance_to(now, each);
    }

    /// When something is due next; `None` while nothing is.
    pub const fn next_due(&self) -> Option<Timestamp> {
        if self.next_due == i64::MAX {
            None
        } else {
            Some(Timestamp(self.next_due))
        }
    }

    /// Adds records of one datagram, at most 64 at a time, after [`advance`](Self::advance) to
    /// its arrival. `placed` says where the flow log put them.
    #[expect(
        clippy::too_many_arguments,
        reason = "the one call of the hot path, once per batch"
    )]
    pub fn observe(
        &mut self,
        flow_log: FlowLogIndex,
        origin: &Origin,
        records: &[FlowRecord],
        placed: &[Placed],
        each: &mut impl FnMut(Row),
    ) {
        let arrival = Arrival {
            origin,
            records,
            placed,
        };
        self.take(flow_log, arrival, (each, None));
    }

    /// As [`observe`](Self::observe), for flow logs that list further Information Elements:
    /// `extra` gives those of a record by its place in `records`, and is asked when the record is
    /// the first of a row ([`Row::extra`]).
    pub fn observe_with(
        &mut self,
        flow_log: FlowLogIndex,
        arrival: Arrival<'_>,
        extra: &mut dyn FnMut(u8) -> Option<Box<[String]>>,
        each: &mut impl FnMut(Row),
    ) {
        self.take(flow_log, arrival, (each, Some(extra)));
    }

    fn take(
        &mut self,
        flow_log: FlowLogIndex,
        arrival: Arrival<'_>,
        (each, extra): (&mut dyn FnMut(Row), Extra<'_>),
    ) {
        if arrival.origin.at.millis() > self.shared.now {
            self.advance_to(arrival.origin.at, each);
        }
        self.make_room(each);
        self.hear(arrival.origin);
        let key = self.key;
        let log = self.logs.entry(flow_log);
        let log = log.or_insert_with(|| Box::new(FlowLog::new(flow_log, Rules::BUILT_IN, key)));
        log.observe(arrival, &mut self.scratch, &mut self.shared, (each, extra));
        self.next_due = self.next_due.min(log.next_due);
        debug_assert!(log.account.ledger.balances(), "the ledger balances");
    }

    /// A datagram of an Exporter arrived, whatever was in it: it is not silent, and its `Ta` may
    /// have changed. [`observe`](Self::observe) says the same; without a call for other datagrams,
    /// silence counts from the last records.
    pub fn hear(&mut self, origin: &Origin) {
        let now = self.shared.now;
        let exporters = self.shared.limits.exporters;
        self.shared.exporters.hear(origin, now, exporters);
    }

    /// From now on a flow log with windows watches the resources that `coverage` names, or none: what
    /// each had in a window is said in [`Notice`]s. No row leaves for it. To be given again behind
    /// [`set_flow_log`](Self::set_flow_log) and [`restore`](Self::restore); those that it names no
    /// longer are given up.
    pub fn watch(&mut self, flow_log: FlowLogIndex, coverage: Option<Arc<Coverage>>) {
        if let Some(log) = self.logs.get_mut(&flow_log) {
            let coverage = coverage.filter(|_| log.active && log.rules.window.is_some());
            log.watch_over(coverage, &mut self.shared);
        }
        self.update_due();
    }

    /// What is said of the resources that are watched, in the order in which it was said.
    pub fn take_notices(&mut self) -> Vec<Notice> {
        core::mem::take(&mut self.shared.notices)
    }

    /// The datagram that arrived last shows that data of an Exporter were lost or damaged; `None`
    /// stands for all Exporters.
    pub fn lose(&mut self, exporter: Option<ExporterId>, loss: &Loss) {
        for log in self.logs.values_mut() {
            if let Some(watch) = &mut log.watch {
                watch.lose(exporter, loss);
            }
        }
    }

    /// Sampling rates of an Observation Domain have become known: `rate_of` is asked for each
    /// sampler (elements 48 and 302; `None` for records that name none) that records came from
    /// without a rate ([`Sampling::unknown_of`]). What came so in rows that are open is scaled by
    /// it when they leave; the first rate that is told holds.
    pub fn learn_rates(
        &mut self,
        exporter: ExporterId,
        domain: ObservationDomain,
        mut rate_of: impl FnMut(Option<u64>) -> Option<Sampling>,
    ) {
        self.shared
            .exporters
            .learn_rates(exporter, domain, &mut rate_of);
    }

    /// The end of the input of a replay: everything that is open leaves with reason *forced*, late
    /// rows too, `end` at the present at the latest.
    pub fn finish(&mut self, now: Timestamp, each: &mut impl FnMut(Row)) {
        if now.millis() > self.shared.now {
            self.advance_to(now, each);
        }
        for log in self.logs.values_mut() {
            let latest = self.shared.now;
            log.leave_all((Reason::Forced, latest), &mut self.shared, each);
        }
        self.update_due();
    }

    /// What became of the records of a flow log.
    pub fn ledger(&self, flow_log: FlowLogIndex) -> &FlowLogLedger {
        let log = self.logs.get(&flow_log);
        log.map_or(&NOTHING, |log| &log.account.ledger)
    }

    /// How often times of the records of a flow log had to be changed.
    pub fn time_changes(&self, flow_log: FlowLogIndex) -> TimeChanges {
        let log = self.logs.get(&flow_log);
        log.map_or_else(TimeChanges::default, |log| log.account.changes)
    }

    /// Open rows of all flow logs.
    pub const fn open_rows(&self) -> u64 {
        self.shared.rows
    }

    /// Timers that are out.
    #[cfg(test)]
    fn hints(&self) -> usize {
        let hints = |log: &FlowLog| log.v4.hints() + log.v6.hints();
        self.logs.values().map(|log| hints(log)).sum()
    }

    /// Octets that tables and their indices take, whether their rows are in use or not; lists and
    /// what is kept beside the tables take little more.
    pub fn octets(&self) -> u64 {
        let octets = |log: &FlowLog| log.v4.octets().saturating_add(log.v6.octets());
        let octets = self.logs.values().map(|log| octets(log));
        u64::try_from(octets.fold(0, usize::saturating_add)).unwrap_or(u64::MAX)
    }

    fn advance_to(&mut self, now: Timestamp, each: &mut dyn FnMut(Row)) {
        let before = self.shared.now;
        let now = now.millis().clamp(before, TIME_BOUND);
        while self.next_due <= now {
            let due = self.next_due;
            // What was overdue when it came leaves now that time goes on.
            let at = due.max(before);
            for log in self.logs.values_mut() {
                if log.next_due <= due {
                    log.fire((due, at), &mut self.shared, each);
                }
            }
            self.update_due();
        }
        self.shared.now = now;
    }

    pub(crate) fn update_due(&mut self) {
        let due = self.logs.values().map(|log| log.next_due).min();
        self.next_due = due.unwrap_or(i64::MAX);
    }

    /// At 90 % of the limit the oldest rows leave, those of the Exporters that have more than
    /// their share.
    fn make_room(&mut self, each: &mut dyn FnMut(Row)) {
        let limit = self.shared.limits.rows;
        let most = limit.saturating_sub(limit / 10);
        if self.shared.rows < most {
            return;
        }
        let target = most.saturating_sub((limit / 32).max(1));
        for candidate in self.oldest(target) {
            if let Some(log) = self.logs.get_mut(&candidate.flow_log) {
                log.leave_for_room(candidate, &mut self.shared, each);
            }
        }
    }

    /// The rows that leave so that `target` are left, oldest first.
    fn oldest(&self, target: u64) -> Vec<Candidate> {
        let share = fair_share(self.shared.exporters.rows().map(|(_, rows)| rows), target);
        let over = self
            .shared
            .exporters
            .rows()
            .filter(|(_, rows)| *rows > share);
        let mut leaving: BTreeMap<ExporterId, (usize, BinaryHeap<Candidate>)> = over
            .map(|(id, rows)| {
                let excess = usize::try_from(rows.saturating_sub(share)).unwrap_or(usize::MAX);
                (id, (excess, BinaryHeap::new()))
            })
            .collect();
        for (flow_log, log) in &self.logs {
            log.each_place(&mut |exporter, start, (wide, place)| {
                let Some((excess, oldest)) = leaving.get_mut(&exporter) else {
                    return;
                };
                let candidate = Candidate {
                    start,
                    flow_log: *flow_log,
                    wide,
                    place,
                };
                if oldest.len() < *excess {
                    oldest.push(candidate);
                } else if oldest.peek().is_some_and(|newest| candidate < *newest) {
                    oldest.pop();
                    oldest.push(candidate);
                }
            });
        }
        let mut all: Vec<Candidate> = leaving.into_values().flat_map(|(_, heap)| heap).collect();
        all.sort_unstable();
        all
    }
}

/// The most rows that each Exporter may keep so that at most `target` are kept in all.
fn fair_share(rows: impl Iterator<Item = u64>, target: u64) -> u64 {
    let mut rows: Vec<u64> = rows.filter(|rows| *rows > 0).collect();
    rows.sort_unstable();
    let mut left = target;
    let mut exporters = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    for count in rows {
        let share = left.checked_div(exporters).unwrap_or(0);
        if count > share {
            return share;
        }
        left = left.saturating_sub(count);
        exporters = exporters.saturating_sub(1);
    }
    u64::MAX
}

#[cfg(test)]
mod tests;
