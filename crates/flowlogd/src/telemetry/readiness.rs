//! Whether the daemon can do its work: what `/readyz` answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// Where the daemon stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Something is not there yet.
    Starting,
    /// The UDP sockets are bound and the Logstore is open.
    Ready,
    /// Work is being finished; nobody should send any more.
    Stopping,
}

/// The state that the daemon sets and `/readyz` reads. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Readiness(Arc<AtomicU8>);

const COLLECTING: u8 = 1;
const LOGSTORE: u8 = 2;
const STOPPING: u8 = 4;

impl Readiness {
    /// The UDP sockets are bound.
    pub fn collecting(&self) {
        self.0.fetch_or(COLLECTING, Ordering::Release);
    }

    /// The Logstore is open.
    pub fn logstore_open(&self) {
        self.0.fetch_or(LOGSTORE, Ordering::Release);
    }

    /// The daemon is stopping; there is no way back.
    pub fn stopping(&self) {
        self.0.fetch_or(STOPPING, Ordering::Release);
    }

    /// Where the daemon stands.
    pub fn state(&self) -> State {
        match self.0.load(Ordering::Acquire) {
            bits if bits & STOPPING != 0 => State::Stopping,
            bits if bits & (COLLECTING | LOGSTORE) == COLLECTING | LOGSTORE => State::Ready,
            _ => State::Starting,
        }
    }
}
