//! What has become of the rows of one attempt, told by delivery reports from another thread.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::error::Problem;

/// Counts the reports of an attempt. A row that is confirmed costs two additions, no lock.
#[derive(Debug)]
pub(crate) struct Attempt {
    /// Rows without a report, and one for the attempt itself while it sends.
    open: AtomicUsize,
    confirmed: AtomicUsize,
    failing: AtomicBool,
    worst: Mutex<Option<Problem>>,
    settled: Condvar,
}

/// What became of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// Rows that the cluster has.
    pub(crate) confirmed: usize,
    /// What says most of what went wrong.
    pub(crate) problem: Option<Problem>,
    /// Whether every row has a report.
    pub(crate) settled: bool,
}

impl Attempt {
    pub(crate) const fn new() -> Self {
        Self {
            open: AtomicUsize::new(1),
            confirmed: AtomicUsize::new(0),
            failing: AtomicBool::new(false),
            worst: Mutex::new(None),
            settled: Condvar::new(),
        }
    }

    /// A row is about to be sent.
    pub(crate) fn sends(&self) {
        self.open.fetch_add(1, Ordering::Relaxed);
    }

    /// The cluster has a row.
    pub(crate) fn confirm(&self) {
        self.confirmed.fetch_add(1, Ordering::Relaxed);
        self.close();
    }

    /// A row was not sent or not taken.
    pub(crate) fn fail(&self, problem: Problem) {
        let mut worst = self.worst.lock().unwrap_or_else(PoisonError::into_inner);
        *worst = (*worst).max(Some(problem));
        drop(worst);
        self.failing.store(true, Ordering::Relaxed);
        self.close();
    }

    /// A row that was about to be sent is left out.
    pub(crate) fn leave_out(&self) {
        self.close();
    }

    /// Whether anything went wrong so far: there is no point in sending more.
    #[inline]
    pub(crate) fn is_failing(&self) -> bool {
        self.failing.load(Ordering::Relaxed)
    }

    /// Waits a moment for the queue to have room.
    pub(crate) fn pause(&self, moment: Duration) {
        let worst = self.worst.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.settled.wait_timeout(worst, moment));
    }

    /// All rows are sent: waits until each has a report, or it is `until`.
    pub(crate) fn settle(&self, until: Instant) -> Outcome {
        self.close();
        let mut worst = self.worst.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let settled = self.open.load(Ordering::Acquire) == 0;
            let left = until.saturating_duration_since(now());
            if settled || left.is_zero() {
                return Outcome {
                    confirmed: self.confirmed.load(Ordering::Acquire),
                    problem: *worst,
                    settled,
                };
            }
            let waited = self.settled.wait_timeout(worst, left);
            worst = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn close(&self) {
        if self.open.fetch_sub(1, Ordering::AcqRel) == 1 {
            // With the lock held nobody is between looking and waiting.
            drop(self.worst.lock());
            self.settled.notify_all();
        }
    }
}

/// The clock of deadlines.
#[expect(
    clippy::disallowed_methods,
    reason = "a cluster is waited for in real time"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests;
