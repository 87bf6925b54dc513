//! Aggregation in the plainest way: lists that are searched, sums that are made when a row leaves.

use std::collections::{BTreeMap, BTreeSet};

use flowlog_aggregate::{Aging, Amount, FlowLogLedger, Hold, KeyLayout, Origin, Rules, TimeSource};
use flowlog_record::{
    ActiveTimeout, Address, Distribution, ExporterId, Fields, FlowKey, FlowLogIndex, FlowRecord,
    LogStatus, ObservationDomain, Placed, Present, Reason, Row, RowSampling, Sampling, Timestamp,
    Window,
};

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;

/// Exporter and key.
type Name = (ExporterId, FlowKey);

/// A pair of packets and octets.
type Pair = (u128, u128);

/// `N(t)` and `O(t)` as the table of §2 has them.
fn counted(record: &FlowRecord, (start, end): (i64, i64), t: i64) -> Pair {
    let (packets, octets) = (u128::from(record.packets), u128::from(record.octets));
    let duration = u128::try_from(end - start + 1).unwrap();
    let passed = u128::try_from((t - start + 1).clamp(0, end - start + 1)).unwrap();
    let one = |yes: bool| u128::from(yes);
    match packets {
        0 => (0, octets * passed / duration),
        1 => (one(t >= start), octets * one(t >= start)),
        _ => {
            let so_far = one(t >= start) + (packets - 2) * passed / duration + one(t >= end);
            (so_far, octets * so_far / packets)
        }
    }
}

#[derive(Clone, Debug)]
struct Part {
    sampling: Sampling,
    sampler: Sampler,
    before: Pair,
    after: Pair,
    tcp_flags: u16,
    fields: Fields,
    is_last: bool,
    is_whole: bool,
}

impl Part {
    fn raw(&self) -> Pair {
        (self.after.0 - self.before.0, self.after.1 - self.before.1)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    /// Over by aging, since then.
    Over(Reason, i64),
    Late,
}

#[derive(Clone, Debug)]
struct Period {
    key: Name,
    /// `None` without windows.
    window: Option<(i64, i64)>,
    aging: Option<Aging>,
    start: i64,
    last: i64,
    reaches_past: bool,
    /// What the record that reaches furthest said: threshold, whether the flow ended, `Ta` if an
    /// active timeout explains it.
    threshold: (i64, bool, Option<i64>),
    state: State,
    parts: Vec<Part>,
    scaled: Scaled,
}

/// Whom to ask for a rate: domain and sampler.
type Sampler = (ObservationDomain, Option<u64>);

/// The scaled side of a row.
#[derive(Clone, Debug, Default)]
struct Scaled {
    sum: Pair,
    factors: BTreeSet<Sampling>,
    /// Raw, by whom to ask.
    waiting: BTreeMap<Sampler, Pair>,
    last: Option<Sampling>,
}

fn scale(by: Sampling, count: u128) -> u128 {
    let (numerator, denominator) = (u128::from(by.numerator()), u128::from(by.denominator()));
    (count * numerator + denominator / 2) / denominator
}

impl Scaled {
    fn add_sum(&mut self, by: Sampling, (packets, octets): Pair) {
        self.factors.insert(by);
        self.sum = (self.sum.0 + packets, self.sum.1 + octets);
    }

    fn add(&mut self, part: &Part, known: &BTreeMap<Sampler, Option<Sampling>>) {
        let by = if part.sampling.is_known() {
            for (sampler, raw) in std::mem::take(&mut self.waiting) {
                let by = known
                    .get(&sampler)
                    .copied()
                    .flatten()
                    .unwrap_or(part.sampling);
                self.add_sum(by, (scale(by, raw.0), scale(by, raw.1)));
            }
            self.last = Some(part.sampling);
            Some(part.sampling)
        } else {
            let learned = known.get(&part.sampler).copied().flatten();
            self.last.filter(|_| learned.is_none())
        };
        if let Some(by) = by {
            let packets = scale(by, part.after.0) - scale(by, part.before.0);
            let octets = scale(by, part.after.1) - scale(by, part.before.1);
            self.add_sum(by, (packets, octets));
        } else {
            let (raw, waiting) = (part.raw(), self.waiting.entry(part.sampler).or_default());
            *waiting = (waiting.0 + raw.0, waiting.1 + raw.1);
        }
    }

