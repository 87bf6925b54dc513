//! When to try again: a pure value, told of outcomes and asked with the time.
//!
//! ```text
//!          ┌── success ──┐
//!          ▼             │
//!        open ── trouble ─► closed until T ── T ─► one attempt at a time
//!          ▲                     ▲                      │      │
//!          │                     └─────── trouble ──────┘      │
//!          └───────────────────────── success ─────────────────┘
//! ```

use std::time::Duration;

use flowlog_record::Timestamp;

/// The first pause, and the longest, after trouble that passes.
const RETRY: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(30));
/// The same after trouble that somebody has to look at.
const HOLD: (Duration, Duration) = (Duration::from_secs(5), Duration::from_mins(5));

/// When attempts may begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pace {
    /// Troubles since the last success.
    failures: u32,
    /// No attempt begins before.
    closed_until: Option<Timestamp>,
}

impl Pace {
    /// Whether an attempt may begin while so many are under way. After trouble they go one at a
    /// time until one succeeds.
    pub fn may_begin(&self, now: Timestamp, under_way: usize) -> bool {
        match self.closed_until {
            Some(until) => now >= until && under_way == 0,
            None => true,
        }
    }

    /// When to ask again, if time is all that is waited for.
    pub fn next(&self) -> Option<Timestamp> {
        self.closed_until
    }

    /// Troubles since the last success.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// Rows arrived.
    pub fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// Trouble that passes. The pause doubles each time; `chance` (any number) spreads it between
    /// half of it and all, so that many who wait do not come back together.
    pub fn failed(&mut self, now: Timestamp, chance: u64) {
        self.pause(now, RETRY, chance);
    }

    /// Trouble that somebody has to look at.
    pub fn held(&mut self, now: Timestamp, chance: u64) {
        self.pause(now, HOLD, chance);
    }

    fn pause(&mut self, now: Timestamp, (first, most): (Duration, Duration), chance: u64) {
        let doubled = first.saturating_mul(1_u32.checked_shl(self.failures).unwrap_or(u32::MAX));
        let whole = u64::try_from(doubled.min(most).as_millis()).unwrap_or(u64::MAX);
        let half = whole / 2;
        let pause = half + chance % (whole - half + 1);
        self.failures = self.failures.saturating_add(1).min(31);
        let until = now.millis().saturating_add_unsigned(pause);
        self.closed_until = Some(Timestamp(until));
    }
}

#[cfg(test)]
mod tests;
