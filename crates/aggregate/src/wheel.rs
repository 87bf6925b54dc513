//! Timers by second: what might be due, looked at again when its second comes.
//!
//! Entries are hints. A row may move its due time back as often as it likes without a word to the
//! wheel; when its hint comes up, it is asked again.

use alloc::collections::{BTreeMap, BinaryHeap};
use alloc::vec::Vec;
use core::cmp::Reverse;

use crate::slab::{MOST_CELLS, Slot};

/// What a hint was made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// The flow said that it ended.
    Ended,
    /// `InactiveAging`.
    Inactive,
    /// An active timeout explained the last record.
    Continues,
    /// The period is over, its hold runs.
    Leaves,
}

/// A row and a class in one number; in order of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Hint(u32);

impl Hint {
    #[inline]
    pub(crate) const fn new(slot: Slot, class: Class) -> Self {
        let class = match class {
            Class::Ended => 0,
            Class::Inactive => 1,
            Class::Continues => 2,
            Class::Leaves => 3,
        };
        Self(slot << 2 | class)
    }

    pub(crate) const fn slot(self) -> Slot {
        self.0 >> 2
    }

    pub(crate) const fn class(self) -> Class {
        match self.0 & 3 {
            0 => Class::Ended,
            1 => Class::Inactive,
            2 => Class::Continues,
            _ => Class::Leaves,
        }
    }
}

const _: () = assert!(
    MOST_CELLS.checked_mul(4).is_none(),
    "a hint is a slot and two bits"
);

/// What comes up next.
#[derive(Debug)]
pub(crate) enum Taken {
    /// A second begins; its hints want their exact times.
    Second(Vec<Hint>),
    /// This hint was put in for this time.
    Hint(i64, Hint),
}

/// Hints by time.
#[derive(Debug)]
pub(crate) struct Wheel {
    seconds: BTreeMap<i64, Vec<Hint>>,
    /// Hints of the seconds that have begun, by exact time.
    near: BinaryHeap<Reverse<(i64, Hint)>>,
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

    pub(crate) fn insert(&mut self, at: i64, hint: Hint) {
        let second = at.div_euclid(1000);
        if second <= self.begun {
            self.near.push(Reverse((at, hint)));
        } else {
            self.seconds.entry(second).or_default().push(hint);
        }
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
                let (second, hints) = entry.remove_entry();
                self.begun = self.begun.max(second);
                return Some(Taken::Second(hints));
            }
        }
        if near > due {
            return None;
        }
        let Reverse((at, hint)) = self.near.pop()?;
        Some(Taken::Hint(at, hint))
    }
}

#[cfg(test)]
mod tests;
