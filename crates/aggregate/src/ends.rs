//! Where periods of pure aging logs ended that have left: a period never starts before the end of
//! the one that left (aggregation §4).
//!
//! Two generations of time, so that nothing needs a timer: an end is remembered for one to two
//! times 6060 s, the longest that a record can reach back. Keys are told apart by 64 bits under
//! the secret; that two of a million meet has a chance of one in 10¹³, and would move a start.

use alloc::vec::Vec;

use hashbrown::HashTable;
use serde::{Deserialize, Serialize};

const GENERATION_MS: i64 = 6_060_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct End {
    hash: u64,
    end: i64,
}

/// The ends of the periods that left, by the hash of their keys.
#[derive(Debug, Default)]
pub(crate) struct Ends {
    current: HashTable<End>,
    last: HashTable<End>,
    generation: i64,
}

/// What is saved of [`Ends`].
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct SavedEnds {
    current: Vec<End>,
    last: Vec<End>,
    generation: i64,
}

impl Ends {
    /// A period of the key with this hash ended at `end` and left at `now`.
    pub(crate) fn insert(&mut self, hash: u64, end: i64, now: i64, most: u64) {
        self.turn(now);
        if let Some(known) = self.current.find_mut(hash, |known| known.hash == hash) {
            known.end = end;
            return;
        }
        if u64::try_from(self.current.len()).unwrap_or(u64::MAX) >= most {
            self.last = core::mem::take(&mut self.current);
        }
        self.current
            .insert_unique(hash, End { hash, end }, |known| known.hash);
    }

    /// Where the last period of the key with this hash ended.
    pub(crate) fn get(&mut self, hash: u64, now: i64) -> Option<i64> {
        self.turn(now);
        let same = |known: &End| known.hash == hash;
        let found = self.current.find(hash, same);
        found
            .or_else(|| self.last.find(hash, same))
            .map(|known| known.end)
    }

    fn turn(&mut self, now: i64) {
        let generation = now.div_euclid(GENERATION_MS);
        if generation == self.generation {
            return;
        }
        let next = self.generation.checked_add(1) == Some(generation);
        let ended = core::mem::take(&mut self.current);
        self.last = if next { ended } else { HashTable::new() };
        self.generation = generation;
    }

    pub(crate) fn save(&self) -> SavedEnds {
        SavedEnds {
            current: sorted(&self.current),
            last: sorted(&self.last),
            generation: self.generation,
        }
    }

    pub(crate) fn restore(saved: &SavedEnds) -> Self {
        Self {
            current: table(&saved.current),
            last: table(&saved.last),
            generation: saved.generation,
        }
    }
}

fn sorted(table: &HashTable<End>) -> Vec<End> {
    let mut ends: Vec<End> = table.iter().copied().collect();
    ends.sort_unstable();
    ends
}

fn table(ends: &[End]) -> HashTable<End> {
    let mut table = HashTable::with_capacity(ends.len());
    for end in ends {
        table.insert_unique(end.hash, *end, |known| known.hash);
    }
    table
}

#[cfg(test)]
mod tests;
