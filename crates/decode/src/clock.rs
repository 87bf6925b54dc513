//! How far an Exporter's clock is off, learned from arrivals (aggregation §3).

use alloc::vec;
use alloc::vec::Vec;

use flowlog_record::Timestamp;
use serde::{Deserialize, Serialize};

/// Ten minutes, in slots of ten seconds.
const SLOT_MS: i64 = 10_000;
const SLOTS: i64 = 60;

/// An offset of at most this is the delay of the network: the Exporter's clock is trusted.
const TRUSTED_MS: i64 = 2_000;
/// Beyond this an offset is no skew but a wrong clock.
const LARGEST_SKEW_MS: i64 = 600_000;

/// The least value of the last ten minutes, to within a slot of ten seconds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SlidingMinimum {
    /// The least of each slot, by the slot's number modulo their count.
    slots: Vec<i64>,
    newest: i64,
    least: i64,
}

impl SlidingMinimum {
    pub(crate) fn new() -> Self {
        Self {
            slots: Vec::new(),
            newest: i64::MIN,
            least: i64::MAX,
        }
    }

    /// Enters a value that was seen at `at`; returns the least of the last ten minutes.
    ///
    /// A value older than the newest counts as of now: arrivals are in order but for microseconds.
    pub(crate) fn observe(&mut self, at: Timestamp, value: i64) -> i64 {
        let slot = at.millis().div_euclid(SLOT_MS);
        if slot > self.newest {
            self.advance(slot);
        }
        let index = usize::try_from(self.newest.rem_euclid(SLOTS)).unwrap_or_default();
        if let Some(least) = self.slots.get_mut(index) {
            *least = value.min(*least);
        }
        self.least = self.least.min(value);
        self.least
    }

    /// The least value so far; what no value is less than when there is none.
    pub(crate) const fn least(&self) -> Option<i64> {
        if self.least == i64::MAX {
            None
        } else {
            Some(self.least)
        }
    }

    /// Empties the slots up to `slot`, and finds the least of what remains.
    fn advance(&mut self, slot: i64) {
        if self.slots.is_empty() || slot.saturating_sub(self.newest) >= SLOTS {
            self.slots = vec![i64::MAX; usize::try_from(SLOTS).unwrap_or_default()];
        } else {
            for passed in self.newest + 1..=slot {
                let index = usize::try_from(passed.rem_euclid(SLOTS)).unwrap_or_default();
                if let Some(least) = self.slots.get_mut(index) {
                    *least = i64::MAX;
                }
            }
        }
        self.newest = slot;
        self.least = self.slots.iter().copied().min().unwrap_or(i64::MAX);
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
    pub(crate) const fn offset(&self) -> Option<i64> {
        self.offsets.least()
    }
}

#[cfg(test)]
mod tests;