    fn result(mut self, known: &BTreeMap<Sampler, Option<Sampling>>) -> (Pair, RowSampling) {
        let mut unknown = false;
        for (sampler, raw) in std::mem::take(&mut self.waiting) {
            if let Some(by) = known.get(&sampler).copied().flatten() {
                self.add_sum(by, (scale(by, raw.0), scale(by, raw.1)));
            } else {
                unknown = true;
                self.sum = (self.sum.0 + raw.0, self.sum.1 + raw.1);
            }
        }
        let only = (self.factors.len() == 1 && !unknown).then(|| *self.factors.first().unwrap());
        (
            self.sum,
            only.map_or(RowSampling::UnknownOrMixed, RowSampling::Factor),
        )
    }
}

#[derive(Clone, Debug)]
struct Exporter {
    address: Address,
    timeouts: Vec<(i64, ActiveTimeout)>,
    heard: i64,
    /// Samplers that records came from without a rate, and what became known of them.
    samplers: BTreeMap<Sampler, Option<Sampling>>,
}

#[derive(Clone, Debug)]
struct Log {
    active: bool,
    rules: Rules,
    lengths: Vec<(i64, Window)>,
    holds: Vec<(i64, Hold)>,
    periods: Vec<Period>,
    ends: BTreeMap<Name, i64>,
    late_due: Option<i64>,
    ledger: FlowLogLedger,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Model {
    now: i64,
    /// Of the datagram that is observed.
    domain: ObservationDomain,
    exporters: BTreeMap<ExporterId, Exporter>,
    logs: BTreeMap<FlowLogIndex, Log>,
    pub(crate) rows: Vec<Row>,
}

fn settled(mut rules: Rules) -> Rules {
    if rules.per_record {
        (rules.window, rules.aging) = (None, None);
    } else if rules.window.is_none() && rules.aging.is_none() {
        rules.aging = Some(Aging::DEFAULT);
    }
    rules
}

impl Log {
    fn new(rules: Rules) -> Self {
        Self {
            active: false,
            rules,
            lengths: rules.window.into_iter().map(|w| (i64::MIN, w)).collect(),
            holds: vec![(i64::MIN, rules.hold)],
            periods: Vec::new(),
            ends: BTreeMap::new(),
            late_due: None,
            ledger: FlowLogLedger::default(),
        }
    }

    fn window_of(&self, t: i64) -> Option<(i64, i64)> {
        let mut found = self.lengths.first()?.1;
        for (from, length) in &self.lengths {
            if *from <= t {
                found = *length;
            }
        }
        let start = found.start_of(Timestamp(t)).millis();
        Some((start, start + found.millis()))
    }
}

impl Exporter {
    /// `Ta` at the last whole minute up to `t`.
    fn timeout_at(&self, t: i64) -> ActiveTimeout {
        let minute = t.div_euclid(MINUTE) * MINUTE;
        let before = self.timeouts.iter().rev().find(|(at, _)| *at < minute);
        before.unwrap_or(&self.timeouts[0]).1
    }
}

impl Model {
    pub(crate) fn new() -> Self {
        Self {
            now: i64::MIN / 4,
            ..Self::default()
        }
    }

    pub(crate) fn ledger(&self, index: FlowLogIndex) -> FlowLogLedger {
        self.logs
            .get(&index)
            .map(|log| log.ledger)
            .unwrap_or_default()
    }

    pub(crate) fn open_rows(&self) -> u64 {
        let rows: usize = self.logs.values().map(|log| log.periods.len()).sum();
        u64::try_from(rows).unwrap()
    }

