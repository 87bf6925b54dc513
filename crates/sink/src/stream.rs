//! One stream: reads the rows of its flow log, has them delivered, and knows how far it has come.
//!
//! Several shipments may be under way, each in a task of its own; what came back keeps its place and
//! its encoding, and leaves again when the [`Pace`] allows. A target that hangs costs the rows of a
//! full window, no more.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use flowlog_record::Timestamp;
use tokio::sync::watch;
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::{Instant, sleep, timeout_at};
use tracing::{error, info, warn};

use crate::book::Progress;
use crate::error::{DeliveryError, Disposition};
use crate::figures::Counters;
use crate::pace::Pace;
use crate::source::Source;
use crate::spec::{MostBacklog, Spec};
use crate::target::{Prepared, Target};
use crate::window::{Shipment, Window};

/// Rows that are read ahead of what has arrived.
const WINDOW_ROWS: usize = 32_768;
/// How often to look whether there is more, when there was nothing.
const LOOK: Duration = Duration::from_millis(200);
/// How often the backlog is measured.
#[cfg(not(test))]
const MEASURE: Duration = Duration::from_secs(2);
#[cfg(test)]
const MEASURE: Duration = Duration::from_millis(100);
/// How long rows of a flow log that is gone may still come: those that were open.
#[cfg(not(test))]
const LAST_ROWS: Duration = Duration::from_secs(15);
#[cfg(test)]
const LAST_ROWS: Duration = Duration::from_millis(300);

/// What a stream is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// Go on.
    Run,
    /// The flow log, or this target of it, is gone: end when everything has arrived.
    Finish,
    /// End when everything has arrived, or at this time, or at once where the target is in trouble.
    Stop(Instant),
}

/// What a stream works with.
pub(crate) struct Setting {
    pub(crate) spec: Arc<Spec>,
    pub(crate) source: Source,
    pub(crate) target: Target,
    pub(crate) most: MostBacklog,
    pub(crate) now: fn() -> Timestamp,
    pub(crate) counters: Arc<Counters>,
    /// Written here whenever it changes.
    pub(crate) progress: Arc<Mutex<Progress>>,
}

pub(crate) struct Stream {
    spec: Arc<Spec>,
    source: Source,
    target: Arc<Target>,
    most: MostBacklog,
    now: fn() -> Timestamp,
    counters: Arc<Counters>,
    progress: Arc<Mutex<Progress>>,
    window: Window,
    pace: Pace,
    /// What did not arrive, and waits for another attempt.
    returned: VecDeque<(Shipment, Prepared)>,
    tasks: JoinSet<Returned>,
    /// There was nothing more to read at the last look.
    at_end: bool,
    measured: Instant,
}

/// A shipment whose attempts have ended: with an error it has not arrived, or not wholly.
type Returned = (Shipment, Prepared, Option<DeliveryError>);

impl Stream {
    pub(crate) fn new(setting: Setting) -> Self {
        let Setting {
            spec,
            source,
            target,
            most,
            now,
            counters,
            progress,
        } = setting;
        let mut window = Window::default();
        for (shard, cursor) in &lock(&progress).shards {
            window.begin(*shard, *cursor);
        }
        Self {
            spec,
            source,
            target: Arc::new(target),
            most,
            now,
            counters,
            progress,
            window,
            pace: Pace::default(),
            returned: VecDeque::new(),
            tasks: JoinSet::new(),
            at_end: false,
            measured: Instant::now(),
        }
    }

    /// Works until it is told otherwise; whether everything has arrived then.
    pub(crate) async fn run(mut self, mut orders: watch::Receiver<Order>) -> bool {
        let mut ends_not_before = None;
        loop {
            self.read().await;
            self.measure().await;
            self.begin();
            let order = *orders.borrow_and_update();
            let is_empty = self.at_end && self.window.is_empty();
            match order {
                Order::Run => ends_not_before = None,
                Order::Finish => {
                    let not_before = *ends_not_before.get_or_insert(Instant::now() + LAST_ROWS);
                    if is_empty && Instant::now() >= not_before {
                        return true;
                    }
                }
                Order::Stop(at) => {
                    let is_stuck = self.pace.failures() > 0 && self.tasks.is_empty();
                    if is_empty || is_stuck || Instant::now() >= at {
                        self.save(at).await;
                        return is_empty;
                    }
                }
            }
            tokio::select! {
                Some(returned) = self.tasks.join_next() => {
                    // A task that panicked is told by the runtime; its rows are sent after a restart.
                    if let Ok(returned) = returned {
                        self.take_back(returned);
                    }
                }
                () = sleep(LOOK), if self.at_end || !self.has_room() || self.pace.next().is_some() => {}
                changed = orders.changed() => {
                    if changed.is_err() {
                        // Nobody is left who could say what to do.
                        return false;
                    }
                }
                () = std::future::ready(()), if !self.at_end && self.has_room() => {}
            }
        }
    }

    fn has_room(&self) -> bool {
        self.window.rows() < WINDOW_ROWS
    }

    /// Reads on, if there is room.
    async fn read(&mut self) {
        if !self.has_room() {
            return;
        }
        let reads: Vec<_> = self.window.reads().collect();
        let positions: Vec<_> = self.window.positions().collect();
        let source = self.source.clone();
        let read = spawn_blocking(move || source.read(&reads, &positions)).await;
        match read {
            Ok(Ok(Some(step))) => {
                if step.missed > 0 {
                    self.counters.missed(step.missed);
                    error!(
                        flow_log = %self.spec.flow_log, target = self.spec.to.kind(),
                        log_groups = step.missed, "rows were deleted before they could be delivered"
                    );
                }
                self.at_end = false;
                self.window.take(step);
                self.note();
            }
            Ok(Ok(None)) | Err(_) => self.at_end = true,
            Ok(Err(problem)) => {
                warn!(flow_log = %self.spec.flow_log, %problem, "rows cannot be read");
                self.at_end = true;
            }
        }
    }

