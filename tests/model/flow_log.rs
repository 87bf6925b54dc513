//! §1 and §4: the rows of one flow log, each kind of it in the plainest way.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::flow::{Flow, Key};
use crate::known::Known;
use crate::row::{Columns, Gathered, Leaving};
use crate::split::Share;

/// Late rows leave at the full minutes of pipeline time.
const MINUTE: i64 = 60_000;

/// What a flow log asks for; times in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    pub window: Window,
    /// Active and inactive.
    pub aging: Option<(i64, i64)>,
    pub hold: Hold,
    pub allowed_lateness: i64,
    pub time_source: TimeSource,
    pub events: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    PerRecord,
    Absent,
    Of(i64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    Auto,
    Fixed(i64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeSource {
    Corrected,
    Exporter,
    Arrival,
}

impl Rules {
    pub const DEFAULT: Self = Self {
        window: Window::Of(60_000),
        aging: Some((300_000, 15_000)),
        hold: Hold::Auto,
        allowed_lateness: 7_200_000,
        time_source: TimeSource::Corrected,
        events: false,
    };

    /// Both aging times where neither was given: none beside a window, 300/15 without one.
    fn aging(&self) -> Option<(i64, i64)> {
        match self.window {
            Window::Absent => Some(self.aging.unwrap_or((300_000, 15_000))),
            Window::Of(_) => self.aging,
            Window::PerRecord => None,
        }
    }
}

/// Records, packets and octets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    pub records: u64,
    pub packets: u128,
    pub octets: u128,
}

impl Amount {
    fn add(&mut self, records: u64, (packets, octets): (u128, u128)) {
        self.records += records;
        self.packets += packets;
        self.octets += octets;
    }
}

/// One period of one key.
#[derive(Clone, Debug)]
struct Period {
    row: Gathered,
    /// The first millisecond that is no longer in it, by `ActiveAging` and the window.
    limit: i64,
    /// How long after its last millisecond it is inactive.
    threshold: i64,
    /// The last record said that the flow ended.
    ended: bool,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    /// Over, and held until then.
    Over {
        reason: &'static str,
        leaves: i64,
    },
}

/// All periods of one key in one window, or without one.
#[derive(Clone, Debug, Default)]
struct Periods {
    /// By their start.
    here: Vec<Period>,
    /// The end of the last one that left.
    left: Option<i64>,
}

/// Exporter, key, and the window's start (0 without one).
type Place = (IpAddr, Key, i64);

pub struct FlowLog {
    pub rules: Rules,
    is_off: bool,
    periods: BTreeMap<Place, Periods>,
    /// Parts for windows that have left, with the time at which they leave.
    late: BTreeMap<Place, (Gathered, i64)>,
    pub rows: Vec<Columns>,
    pub matched: Amount,
    pub baseline: Amount,
    pub event: Amount,
    pub late_dropped: Amount,
    pub inactive: Amount,
    /// Packets and octets of all rows.
    pub emitted: (u128, u128),
}

impl FlowLog {
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            periods: BTreeMap::new(),
            late: BTreeMap::new(),
            rows: Vec::new(),
            matched: Amount::default(),
            baseline: Amount::default(),
            event: Amount::default(),
            late_dropped: Amount::default(),
            inactive: Amount::default(),
            is_off: false,
            emitted: (0, 0),
        }
    }

    /// Lets leave what is due at pipeline time `now`.
    pub fn advance(&mut self, now: i64, known: &Known) {
        for (&place, periods) in &mut self.periods {
            for period in &mut periods.here {
                self.rules.end_of(place, period, now, known);
            }
        }
        self.release(now, known);
        let due: Vec<Place> = (self.late.iter())
            .filter(|(_, (_, due))| *due <= now)
            .map(|(place, _)| *place)
            .collect();
        for place in due {
            let (row, _) = self.late.remove(&place).expect("it is there");
            self.emit_late(place, row, "window", known);
        }
    }

    /// A record, or one direction of it; `arrived` is the arrival of its datagram.
    pub fn observe(&mut self, flow: &Flow, arrived: i64, now: i64, known: &Known) {
        let amount = (flow.packets.into(), flow.octets.into());
        self.matched.add(1, amount);
        if self.is_off {
            self.inactive.add(1, amount);
            return;
        }
        if flow.baseline {
            self.baseline.add(1, amount);
            return;
        }
        let (start, end) = self.interval(flow, arrived, known);
        if flow.is_event() {
            self.observe_event(flow, end, known);
            return;
        }
        match self.rules.window {
            Window::PerRecord => self.observe_alone(flow, start, end, known),
            Window::Absent => self.observe_aging(flow, start, end, known),
            Window::Of(length) => {
                let mut window = start - start.rem_euclid(length);
                while window <= end {
                    let part = (start.max(window), end.min(window + length - 1));
                    self.observe_part(flow, (start, end), window, part, now, known);
                    window += length;
                }
            }
        }
    }

    /// It is switched off: nothing that is open ends behind `now`.
    pub fn deactivate(&mut self, now: i64, known: &Known) {
        self.force(now, known);
        self.is_off = true;
    }

    /// All that is open leaves, and ends at `latest` at the latest: at the end of the input as well,
    /// where the text says only that it leaves.
    pub fn force(&mut self, latest: i64, known: &Known) {
        for (place, periods) in std::mem::take(&mut self.periods) {
            for mut period in periods.here {
                let end = self.rules.end_column(place, &period).min(latest);
                period.row.start = period.row.start.min(latest);
                self.emit(place, period.row, end, "forced", known);
            }
        }
        for (place, (mut row, _)) in std::mem::take(&mut self.late) {
            row.last = row.last.min(latest);
            row.start = row.start.min(latest);
            self.emit_late(place, row, "forced", known);
        }
    }

    /// The interval by the flow log's time source.
    fn interval(&self, flow: &Flow, arrived: i64, known: &Known) -> (i64, i64) {
        let (start, end) = match self.rules.time_source {
            TimeSource::Exporter => (flow.start, flow.end),
            TimeSource::Arrival => (arrived - (flow.end - flow.start), arrived),
            TimeSource::Corrected => {
                let shift = known.shift(flow.exporter);
                (flow.start + shift, flow.end + shift)
            }
        };
        let ahead = end - arrived;
        if ahead > 1000 {
            (start - ahead, end - ahead)
        } else {
            (start, end)
        }
    }

    /// A record without counters.
    fn observe_event(&mut self, flow: &Flow, end: i64, known: &Known) {
        if !self.rules.events {
            self.event.add(1, (0, 0));
            return;
        }
        let window = match self.rules.window {
            Window::Of(length) => end - end.rem_euclid(length),
            _ => 0,
        };
        let mut row = Gathered::from(end);
        row.add(flow, Share::default(), (end, end));
        self.emit((flow.exporter, flow.key, window), row, end, "event", known);
    }

    fn observe_alone(&mut self, flow: &Flow, start: i64, end: i64, known: &Known) {
        let mut row = Gathered::from(start);
        row.add(
            flow,
            flow.spread(start, end).share(start, end),
            (start, end),
        );
        let place = (flow.exporter, flow.key, 0);
        // The text leaves the reason open.
        let reason = match (flow.ended, flow.continues) {
            (true, _) => "ended",
            (_, true) => "active",
            _ => "inactive",
        };
        self.emit(place, row, end, reason, known);
    }

    /// What a record has for one window.
    fn observe_part(
        &mut self,
        flow: &Flow,
        (start, end): (i64, i64),
        window: i64,
        part: (i64, i64),
        now: i64,
        known: &Known,
    ) {
        let Window::Of(length) = self.rules.window else {
            unreachable!("it has windows");
        };
        let place = (flow.exporter, flow.key, window);
        let window_end = window + length;
        let spread = flow.spread(start, end);
        let share = spread.share(part.0, part.1);
        let goes_on = end >= window_end;
        let hold = self.rules.hold(flow.exporter, window_end, known);
        if now >= window_end + hold {
            if share.is_nothing() {
                return;
            }
            let bound = self.rules.allowed_lateness.max(6_060_000 + hold);
            if now > window_end + bound {
                // A record is lost where its last part is.
                let is_last = part.1 >= end || spread.share(part.1 + 1, end).is_nothing();
                self.late_dropped
                    .add(is_last.into(), (share.packets, share.octets));
                return;
            }
            let (row, _) = (self.late.entry(place)).or_insert_with(|| {
                (
                    Gathered::from(part.0),
                    now - now.rem_euclid(MINUTE) + MINUTE,
                )
            });
            row.start = row.start.min(part.0);
            row.last = row.last.max(part.1);
            row.goes_on |= goes_on;
            row.add(flow, share, part);
            return;
        }
        let periods = self.periods.entry(place).or_default();
        if self.rules.aging().is_none() {
            if share.is_nothing() {
                return;
            }
            if periods.here.is_empty() {
                periods.here.push(Period::from(part.0, window_end));
            }
            let period = &mut periods.here[0];
            period.row.start = period.row.start.min(part.0);
            period.row.last = period.row.last.max(part.1);
            period.row.goes_on |= goes_on;
            period.row.add(flow, share, part);
            return;
        }
        self.observe_aging_in_window(flow, (start, end), window_end, part, known);
    }

    /// A flow log with aging alone: one open period a key.
    fn observe_aging(&mut self, flow: &Flow, start: i64, end: i64, known: &Known) {
        let (active, inactive) = self.rules.aging().expect("it has aging");
        let place = (flow.exporter, flow.key, 0);
        let spread = flow.spread(start, end);
        // What of the record is not in a row yet begins here.
        let mut rest = start;
        loop {
            let periods = self.periods.entry(place).or_default();
            let left = periods.left;
            let mut period = periods.here.pop().unwrap_or_else(|| {
                // The flow's first time in it, but not before the end of the one that left.
                let start = rest.max(left.unwrap_or(rest));
                Period::from(start, start + active)
            });
            let to = end.min(period.limit - 1);
            let share = spread.share(rest, to);
            if !share.is_nothing() {
                period.add(flow, share, (rest, to), inactive);
            }
            let is_empty = period.row.raw() == (0, 0);
            if end < period.limit - 1 {
                if !is_empty {
                    periods.here.push(period);
                }
                return;
            }
            // Where the flow has a gap, the next period begins with the flow.
            rest = rest.max(period.limit);
            // A period without packets and octets gives no row, and so has not left.
            if !is_empty {
                let end = period.limit;
                periods.left = Some(end);
                self.emit(place, period.row, end, "active", known);
            }
            if rest > end {
                return;
            }
        }
    }

    /// A flow log with a window and aging: held periods beside the open one.
    fn observe_aging_in_window(
        &mut self,
        flow: &Flow,
        (start, end): (i64, i64),
        window_end: i64,
        (first, last): (i64, i64),
        known: &Known,
    ) {
        let (active, inactive) = self.rules.aging().expect("it has aging");
        let place = (flow.exporter, flow.key, window_end);
        let place = (place.0, place.1, window_end - self.rules.length());
        let spread = flow.spread(start, end);
        // Without a share it has no part in this window.
        if spread.share(first, last).is_nothing() {
            return;
        }
        let rules = self.rules;
        let periods = self.periods.entry(place).or_default();
        let mut rest = first;
        while rest <= last {
            // To the held period that covers it.
            let held = (periods.here.iter())
                .position(|period| !period.takes_more() && period.covers(rest));
            // Else the record has reached the end of those before it.
            for period in periods.here.iter_mut().filter(|_| held.is_none()) {
                rules.reached(period, rest, place, known);
            }
            // Else to the earliest still open.
            let open =
                (periods.here.iter()).position(|period| period.takes_more() && rest < period.limit);
            let next_held = (periods.here.iter())
                .filter(|period| !period.takes_more() && period.row.start > rest)
                .map(|period| period.row.start)
                .min()
                .unwrap_or(window_end);
            let (at, bound) = match (held, open) {
                (Some(at), _) => (at, periods.here[at].bound()),
                (None, Some(at)) => (at, periods.here[at].limit.min(next_held)),
                (None, None) => {
                    let limit = (rest + active).min(window_end);
                    periods.here.push(Period::from(rest, limit));
                    (periods.here.len() - 1, limit.min(next_held))
                }
            };
            let to = last.min(bound - 1);
            let share = spread.share(rest, to);
            if !share.is_nothing() {
                let period = &mut periods.here[at];
                period.add(flow, share, (rest, to), inactive);
                period.row.goes_on |= end >= window_end && to == window_end - 1;
            }
            rest = to + 1;
            rules.reached(&mut periods.here[at], rest, place, known);
            // A period without packets and octets gives no row.
            periods.here.retain(|period| period.row.raw() != (0, 0));
            periods.here.sort_by_key(|period| period.row.start);
        }
    }

    /// Lets leave what is over and held long enough.
    fn release(&mut self, now: i64, known: &Known) {
        let mut leaving = Vec::new();
        for (&place, periods) in &mut self.periods {
            for period in std::mem::take(&mut periods.here) {
                match period.state {
                    State::Over { reason, leaves } if leaves <= now => {
                        let end = self.rules.end_column(place, &period);
                        periods.left = Some(periods.left.map_or(end, |left| left.max(end)));
                        leaving.push((place, period.row, end, reason));
                    }
                    _ => periods.here.push(period),
                }
            }
        }
        // With windows nothing is to be known of a row that left.
        let has_windows = matches!(self.rules.window, Window::Of(_));
        (self.periods).retain(|_, periods| !has_windows || !periods.here.is_empty());
        for (place, row, end, reason) in leaving {
            self.emit(place, row, end, reason, known);
        }
    }

    fn emit_late(&mut self, place: Place, row: Gathered, reason: &'static str, known: &Known) {
        let window_end = place.2 + self.rules.length();
        let leaving = Leaving {
            end: if row.goes_on { window_end } else { row.last },
            window: Some(place.2),
            late: true,
            reason,
        };
        self.leave(place, row, leaving, known);
    }

    fn emit(&mut self, place: Place, row: Gathered, end: i64, reason: &'static str, known: &Known) {
        let window = matches!(self.rules.window, Window::Of(_)).then_some(place.2);
        let leaving = Leaving {
            end,
            window,
            late: false,
            reason,
        };
        self.leave(place, row, leaving, known);
    }

    fn leave(&mut self, (exporter, key, _): Place, row: Gathered, leaving: Leaving, known: &Known) {
        let (packets, octets) = row.raw();
        self.emitted.0 += packets;
        self.emitted.1 += octets;
        let rate = |sampler| known.rate(exporter, sampler);
        self.rows.push(row.leave(exporter, &key, leaving, rate));
    }
}