    fn hold(&self, log: &Log, exporter: ExporterId, end: i64) -> i64 {
        let mut hold = log.holds[0].1;
        for (from, changed) in &log.holds {
            if *from < end {
                hold = *changed;
            }
        }
        match hold {
            Hold::Fixed(millis) => millis,
            Hold::Auto => {
                let ta = self.exporters[&exporter].timeout_at(end);
                (ta.millis() + ta.jitter_millis()).clamp(15 * SECOND, 300 * SECOND)
            }
        }
    }

    /// When an open period ends for lack of records, and whether by silence.
    fn closes(&self, period: &Period) -> Option<(i64, bool)> {
        let aging = period.aging?;
        let (threshold, _, ta) = period.threshold;
        let inactive = period.last + threshold;
        let Some(ta) = ta else {
            return Some((inactive, false));
        };
        let heard = self.exporters[&period.key.0].heard;
        let silent = heard + aging.inactive_ms + ta + 30 * SECOND;
        Some((inactive.min(silent), silent < inactive))
    }

    /// The next thing that happens to a period: when, and the reason if it leaves (else it ends).
    fn next(&self, log: &Log, period: &Period) -> Option<(i64, Option<Reason>)> {
        let exporter = period.key.0;
        let Some((start, end)) = period.window else {
            let (at, silent) = self.closes(period)?;
            return Some((at, Some(closing_reason(period, silent))));
        };
        match period.state {
            State::Late => None,
            State::Over(reason, since) => {
                let over = if reason == Reason::Active {
                    period.start + period.aging.unwrap().active_ms
                } else {
                    period.last
                };
                let due = over + self.hold(log, exporter, start);
                Some((due.max(since), Some(reason)))
            }
            State::Open => match self.closes(period) {
                Some((at, _)) if !period.reaches_past && at < end => Some((at, None)),
                _ => Some((end + self.hold(log, exporter, end), Some(Reason::Window))),
            },
        }
    }

    pub(crate) fn advance(&mut self, now: i64) {
        let before = self.now;
        let now = now.max(before);
        loop {
            let periods = self.logs.iter().flat_map(|(index, log)| {
                let periods = log.periods.iter().enumerate();
                periods.filter_map(|(place, period)| {
                    let (at, reason) = self.next(log, period)?;
                    Some((at, *index, place, reason))
                })
            });
            let first = periods.min_by_key(|first| first.0);
            let late = self
                .logs
                .iter()
                .filter_map(|(index, log)| Some((log.late_due?, *index)));
            let late = late.min();
            if let Some((at, index)) = late
                && at <= now
                && first.is_none_or(|first| at < first.0)
            {
                self.flush_late(index, at.max(before));
                continue;
            }
            let Some((at, index, place, reason)) = first.filter(|first| first.0 <= now) else {
                break;
            };
            if let Some(reason) = reason {
                let period = self.logs.get_mut(&index).unwrap().periods.remove(place);
                self.leave(index, &period, (reason, at.max(before), i64::MAX));
            } else {
                let period = &self.logs[&index].periods[place];
                let silent = self.closes(period).unwrap().1;
                let reason = closing_reason(period, silent);
                let log = self.logs.get_mut(&index).unwrap();
                log.periods[place].state = State::Over(reason, at);
            }
        }
        self.now = now;
    }

    fn flush_late(&mut self, index: FlowLogIndex, at: i64) {
        let log = self.logs.get_mut(&index).unwrap();
        log.late_due = None;
        let (late, kept) = log
            .periods
            .drain(..)
            .partition(|p: &Period| p.state == State::Late);
        log.periods = kept;
        let late: Vec<Period> = late;
        for period in &late {
            self.leave(index, period, (Reason::Window, at, i64::MAX));
        }
    }

