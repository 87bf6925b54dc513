//! An Exporter's active timeout, learned from the durations of its records (aggregation §4).

use alloc::vec::Vec;

use flowlog_record::{ACTIVE_TIMEOUTS_MS, ActiveTimeout};
use serde::{Deserialize, Serialize};

/// Durations that are remembered.
const REMEMBERED: usize = 1_024;
/// Durations that must have been seen before anything is learned.
const ENOUGH: usize = 128;
/// The candidates, and one class for what none covers.
const CLASSES: usize = ACTIVE_TIMEOUTS_MS.len() + 1;

/// The last 1024 durations by the least candidate that covers each.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Durations {
    classes: Vec<u8>,
    oldest: usize,
    counts: [u16; CLASSES],
    learned: ActiveTimeout,
}

impl Durations {
    pub(crate) fn new() -> Self {
        Self {
            classes: Vec::new(),
            oldest: 0,
            counts: [0; CLASSES],
            learned: ActiveTimeout::UNLEARNED,
        }
    }

    /// The least candidate that covers 99 % of the durations; 60 s until 128 were seen.
    #[inline]
    pub(crate) const fn learned(&self) -> ActiveTimeout {
        self.learned
    }

    /// Enters a duration in milliseconds.
    #[inline]
    pub(crate) fn observe(&mut self, duration: i64) {
        let class = class_of(duration);
        if self.classes.len() < REMEMBERED {
            self.classes.push(class);
            self.count(class, u16::wrapping_add);
            self.learn();
            return;
        }
        let Some(slot) = self.classes.get_mut(self.oldest) else {
            return;
        };
        let left = core::mem::replace(slot, class);
        self.oldest = (self.oldest + 1) % REMEMBERED;
        // Nearly always a duration falls where the one that leaves had fallen.
        if left != class {
            self.count(left, u16::wrapping_sub);
            self.count(class, u16::wrapping_add);
            self.learn();
        }
    }

    fn count(&mut self, class: u8, step: fn(u16, u16) -> u16) {
        if let Some(count) = self.counts.get_mut(usize::from(class)) {
            *count = step(*count, 1);
        }
    }

    #[cold]
    fn learn(&mut self) {
        let seen = self.classes.len();
        if seen < ENOUGH {
            return;
        }
        let mut covered = 0;
        for (&count, &candidate) in self.counts.iter().zip(&ACTIVE_TIMEOUTS_MS) {
            covered += usize::from(count);
            if covered * 100 >= seen * 99 {
                self.learned = ActiveTimeout::from_millis(candidate).unwrap_or_default();
                return;
            }
        }
        let longest = ACTIVE_TIMEOUTS_MS.last().copied().unwrap_or_default();
        self.learned = ActiveTimeout::from_millis(longest).unwrap_or_default();
    }
}

/// The place of the least candidate that covers a duration.
///
/// Whole seconds are compared: the timers of Exporters tick in seconds, so that a timeout of 60 s
/// gives durations of 60,001 ms as well.
#[inline]
fn class_of(duration: i64) -> u8 {
    let begun = duration.wrapping_sub(999);
    if begun <= i64::from(ACTIVE_TIMEOUTS_MS[0]) {
        return 0;
    }
    ACTIVE_TIMEOUTS_MS.iter().fold(0, |class, &candidate| {
        class + u8::from(begun > i64::from(candidate))
    })
}

#[cfg(test)]
mod tests;