impl Rules {
    fn length(&self) -> i64 {
        match self.window {
            Window::Of(length) => length,
            _ => 0,
        }
    }

    /// The hold of a period that ends at `end`: taken when the window ends, and for periods that end
    /// inside a window (of which the text does not speak) when the last one ended.
    fn hold(&self, exporter: IpAddr, end: i64, known: &Known) -> i64 {
        match self.hold {
            Hold::Fixed(millis) => millis,
            Hold::Auto => {
                let taken = end - end.rem_euclid(self.length());
                let timeout = known.active_timeout_at(exporter, taken);
                (timeout + jitter(timeout)).clamp(15_000, 300_000)
            }
        }
    }

    /// A record has reached `behind`: is the period over by `ActiveAging`?
    fn reached(&self, period: &mut Period, behind: i64, place: Place, known: &Known) {
        let window_end = place.2 + self.length();
        if period.takes_more() && period.limit < window_end && behind >= period.limit {
            let leaves = period.limit + self.hold(place.0, period.limit, known);
            let reason = "active";
            period.state = State::Over { reason, leaves };
        }
    }

    fn end_column(&self, place: Place, period: &Period) -> i64 {
        match period.state {
            State::Over {
                reason: "active", ..
            } => period.limit,
            _ if period.row.goes_on => place.2 + self.length(),
            _ => period.row.last,
        }
    }

