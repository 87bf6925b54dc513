//! The end of a command that goes on until somebody presses Ctrl-C.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use super::Failure;

/// How long a signal goes unnoticed while nothing is done.
const SLICE: Duration = Duration::from_millis(50);

/// Whether SIGINT or SIGTERM has come. The second one ends the process at once, with status 0 too.
#[derive(Debug)]
pub(super) struct Stop(Arc<AtomicBool>);

impl Stop {
    pub(super) fn on_signals() -> Result<Self, Failure> {
        let wanted = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM] {
            // in this order: the flag is looked at before it is set
            flag::register_conditional_shutdown(signal, 0, Arc::clone(&wanted))
                .and_then(|_| flag::register(signal, Arc::clone(&wanted)))
                .map_err(|error| {
                    Failure::failed(format!("signals cannot be waited for: {error}"))
                })?;
        }
        Ok(Self(wanted))
    }

    pub(super) fn is_wanted(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Waits so long, or until it is wanted.
    #[expect(
        clippy::disallowed_methods,
        reason = "nothing but time and a signal is waited for"
    )]
    pub(super) fn wait(&self, time: Duration) {
        let mut left = time;
        while !left.is_zero() && !self.is_wanted() {
            let slice = left.min(SLICE);
            std::thread::sleep(slice);
            left = left.saturating_sub(slice);
        }
    }
}