    /// Lets as many shipments leave as may be under way.
    fn begin(&mut self) {
        while self.tasks.len() < self.target.most_under_way()
            && self.pace.may_begin((self.now)(), self.tasks.len())
        {
            let next = self.returned.pop_front().or_else(|| {
                let shipment = self.window.next()?;
                let prepared = self.target.prepare(&shipment);
                Some((shipment, prepared))
            });
            let Some((shipment, prepared)) = next else {
                return;
            };
            let (target, counters) = (Arc::clone(&self.target), Arc::clone(&self.counters));
            let of = Arc::clone(&self.spec);
            self.tasks
                .spawn(async move { deliver(&target, &counters, &of, shipment, prepared).await });
        }
    }

    fn take_back(&mut self, (shipment, prepared, problem): Returned) {
        let Some(problem) = problem else {
            if self.pace.failures() > 0 {
                info!(flow_log = %self.spec.flow_log, target = self.spec.to.kind(), "rows arrive again");
            }
            self.pace.succeeded();
            self.window.arrived(&shipment);
            self.note();
            return;
        };
        let chance = getrandom::u64().unwrap_or(0);
        if problem.disposition() == Disposition::Hold {
            self.pace.held((self.now)(), chance);
        } else {
            self.pace.failed((self.now)(), chance);
        }
        if self.pace.failures().is_power_of_two() {
            warn!(
                flow_log = %self.spec.flow_log, target = self.spec.to.kind(), %problem,
                times = self.pace.failures(), "rows wait for their target"
            );
        }
        self.returned.push_back((shipment, prepared));
    }

    /// Ends what is under way, and notes what the target has to know again.
    async fn save(&mut self, at: Instant) {
        while let Ok(Some(returned)) = timeout_at(at, self.tasks.join_next()).await {
            if let Ok(returned) = returned {
                self.take_back(returned);
            }
        }
        if self.tasks.is_empty() {
            let words = self.target.save().await;
            lock(&self.progress).target = words;
        }
    }

    /// Measures what waits, and gives up what is too much.
    async fn measure(&mut self) {
        if self.measured.elapsed() < MEASURE {
            return;
        }
        self.measured = Instant::now();
        let mut given_up = 0;
        loop {
            let positions: Vec<_> = self.window.positions().collect();
            let source = self.source.clone();
            let backlog = spawn_blocking(move || source.backlog(&positions)).await;
            let backlog = backlog.unwrap_or_default();
            self.counters
                .backlog(backlog.rows, backlog.octets, backlog.since);
            let age = backlog.since.map_or(0, |since| {
                (self.now)().seconds().saturating_sub(i64::from(since))
            });
            let most_age = i64::try_from(self.most.age.as_secs()).unwrap_or(i64::MAX);
            if backlog.octets <= self.most.octets && age <= most_age {
                break;
            }
            match self.give_up().await {
                Some(rows) => given_up += rows,
                None => break,
            }
        }
        if given_up > 0 {
            self.counters.given_up(given_up);
            self.note();
            error!(
                flow_log = %self.spec.flow_log, target = self.spec.to.kind(), rows = given_up,
                "rows were given up because too much waits for their target"
            );
        }
    }

    /// Gives up the oldest of what waits; how many rows. `None` when nothing more can be given up.
    async fn give_up(&mut self) -> Option<usize> {
        if let Some((shipment, _)) = self.returned.pop_front() {
            self.window.arrived(&shipment);
            return Some(shipment.rows());
        }
        if let Some(group) = self.window.give_up_oldest() {
            return Some(group.group().rows());
        }
        let before: Vec<_> = self.window.reads().collect();
        self.read().await;
        let after: Vec<_> = self.window.reads().collect();
        (before != after).then_some(0)
    }

    /// Notes how far it has come.
    fn note(&self) {
        lock(&self.progress).shards = self.window.positions().collect();
    }
}

/// Attempts until everything of a shipment has arrived or was left out, or until there is trouble
/// that time may mend.
async fn deliver(
    target: &Target,
    counters: &Counters,
    spec: &Spec,
    shipment: Shipment,
    mut prepared: Prepared,
) -> Returned {
    let mut has_set_clock = false;
    loop {
        let begun = Instant::now();
        let Some(outcome) = target.attempt(&mut prepared).await else {
            return (shipment, prepared, None);
        };
        counters.attempted(begun.elapsed(), &outcome);
        let Err(problem) = outcome else {
            has_set_clock = false;
            continue;
        };
        let left_out = match problem.disposition() {
            Disposition::FixClock(server) if !has_set_clock => {
                has_set_clock = true;
                target.set_clock(server);
                0
            }
            Disposition::Split => target.split(&mut prepared),
            Disposition::Reject => Target::reject(&mut prepared),
            Disposition::Retry | Disposition::Hold | Disposition::FixClock(_) => {
                return (shipment, prepared, Some(problem));
            }
        };
        if left_out > 0 {
            counters.rejected(left_out);
            error!(
                flow_log = %spec.flow_log, target = spec.to.kind(), rows = left_out, %problem,
                "rows that their target does not take were left out"
            );
        }
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