    /// A period becomes a row.
    fn leave(
        &mut self,
        index: FlowLogIndex,
        period: &Period,
        (reason, at, latest): (Reason, i64, i64),
    ) {
        let log = self.logs.get_mut(&index).unwrap();
        let ended_active =
            reason == Reason::Active || period.state == State::Over(Reason::Active, i64::MIN);
        let end = match period.window {
            _ if ended_active => period.start + period.aging.unwrap().active_ms,
            Some((_, end)) if period.reaches_past => end,
            _ => period.last,
        };
        let end = end.min(latest);
        if period.window.is_none() {
            log.ends.insert(period.key, end);
        }
        let raw = sum(&period.parts);
        if raw == (0, 0) {
            return;
        }
        let records = period
            .parts
            .iter()
            .map(|part| u64::from(part.is_last))
            .sum();
        let amount = Amount {
            records,
            packets: raw.0,
            octets: raw.1,
        };
        log.ledger.open -= amount;
        log.ledger.emitted += amount;
        log.ledger.rows += 1;
        let exporter = &self.exporters[&period.key.0];
        self.rows.push(Row {
            flow_log: index,
            end: Timestamp(end),
            start: Timestamp(period.start.min(end)),
            reason,
            status: LogStatus::Ok,
            left_at: Timestamp(at),
            ..row_of(period, exporter)
        });
    }

    pub(crate) fn set_flow_log(&mut self, index: FlowLogIndex, rules: Option<Rules>, now: i64) {
        self.advance(now);
        let now = self.now;
        let Some(rules) = rules.map(settled) else {
            if self.logs.contains_key(&index) {
                self.force(index, now);
                self.logs.get_mut(&index).unwrap().active = false;
            }
            return;
        };
        let log = self.logs.entry(index).or_insert_with(|| Log::new(rules));
        let same_kind = log.rules.per_record == rules.per_record
            && log.rules.window.is_some() == rules.window.is_some()
            && log.rules.layout == rules.layout;
        if !same_kind {
            self.force(index, now);
            let log = self.logs.get_mut(&index).unwrap();
            let ledger = log.ledger;
            *log = Log::new(rules);
            log.ledger = ledger;
        }
        let log = self.logs.get_mut(&index).unwrap();
        if let Some(window) = rules.window {
            log.lengths.retain(|(from, _)| *from <= now);
            let current = log.lengths.last().unwrap().1;
            if current != window {
                let mut from = now + 1;
                while from % current.millis() != 0 || from % window.millis() != 0 {
                    from += 1;
                    from += (MINUTE - from.rem_euclid(MINUTE)) % MINUTE;
                }
                log.lengths.push((from, window));
            }
        }
        log.holds.push((now, rules.hold));
        log.rules = rules;
        log.active = true;
    }

    fn force(&mut self, index: FlowLogIndex, latest: i64) {
        let log = self.logs.get_mut(&index).unwrap();
        log.late_due = None;
        let periods: Vec<Period> = log.periods.drain(..).collect();
        let now = self.now;
        for period in &periods {
            self.leave(index, period, (Reason::Forced, now, latest));
        }
    }

    /// The rate of a sampler becomes known; the first holds.
    pub(crate) fn learn(&mut self, exporter: ExporterId, sampler: Sampler, rate: Sampling) {
        let exporter = self.exporters.get_mut(&exporter);
        if let Some(known) = exporter.and_then(|exporter| exporter.samplers.get_mut(&sampler)) {
            known.get_or_insert(rate);
        }
    }

    pub(crate) fn finish(&mut self) {
        let logs: Vec<FlowLogIndex> = self.logs.keys().copied().collect();
        for index in logs {
            self.force(index, self.now);
        }
    }

    pub(crate) fn observe(
        &mut self,
        index: FlowLogIndex,
        origin: &Origin,
        records: &[FlowRecord],
        placed: &[Placed],
    ) {
        self.advance(origin.at.millis());
        self.hear(origin);
        for placed in placed {
            let record = &records[usize::from(placed.record)];
            self.take(index, origin, record, *placed);
        }
    }

    fn hear(&mut self, origin: &Origin) {
        let now = self.now;
        let id = origin.exporter;
        let has_rows = self
            .logs
            .values()
            .any(|log| log.periods.iter().any(|p| p.key.0 == id));
        let fresh = Exporter {
            address: origin.address,
            timeouts: Vec::new(),
            heard: now,
            samplers: BTreeMap::new(),
        };
        let exporter = self.exporters.entry(id).or_insert(fresh);
        if !has_rows && now - exporter.heard > 120 * MINUTE {
            exporter.timeouts.clear();
            exporter.samplers.clear();
        }
        exporter.heard = now;
        exporter.timeouts.push((now, origin.active_timeout));
    }

