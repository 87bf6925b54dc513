//! How far an Exporter's clock is off, learned from arrivals (aggregation §3).

use alloc::collections::VecDeque;

use flowlog_record::Timestamp;
use serde::{Deserialize, Serialize};

/// Ten minutes.
const SPAN_MS: i64 = 600_000;
/// Minima that one clock keeps. Header times in seconds make them rise for a second and fall
/// again: that many datagrams in a second are told apart.
const MOST_MINIMA: usize = 256;

/// An offset of at most this is the delay of the network: the Exporter's clock is trusted.
const TRUSTED_MS: i64 = 2_000;
/// Beyond this an offset is no skew but a wrong clock.
const LARGEST_SKEW_MS: i64 = 600_000;

/// The least value of the last ten minutes, to the millisecond.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SlidingMinimum {
    /// When a value was seen, and the value: what none behind it is less than. Both ascend.
    minima: VecDeque<(i64, i64)>,
}

impl SlidingMinimum {
    pub(crate) const fn new() -> Self {
        Self {
            minima: VecDeque::new(),
        }
    }

    /// Enters a value that was seen at `at`; returns the least of the last ten minutes.
    ///
    /// A value older than the newest counts as of now: arrivals are in order but for microseconds.
    pub(crate) fn observe(&mut self, at: Timestamp, value: i64) -> i64 {
        let now = self
            .minima
            .back()
            .map_or(at.millis(), |(newest, _)| at.millis().max(*newest));
        while self.minima.back().is_some_and(|(_, kept)| *kept >= value) {
            self.minima.pop_back();
        }
        let is_full = self.minima.len() >= MOST_MINIMA;
        match self.minima.back_mut() {
            // The least of those in its place stands for it.
            Some(last) if is_full => last.0 = now,
            _ => self.minima.push_back((now, value)),
        }
        let oldest = now.saturating_sub(SPAN_MS);
        while self.minima.front().is_some_and(|(seen, _)| *seen <= oldest) {
            self.minima.pop_front();
        }
        self.least().unwrap_or(value)
    }

    /// The least value of the ten minutes before the newest.
    pub(crate) fn least(&self) -> Option<i64> {
        self.minima.front().map(|(_, value)| *value)
    }
}

/// What is known of an Exporter's clock: `o`, the least `A − X` of ten minutes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ClockModel {
    offsets: SlidingMinimum,
}

impl ClockModel {
    pub(crate) fn new() -> Self {
        Self {
            offsets: SlidingMinimum::new(),
        }
    }

    /// Enters a datagram; returns by how many milliseconds its times are to be shifted.
    pub(crate) fn observe(&mut self, at: Timestamp, export: Timestamp) -> i64 {
        let own = at.since(export);
        let offset = self.offsets.observe(at, own);
        if offset.saturating_abs() <= TRUSTED_MS {
            0
        } else if offset.saturating_abs() <= LARGEST_SKEW_MS {
            offset
        } else {
            own
        }
    }

    /// `o` in milliseconds: positive when the Exporter's clock is behind.
    pub(crate) fn offset(&self) -> Option<i64> {
        self.offsets.least()
    }
}

#[cfg(test)]
mod tests;
