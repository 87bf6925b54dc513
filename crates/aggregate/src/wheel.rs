//! Timers by second: rows that might be due, asked again when their second comes.
//!
//! Entries are hints. A row may move its due time back as often as it likes without a word to the
//! wheel. One that moves it forward puts in another hint and remembers its second, in a
//! [`Mark`]: older hints are then stale, and fall out when they come up. No hint lies further
//! ahead than two minutes, so that stale ones cannot pile up.

use alloc::collections::{BTreeMap, BinaryHeap};
use alloc::vec::Vec;
use core::cmp::Reverse;

use crate::slab::Slot;

/// No hint lies further ahead than this.
const FURTHEST_SECONDS: i64 = 120;

/// The second of a row's valid hint, in eight bits: enough to tell it from all others that may be
/// out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark(u8);

impl Mark {
    /// No hint is out.
    pub(crate) const NONE: Self = Self(255);
    const CYCLE: i64 = 255;

    pub(crate) const fn new(bits: u8) -> Self {
        Self(bits)
    }

    pub(crate) const fn bits(self) -> u8 {
        self.0
    }

    /// The mark of hints for this second.
    pub(crate) fn of(second: i64) -> Self {
        u8::try_from(second.rem_euclid(Self::CYCLE)).map_or(Self::NONE, Self)
    }

    /// Whether the hint comes up at `second` or before, seen from `now`; only for seconds to come.
    fn covers(self, second: i64, now: i64) -> bool {
        // Hints are out for the last minute, at most, and the next two.
        let base = now.saturating_sub(60);
        let ahead = i64::from(self.0)
            .saturating_sub(base)
            .rem_euclid(Self::CYCLE);
        self != Self::NONE && base.saturating_add(ahead) <= second
    }
}

/// The second that holds a point in time.
pub(crate) const fn second_of(at: i64) -> i64 {
    at.div_euclid(1000)
}

/// What comes up next.
#[derive(Debug)]
pub(crate) enum Taken {
    /// A second begins; these rows want their exact times.
    Second(i64, Vec<Slot>),
    /// This row was put in for this time.
    Row(i64, Slot),
}

/// Rows by the time when they might be due.
#[derive(Debug)]
pub(crate) struct Wheel {
    seconds: BTreeMap<i64, Vec<Slot>>,
    /// Rows of the seconds that have begun, by exact time.
    near: BinaryHeap<Reverse<(i64, Slot)>>,
    /// The last second that has begun.
    begun: i64,
}

impl Wheel {
    pub(crate) const fn new() -> Self {
        Self {
            seconds: BTreeMap::new(),
            near: BinaryHeap::new(),
            begun: i64::MIN,
        }
    }

    /// Puts a row in for `at`; the mark to remember.
    pub(crate) fn insert(&mut self, at: i64, slot: Slot, now: i64) -> Mark {
        let furthest = second_of(now).saturating_add(FURTHEST_SECONDS);
        let second = second_of(at).min(furthest);
        if second <= self.begun {
            self.near.push(Reverse((at, slot)));
        } else {
            self.seconds.entry(second).or_default().push(slot);
        }
        Mark::of(second)
    }

    /// Whether the hint with this mark comes up early enough for `at`.
    pub(crate) fn covers(mark: Mark, at: i64, now: i64) -> bool {
        let (second, now) = (second_of(at), second_of(now));
        // What is due by now is put in whatever there is: it comes up at once.
        second > now && mark.covers(second, now)
    }

    /// Hints that are out, valid or stale.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.near.len() + self.seconds.values().map(Vec::len).sum::<usize>()
    }

    /// Nothing comes up before this time.
    pub(crate) fn next(&self) -> i64 {
        let second = self.seconds.first_key_value();
        let second = second.map_or(i64::MAX, |(second, _)| second.saturating_mul(1000));
        let near = self.near.peek().map_or(i64::MAX, |Reverse((at, _))| *at);
        second.min(near)
    }

    /// The next that comes up at `due` or before.
    pub(crate) fn take(&mut self, due: i64) -> Option<Taken> {
        let near = self.near.peek().map_or(i64::MAX, |Reverse((at, _))| *at);
        if let Some(entry) = self.seconds.first_entry() {
            let begins = entry.key().saturating_mul(1000);
            if begins <= due && begins <= near {
                let (second, slots) = entry.remove_entry();
                self.begun = self.begun.max(second);
                return Some(Taken::Second(second, slots));
            }
        }
        if near > due {
            return None;
        }
        let Reverse((at, slot)) = self.near.pop()?;
        Some(Taken::Row(at, slot))
    }
}

#[cfg(test)]
mod tests;
