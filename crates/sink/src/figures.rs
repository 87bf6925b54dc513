//! What became of the rows of a stream, counted from the start of the process.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::error::{Class, DeliveryError};
use crate::spec::Spec;
use crate::target::Arrived;

/// The figures of one stream at one time.
#[derive(Clone, Debug)]
pub struct Figures {
    /// The stream.
    pub spec: Spec,
    /// Rows that have arrived.
    pub delivered: u64,
    /// Attempts, those that failed too.
    pub attempts: u64,
    /// Attempts that failed, by [`Class`].
    pub failures: Vec<(&'static str, u64)>,
    /// How long all attempts took together.
    pub attempting: Duration,
    /// Rows that the target does not take, left out.
    pub rejected: u64,
    /// Rows that were given up because too much waited.
    pub given_up: u64,
    /// `LogGroup`s that the Logstore had deleted before they were read.
    pub missed_groups: u64,
    /// Rows that wait in the Logstore, those of other flow logs that write there too.
    pub backlog_rows: u64,
    /// Octets that they take.
    pub backlog_octets: u64,
    /// When the oldest of them was received, seconds of the epoch; `None` when nothing waits.
    pub backlog_since: Option<u32>,
    /// Whether the last attempt failed.
    pub failing: bool,
    /// What was said when an attempt failed last.
    pub last_error: Option<String>,
}

/// The same, as it is counted.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    delivered: AtomicU64,
    attempts: AtomicU64,
    failures: [AtomicU64; Class::NAMES.len()],
    attempting_us: AtomicU64,
    rejected: AtomicU64,
    given_up: AtomicU64,
    missed_groups: AtomicU64,
    backlog_rows: AtomicU64,
    backlog_octets: AtomicU64,
    /// 0: nothing waits.
    backlog_since: AtomicU32,
    failing: AtomicBool,
    last_error: Mutex<Option<String>>,
}

impl Counters {
    pub(crate) fn attempted(&self, took: Duration, outcome: &Result<Arrived, DeliveryError>) {
        self.attempts.fetch_add(1, Ordering::Relaxed);
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.attempting_us.fetch_add(took, Ordering::Relaxed);
        self.failing.store(outcome.is_err(), Ordering::Relaxed);
        match outcome {
            Ok(arrived) => {
                add(&self.delivered, arrived.rows);
                add(&self.rejected, arrived.left_out);
            }
            Err(error) => {
                let named = Class::NAMES.iter().zip(&self.failures);
                let mut counted = named.filter(|(name, _)| **name == error.class.name());
                if let Some((_, failures)) = counted.next() {
                    failures.fetch_add(1, Ordering::Relaxed);
                }
                let mut last = self
                    .last_error
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner);
                *last = Some(error.to_string());
            }
        }
    }

    pub(crate) fn rejected(&self, rows: usize) {
        add(&self.rejected, rows);
    }

    pub(crate) fn given_up(&self, rows: usize) {
        add(&self.given_up, rows);
    }

    pub(crate) fn missed(&self, groups: u64) {
        self.missed_groups.fetch_add(groups, Ordering::Relaxed);
    }

    pub(crate) fn backlog(&self, rows: u64, octets: u64, since: Option<u32>) {
        self.backlog_rows.store(rows, Ordering::Relaxed);
        self.backlog_octets.store(octets, Ordering::Relaxed);
        self.backlog_since
            .store(since.unwrap_or(0), Ordering::Relaxed);
    }

    pub(crate) fn is_failing(&self) -> bool {
        self.failing.load(Ordering::Relaxed)
    }

    pub(crate) fn figures(&self, spec: &Spec) -> Figures {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let since = self.backlog_since.load(Ordering::Relaxed);
        let last_error = self
            .last_error
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        Figures {
            spec: spec.clone(),
            delivered: of(&self.delivered),
            attempts: of(&self.attempts),
            failures: Class::NAMES
                .into_iter()
                .zip(self.failures.iter().map(of))
                .collect(),
            attempting: Duration::from_micros(of(&self.attempting_us)),
            rejected: of(&self.rejected),
            given_up: of(&self.given_up),
            missed_groups: of(&self.missed_groups),
            backlog_rows: of(&self.backlog_rows),
            backlog_octets: of(&self.backlog_octets),
            backlog_since: Some(since).filter(|since| *since > 0),
            failing: self.is_failing(),
            last_error: last_error.clone(),
        }
    }
}

fn add(counter: &AtomicU64, rows: usize) {
    counter.fetch_add(u64::try_from(rows).unwrap_or(u64::MAX), Ordering::Relaxed);
}