    /// Whether a period is over at `now`, by inactivity, silence of the Exporter or its window.
    fn end_of(&self, place: Place, period: &mut Period, now: i64, known: &Known) {
        if period.state != State::Open {
            return;
        }
        let exporter = place.0;
        let end = self.end_column(place, period);
        let window_end = match self.window {
            Window::Of(length) => place.2 + length,
            _ => i64::MAX,
        };
        let mut over: Vec<(i64, State)> = Vec::new();
        if window_end <= now {
            let reason = "window";
            let leaves = window_end + self.hold(exporter, window_end, known);
            over.push((window_end, State::Over { reason, leaves }));
        }
        if let (Some((_, inactive)), false) = (self.aging(), period.row.goes_on) {
            let hold = match self.window {
                Window::Of(_) => self.hold(exporter, end, known),
                _ => 0,
            };
            let due = period.row.last + period.threshold;
            let reason = if period.ended { "ended" } else { "inactive" };
            let leaves = due.max(end + hold);
            over.push((due, State::Over { reason, leaves }));
            let due =
                known.last_heard(exporter) + inactive + known.active_timeout(exporter) + 30_000;
            let reason = "idle";
            let leaves = due.max(end + hold);
            over.push((due, State::Over { reason, leaves }));
        }
        let first = (over.into_iter())
            .filter(|(due, _)| *due <= now)
            .min_by_key(|(due, _)| *due);
        if let Some((_, state)) = first {
            period.state = state;
        }
    }
}