    fn take(&mut self, index: FlowLogIndex, origin: &Origin, record: &FlowRecord, placed: Placed) {
        let log = self.logs.get_mut(&index).unwrap();
        let all = Amount {
            records: 1,
            packets: record.packets.into(),
            octets: record.octets.into(),
        };
        log.ledger.matched += all;
        if !log.active {
            log.ledger.inactive += all;
            return;
        }
        if record.fields.contains(Fields::EGRESS_COPY) {
            log.ledger.egress_copy += all;
            return;
        }
        if record.fields.contains(Fields::BASELINE) {
            log.ledger.baseline += all;
            return;
        }
        let event = record.octets == 0 && record.packets == 0;
        if event && !log.rules.events {
            log.ledger.event += all;
            return;
        }
        let (s, e) = interval(record, origin, log.rules.time_source);
        let key = (origin.exporter, key_of(record, placed, log.rules.layout));
        if event || log.rules.per_record {
            self.own_row((index, key), record, (s, e));
            return;
        }
        let exporter = self.exporters.get_mut(&origin.exporter).unwrap();
        if !record.sampling.is_known() {
            let sampler = (origin.domain, record.sampling.sampler());
            exporter.samplers.entry(sampler).or_insert(None);
        }
        self.domain = origin.domain;
        if log.rules.window.is_none() {
            self.take_aging((index, key), record, (s, e));
            return;
        }
        let mut from = s;
        while from <= e {
            let window = self.logs[&index].window_of(from).unwrap();
            let to = e.min(window.1 - 1);
            self.take_window((index, key), record, (s, e), (window, from, to));
            from = to + 1;
        }
    }

    fn own_row(
        &mut self,
        (index, key): (FlowLogIndex, Name),
        record: &FlowRecord,
        (s, e): (i64, i64),
    ) {
        let log = self.logs.get_mut(&index).unwrap();
        let event = record.octets == 0 && record.packets == 0;
        log.ledger.emitted += Amount {
            records: 1,
            packets: record.packets.into(),
            octets: record.octets.into(),
        };
        log.ledger.rows += 1;
        let fields = record.fields;
        let reason = match (event, fields.contains(Fields::ENDED)) {
            (true, _) => Reason::Event,
            (_, true) => Reason::Ended,
            _ if fields.contains(Fields::CONTINUES) => Reason::Active,
            _ => Reason::Inactive,
        };
        let window = log.window_of(e).map(|(start, _)| Timestamp(start));
        self.rows.push(Row {
            flow_log: index,
            exporter: self.exporters[&key.0].address,
            key: key.1,
            has_source: fields.contains(Fields::SOURCE),
            has_destination: fields.contains(Fields::DESTINATION),
            present: Present::of(fields),
            start: Timestamp(if event { e } else { s }),
            end: Timestamp(e),
            window,
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
            left_at: Timestamp(self.now),
            number: 0,
            records: 1,
            extra: None,
        });
    }

    /// What the record has in `from..=to`, if anything.
    fn part(&self, record: &FlowRecord, (s, e): (i64, i64), from: i64, to: i64) -> Option<Part> {
        let (before, after) = (
            counted(record, (s, e), from - 1),
            counted(record, (s, e), to),
        );
        let all = (u128::from(record.packets), u128::from(record.octets));
        (before != after).then(|| Part {
            sampling: record.sampling,
            sampler: (self.domain, record.sampling.sampler()),
            before,
            after,
            tcp_flags: record.tcp_flags,
            fields: record.fields,
            is_last: after == all,
            is_whole: before == (0, 0) && after == all,
        })
    }

