//! `flowlogd run`: configuration → build (bind, fail early) → run → drain.
//!
//! Threads: one per worker (receives and aggregates), one that merges what all partitions say, one
//! that brings rows to the Logstore, one for HTTP, those of the Logstore, and this one, which waits for signals. Only the workers touch a
//! datagram. When a thread dies or the Logstore cannot take rows any more, the daemon ends as after
//! SIGTERM, with status 1: what it has is saved, and whoever watches over it starts it again.

mod application;
mod begin;
mod bind;
mod book;
mod columns;
mod control;
mod daemon;
mod deliverer;
mod delivery;
mod demo;
mod figures;
mod http;
mod keys;
mod limits;
mod merging;
mod saved;
mod start;
mod storage;
mod targets;
mod thread;
mod warnings;
mod worker;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crossbeam_channel::{Receiver, RecvError, select, tick, unbounded};
use flowlog_record::Timestamp;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use tracing::{error, info};

use crate::config::{Config, Sources};

pub(crate) use book::Numbered;
pub(crate) use control::kept_flow_logs;
pub use start::StartError;
pub(crate) use targets::try_all as try_targets;

use daemon::Daemon;
use thread::Event;

/// How often memory is looked at and the figures are published.
const HOUSEKEEPING: Duration = Duration::from_secs(1);

/// Runs the daemon until SIGTERM or SIGINT; `sources` is read again on SIGHUP.
///
/// # Errors
/// One sentence with what was to be used and what to do; nothing was received until then, or
/// everything that was is kept.
pub fn run(sources: &Sources, config: Config, demo: bool) -> Result<(), StartError> {
    let mut signals = Signals::new([SIGTERM, SIGINT, SIGHUP]).map_err(StartError::Signals)?;
    let (events, inbox) = unbounded();
    let handle = signals.handle();
    let heard = events.clone();
    let listener = thread::spawn("signals", &events, move || {
        signals
            .forever()
            .all(|signal| heard.send(Event::Signal(signal)).is_ok());
    })?;
    let mut daemon = start::start(config, &events)?;
    let outcome = match demo.then(|| demo::start(daemon.collect_address(), &events)) {
        Some(Err(problem)) => Err(problem),
        Some(Ok(demo)) => {
            let outcome = wait(&mut daemon, sources, &inbox);
            demo.stop();
            outcome
        }
        None => wait(&mut daemon, sources, &inbox),
    };
    let stopped = daemon.stop();
    handle.close();
    // Its panic was reported when it happened.
    drop(listener.join());
    stopped.and(outcome)
}

/// Does what there is to do until the daemon shall end.
fn wait(daemon: &mut Daemon, sources: &Sources, inbox: &Receiver<Event>) -> Result<(), StartError> {
    let seconds = tick(HOUSEKEEPING);
    loop {
        // However much happens, the house is kept in between.
        let event = select! {
            recv(inbox) -> event => event,
            recv(seconds) -> _ => {
                daemon.keep_house();
                continue;
            }
        };
        match event {
            Ok(Event::Signal(SIGHUP)) => daemon.reload(sources),
            Ok(Event::FlowLogs) => daemon.change_flow_logs(),
            Ok(Event::Applied(generation)) => daemon.api.control.applied(generation),
            Ok(Event::Signal(signal)) => {
                info!(
                    signal,
                    "stopping: taking what is queued, saving what is open"
                );
                return Ok(());
            }
            Ok(Event::Broken(problem)) => {
                error!(problem, "stopping: the daemon cannot go on");
                return Err(StartError::Broken(problem));
            }
            Err(RecvError) => return Ok(()),
        }
    }
}

/// The time of the system's clock.
#[expect(
    clippy::disallowed_methods,
    reason = "the edge reads the clock, here alone"
)]
fn system_time() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