pub fn jitter(timeout: i64) -> i64 {
    (timeout / 10).max(5_000)
}

impl Period {
    fn from(start: i64, limit: i64) -> Self {
        Self {
            row: Gathered::from(start),
            limit,
            threshold: 0,
            ended: false,
            state: State::Open,
        }
    }

    /// The first millisecond that it no longer covers.
    fn bound(&self) -> i64 {
        match self.state {
            State::Over {
                reason: "inactive" | "ended" | "idle",
                ..
            } => self.row.last + 1,
            _ => self.limit,
        }
    }

    /// Not over, or only because its window is, which has not left.
    fn takes_more(&self) -> bool {
        !matches!(self.state, State::Over { reason, .. } if reason != "window")
    }

    fn covers(&self, at: i64) -> bool {
        (self.row.start..self.bound()).contains(&at)
    }

    /// Adds what `flow` has for it from and to the given milliseconds.
    fn add(&mut self, flow: &Flow, share: Share, (from, to): (i64, i64), inactive: i64) {
        let is_first = self.row.raw() == (0, 0);
        self.row.add(flow, share, (from, to));
        if self.takes_more() {
            // What it ends by is seen anew when time goes on.
            self.state = State::Open;
        }
        if to < self.row.last && !is_first {
            return;
        }
        self.row.last = self.row.last.max(to);
        self.ended = flow.ended;
        self.threshold = if flow.ended {
            inactive.min(2_000)
        } else if flow.continues {
            inactive.max(flow.active_timeout + jitter(flow.active_timeout))
        } else {
            inactive
        };
    }
}