    /// Adds a part to a period; counters that would not fit 64 bits leave before.
    fn add(&mut self, index: FlowLogIndex, place: usize, part: Part) {
        let period = &self.logs[&index].periods[place];
        let (raw, more) = (sum(&period.parts), part.raw());
        let limit = u128::from(u64::MAX);
        if raw.0 + more.0 > limit || raw.1 + more.1 > limit {
            let full = period.clone();
            let now = self.now;
            let ends = self.logs[&index].ends.clone();
            self.leave(index, &full, (Reason::Cap, now, i64::MAX));
            let log = self.logs.get_mut(&index).unwrap();
            log.ends = ends;
            log.periods[place].parts.clear();
            log.periods[place].scaled = Scaled::default();
        }
        let log = self.logs.get_mut(&index).unwrap();
        log.ledger.open += Amount {
            records: u64::from(part.is_last),
            packets: more.0,
            octets: more.1,
        };
        let period = &mut log.periods[place];
        let known = &self.exporters[&period.key.0].samplers;
        period.scaled.add(&part, known);
        period.parts.push(part);
    }

    fn open(
        &mut self,
        (index, key): (FlowLogIndex, Name),
        window: Option<(i64, i64)>,
        (start, state): (i64, State),
    ) -> usize {
        let log = self.logs.get_mut(&index).unwrap();
        log.periods.push(Period {
            key,
            window,
            aging: log.rules.aging.filter(|_| state == State::Open),
            start,
            last: i64::MIN,
            reaches_past: false,
            threshold: (0, false, None),
            state,
            parts: Vec::new(),
            scaled: Scaled::default(),
        });
        log.periods.len() - 1
    }

    fn take_window(
        &mut self,
        (index, key): (FlowLogIndex, Name),
        record: &FlowRecord,
        (s, e): (i64, i64),
        (window, from, to): ((i64, i64), i64, i64),
    ) {
        let Some(part) = self.part(record, (s, e), from, to) else {
            return;
        };
        let log = &self.logs[&index];
        let hold = self.hold(log, key.0, window.1);
        let reaches_past = e >= window.1;
        if self.now >= window.1 + hold {
            if self.now - window.1 > log.rules.allowed_lateness_ms.max(6_060 * SECOND + hold) {
                let raw = part.raw();
                let log = self.logs.get_mut(&index).unwrap();
                log.ledger.late_dropped += Amount {
                    records: u64::from(part.is_last),
                    packets: raw.0,
                    octets: raw.1,
                };
                return;
            }
            let same =
                |p: &Period| p.key == key && p.window == Some(window) && p.state == State::Late;
            let found = log.periods.iter().position(same);
            let place =
                found.unwrap_or_else(|| self.open((index, key), Some(window), (from, State::Late)));
            self.stretch(index, place, (from, to, reaches_past));
            self.add(index, place, part);
            let next_minute = (self.now.div_euclid(MINUTE) + 1) * MINUTE;
            let log = self.logs.get_mut(&index).unwrap();
            log.late_due.get_or_insert(next_minute);
            return;
        }
        let mine = |p: &Period| p.key == key && p.window == Some(window) && p.state == State::Open;
        let found = log.periods.iter().position(mine);
        let aging = found.map_or(log.rules.aging, |place| log.periods[place].aging);
        if aging.is_some() {
            self.take_aged((index, key), record, (s, e), (window, from, to));
            return;
        }
        let place =
            found.unwrap_or_else(|| self.open((index, key), Some(window), (from, State::Open)));
        self.stretch(index, place, (from, to, reaches_past));
        self.add(index, place, part);
    }

    fn stretch(&mut self, index: FlowLogIndex, place: usize, (from, to, past): (i64, i64, bool)) {
        let period = &mut self.logs.get_mut(&index).unwrap().periods[place];
        period.start = period.start.min(from);
        period.last = period.last.max(to);
        period.reaches_past |= past;
    }

