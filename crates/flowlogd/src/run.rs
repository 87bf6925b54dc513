//! `flowlogd run`: configuration → build (bind, fail early) → run → drain.
//!
//! Threads: one per worker (receives and aggregates), one that brings rows to the Logstore, one for
//! HTTP, and this one, which waits for signals. Only the workers touch a datagram.

mod book;
mod columns;
mod daemon;
mod deliverer;
mod delivery;
mod demo;
mod figures;
mod http;
mod saved;
mod start;
mod warnings;
mod worker;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crossbeam_channel::{RecvTimeoutError, unbounded};
use flowlog_record::Timestamp;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use tracing::info;

use crate::config::{Config, Sources};

pub(crate) use book::Numbered;
pub use start::StartError;

/// How often memory is looked at and the figures are published.
const HOUSEKEEPING: Duration = Duration::from_secs(1);

/// Runs the daemon until SIGTERM or SIGINT; `sources` is read again on SIGHUP.
///
/// # Errors
/// One sentence with what was to be used and what to do; nothing was received until then, or
/// everything that was is kept.
pub fn run(sources: &Sources, config: Config, demo: bool) -> Result<(), StartError> {
    let mut signals = Signals::new([SIGTERM, SIGINT, SIGHUP]).map_err(StartError::Signals)?;
    let (heard, inbox) = unbounded();
    let handle = signals.handle();
    let listener = start::spawn("signals".to_owned(), move || {
        signals.forever().all(|signal| heard.send(signal).is_ok());
    })?;
    let mut daemon = start::start(config)?;
    let demo = demo
        .then(|| demo::start(daemon.collect_address()))
        .transpose()?;
    loop {
        match inbox.recv_timeout(HOUSEKEEPING) {
            Ok(SIGHUP) => daemon.reload(sources),
            Ok(signal) => {
                info!(
                    signal,
                    "stopping: taking what is queued, saving what is open"
                );
                break;
            }
            Err(RecvTimeoutError::Timeout) => daemon.keep_house(),
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    if let Some(demo) = demo {
        demo.stop();
    }
    let stopped = daemon.stop();
    handle.close();
    // Its panic was reported when it happened.
    drop(listener.join());
    stopped
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