    /// Millisecond ranges of the part of a record that is in one window, each with the period over
    /// that covers it; then what none covers goes to the open one.
    fn take_aged(
        &mut self,
        (index, key): (FlowLogIndex, Name),
        record: &FlowRecord,
        (s, e): (i64, i64),
        (window, from, to): ((i64, i64), i64, i64),
    ) {
        let log = &self.logs[&index];
        let mut over: Vec<(i64, i64, usize)> = Vec::new();
        for (place, p) in log.periods.iter().enumerate() {
            if p.key == key
                && p.window == Some(window)
                && let State::Over(reason, _) = p.state
            {
                let last = if reason == Reason::Active {
                    p.start + p.aging.unwrap().active_ms - 1
                } else {
                    p.last
                };
                over.push((p.start, last, place));
            }
        }
        over.sort_unstable();
        let mut from = from;
        for (start, last, place) in over {
            if last < from || start > to {
                continue;
            }
            if from < start {
                self.take_uncovered((index, key), record, (s, e), (window, from, start - 1));
                from = start;
            }
            let last = last.min(to);
            if let Some(part) = self.part(record, (s, e), from, last) {
                self.add(index, place, part);
            }
            from = last + 1;
        }
        if from <= to {
            self.take_uncovered((index, key), record, (s, e), (window, from, to));
        }
    }

    fn take_uncovered(
        &mut self,
        (index, key): (FlowLogIndex, Name),
        record: &FlowRecord,
        (s, e): (i64, i64),
        (window, from, to): ((i64, i64), i64, i64),
    ) {
        let mut from = from;
        while from <= to {
            let log = &self.logs[&index];
            let mine =
                |p: &Period| p.key == key && p.window == Some(window) && p.state == State::Open;
            let found = log.periods.iter().position(mine);
            let (start, aging) = match found {
                Some(place) => (log.periods[place].start, log.periods[place].aging),
                None => (from, log.rules.aging),
            };
            let limit = aging.map_or(window.1, |aging| (start + aging.active_ms).min(window.1));
            if from >= limit {
                let log = self.logs.get_mut(&index).unwrap();
                log.periods[found.unwrap()].state = State::Over(Reason::Active, i64::MIN);
                continue;
            }
            let last = to.min(limit - 1);
            let mut place = found;
            if let Some(part) = self.part(record, (s, e), from, last) {
                let open = place
                    .unwrap_or_else(|| self.open((index, key), Some(window), (from, State::Open)));
                let past = last == window.1 - 1 && e >= window.1;
                self.reach(index, open, record, (last, past));
                self.add(index, open, part);
                place = Some(open);
            }
            if limit < window.1
                && last == limit - 1
                && let Some(place) = place
            {
                let log = self.logs.get_mut(&index).unwrap();
                log.periods[place].state = State::Over(Reason::Active, i64::MIN);
            }
            from = last + 1;
        }
    }

    /// The flow reaches `last` in an aging period.
    fn reach(
        &mut self,
        index: FlowLogIndex,
        place: usize,
        record: &FlowRecord,
        (last, past): (i64, bool),
    ) {
        let period = &mut self.logs.get_mut(&index).unwrap().periods[place];
        // Past the window's end is further than its last millisecond.
        let furthest = |last: i64, past: bool| last + i64::from(past);
        if furthest(last, past) < furthest(period.last, period.reaches_past) {
            return;
        }
        period.last = period.start.max(last);
        period.reaches_past |= past;
        let Some(aging) = period.aging else {
            return;
        };
        let ta = record.active_timeout;
        period.threshold = if record.fields.contains(Fields::ENDED) {
            (aging.inactive_ms.min(2 * SECOND), true, None)
        } else if record.fields.contains(Fields::CONTINUES) {
            let next = ta.millis() + ta.jitter_millis();
            if next > aging.inactive_ms {
                (next, false, Some(ta.millis()))
            } else {
                (aging.inactive_ms, false, None)
            }
        } else {
            (aging.inactive_ms, false, None)
        };
    }

    fn take_aging(
        &mut self,
        (index, key): (FlowLogIndex, Name),
        record: &FlowRecord,
        (s, e): (i64, i64),
    ) {
        let mut from = s;
        while from <= e {
            let log = &self.logs[&index];
            let found = log.periods.iter().position(|p| p.key == key);
            let (start, aging) = if let Some(place) = found {
                (log.periods[place].start, log.periods[place].aging.unwrap())
            } else {
                let left = log.ends.get(&key).copied().unwrap_or(i64::MIN);
                (from.max(left), log.rules.aging.unwrap())
            };
            let limit = start + aging.active_ms;
            let last = e.min(limit - 1);
            let mut place = found;
            if from < limit
                && let Some(part) = self.part(record, (s, e), from, last)
            {
                let open =
                    place.unwrap_or_else(|| self.open((index, key), None, (start, State::Open)));
                self.reach(index, open, record, (last, false));
                self.add(index, open, part);
                place = Some(open);
            }
            if e >= limit - 1
                && let Some(place) = place
            {
                let log = self.logs.get_mut(&index).unwrap();
                let period = log.periods.remove(place);
                let now = self.now;
                self.leave(index, &period, (Reason::Active, now, i64::MAX));
            }
            from = from.max(last + 1);
        }
    }
}

/// The row of a period but for its times and its reason.
fn row_of(period: &Period, exporter: &Exporter) -> Row {
    let raw = sum(&period.parts);
    let (scaled, sampling) = period.scaled.clone().result(&exporter.samplers);
    let parts = || period.parts.iter();
    let fields = parts().fold(Fields::empty(), |all, part| all | part.fields);
    let clamped = |sum: u128| u64::try_from(sum).unwrap_or(u64::MAX);
    Row {
        flow_log: FlowLogIndex(0),
        exporter: exporter.address,
        key: period.key.1,
        has_source: fields.contains(Fields::SOURCE),
        has_destination: fields.contains(Fields::DESTINATION),
        present: Present::of(fields),
        start: Timestamp(0),
        end: Timestamp(0),
        window: period.window.map(|(start, _)| Timestamp(start)),
        packets: clamped(scaled.0),
        octets: clamped(scaled.1),
        packets_raw: clamped(raw.0),
        octets_raw: clamped(raw.1),
        sampling,
        tcp_flags: parts().fold(0, |all, part| all | part.tcp_flags),
        distribution: if parts().all(|part| part.is_whole) {
            Distribution::Direct
        } else {
            Distribution::Proportional
        },
        late: period.state == State::Late,
        reason: Reason::Window,
        status: LogStatus::Ok,
        left_at: Timestamp(0),
        number: 0,
        records: parts().map(|part| u64::from(part.is_last)).sum(),
        extra: None,
    }
}

fn closing_reason(period: &Period, silent: bool) -> Reason {
    if silent {
        Reason::Idle
    } else if period.threshold.1 {
        Reason::Ended
    } else {
        Reason::Inactive
    }
}

fn interval(record: &FlowRecord, origin: &Origin, source: TimeSource) -> (i64, i64) {
    let a = origin.at.millis();
    let (mut s, mut e) = (record.start.millis(), record.end.millis());
    match source {
        TimeSource::Corrected => (s, e) = (s + origin.shift, e + origin.shift),
        TimeSource::Exporter => {}
        TimeSource::Arrival => (s, e) = (a - (e - s).max(0), a),
    }
    if e > a + SECOND {
        (s, e) = (s + a - e, a);
    }
    (s.min(e).max(e - 6_060 * SECOND), e)
}

fn key_of(record: &FlowRecord, placed: Placed, layout: KeyLayout) -> FlowKey {
    let (source_port, destination_port) = record.row_ports();
    let mut key = FlowKey {
        source: record.source,
        destination: record.destination,
        source_port,
        destination_port,
        protocol: record.protocol,
        path: 255,
        resource: placed.resource,
        ..FlowKey::default()
    };
    match layout {
        KeyLayout::Connection => {
            key.direction = placed.direction;
            key.action = placed.action;
            key.path = placed.path;
        }
        KeyLayout::Gateway => {
            key.tos = record.tos;
            key.ingress_interface = record.ingress_interface;
            key.egress_interface = record.egress_interface;
        }
    }
    key
}

fn sum(parts: &[Part]) -> Pair {
    parts.iter().fold((0, 0), |(p, o), part| {
        let raw = part.raw();
        (p + raw.0, o + raw.1)
    })
}
