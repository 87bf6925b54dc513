//! Finds cells by hash: one look into memory for nearly every look-up.
//!
//! ```text
//!   hash   63 ········ place, k bits ········ 32 31 ················· 0
//!                        │                        the low 32 − k bits
//!                        ▼                            ▼
//!   entries  …  [ ··· ] [ tag, 32 − k bits │ slot, k bits ] [ ··· ]  …   2ᵏ of them
//! ```
//! Linear probing: the entries that a look-up reads lie side by side, tag and slot of each in one
//! word. There are more entries than cells, so that a slot has room in `k` bits; the rest of the word
//! tells nearly all other hashes apart, and the cell itself decides.

use alloc::vec;
use alloc::vec::Vec;

use crate::slab::Slot;

/// No entry, and none behind it for whoever looks from before.
const EMPTY: u32 = u32::MAX;
/// There was one.
const DELETED: u32 = u32::MAX - 1;
/// The fewest bits of a place.
const LEAST_BITS: u32 = 4;
/// The most: a bit is left for the tag.
const MOST_BITS: u32 = 31;

/// Slots by hash.
#[derive(Debug)]
pub(crate) struct Index {
    entries: Vec<u32>,
    bits: u32,
    /// Entries with a slot.
    live: usize,
    /// Those, and those that had one.
    used: usize,
}

impl Index {
    pub(crate) const fn new() -> Self {
        Self {
            entries: Vec::new(),
            bits: 0,
            live: 0,
            used: 0,
        }
    }

    /// Octets that it takes.
    pub(crate) fn octets(&self) -> usize {
        self.entries.capacity().saturating_mul(size_of::<u32>())
    }

    /// The slots that may have this hash: all that have, and seldom others.
    #[inline]
    pub(crate) fn slots(&self, hash: u64) -> Slots<'_> {
        Slots {
            entries: &self.entries,
            bits: self.bits,
            at: self.home(hash),
            tag: self.tag(hash),
        }
    }

    /// Brings near where [`slots`](Self::slots) looks first.
    #[inline]
    pub(crate) fn expect(&self, hash: u64) {
        if let Some(entry) = self.entries.get(self.home(hash)) {
            crate::nearer::bring(entry);
        }
    }

    /// Adds a slot. `others` gives all slots that are in the index with their hashes; it is gone
    /// through when there is no room, which is seldom.
    pub(crate) fn insert<I: Iterator<Item = (Slot, u64)>>(
        &mut self,
        (slot, hash): (Slot, u64),
        others: impl FnOnce() -> I,
    ) {
        if !self.has_room(slot) {
            self.rebuild(slot, others());
        }
        self.put(slot, hash);
    }

    /// Takes a slot out that was put in under this hash.
    pub(crate) fn remove(&mut self, slot: Slot, hash: u64) {
        let wanted = self.tag(hash) | slot;
        let mut at = self.home(hash);
        while let Some(&entry) = self.entries.get(at)
            && entry != EMPTY
        {
            let next = self.behind(at);
            if entry == wanted {
                return self.clear(at, next);
            }
            at = next;
        }
    }

    /// Forgets an entry; nobody has to look past it when there is none behind it.
    fn clear(&mut self, at: usize, next: usize) {
        let is_last = self.entries.get(next) == Some(&EMPTY);
        if let Some(entry) = self.entries.get_mut(at) {
            *entry = if is_last { EMPTY } else { DELETED };
        }
        self.used = self.used.saturating_sub(usize::from(is_last));
        self.live = self.live.saturating_sub(1);
        if self.live == 0 && self.used > self.entries.len() / 2 {
            self.entries.fill(EMPTY);
            self.used = 0;
        }
    }

    /// Whether a slot can be put in: some entries stay empty, so that looking ends.
    fn has_room(&self, slot: Slot) -> bool {
        let most = most_of(self.entries.len());
        self.used < most && usize::try_from(slot).is_ok_and(|slot| slot < most)
    }

    /// Begins anew with all that are there, and with room for one more: `slot`, or any below.
    pub(crate) fn rebuild(&mut self, slot: Slot, others: impl Iterator<Item = (Slot, u64)>) {
        let mut bits = self.bits.max(LEAST_BITS);
        let slots = usize::try_from(slot).unwrap_or(usize::MAX);
        // So that it is not rebuilt again soon.
        let wanted = self.live.saturating_mul(4) / 3;
        while bits < MOST_BITS && most_of(1 << bits) <= wanted.max(slots) {
            bits = bits.saturating_add(1);
        }
        self.bits = bits;
        self.entries = vec![EMPTY; 1 << bits];
        (self.live, self.used) = (0, 0);
        others.for_each(|(slot, hash)| self.put(slot, hash));
    }

    /// Puts a slot into the first entry that is free.
    fn put(&mut self, slot: Slot, hash: u64) {
        let word = self.tag(hash) | slot;
        let mut at = self.home(hash);
        loop {
            let next = self.behind(at);
            match self.entries.get_mut(at) {
                Some(entry) if *entry >= DELETED => {
                    self.used = self.used.saturating_add(usize::from(*entry == EMPTY));
                    *entry = word;
                    self.live = self.live.saturating_add(1);
                    return;
                }
                Some(_) => at = next,
                None => return,
            }
        }
    }

    /// Where looking for a hash begins.
    #[inline]
    fn home(&self, hash: u64) -> usize {
        let place = hash.checked_shr(64_u32.saturating_sub(self.bits));
        usize::try_from(place.unwrap_or(0)).unwrap_or(0)
    }

    /// What stands above the slot.
    #[inline]
    fn tag(&self, hash: u64) -> u32 {
        let [a, b, c, d, ..] = hash.to_le_bytes();
        u32::from_le_bytes([a, b, c, d])
            .checked_shl(self.bits)
            .unwrap_or(0)
    }

    #[inline]
    fn behind(&self, at: usize) -> usize {
        at.wrapping_add(1) & self.entries.len().wrapping_sub(1)
    }
}

/// How many entries may be in use: seven of eight.
const fn most_of(entries: usize) -> usize {
    entries / 8 * 7
}

/// The slots that may have a hash.
#[derive(Clone, Debug)]
pub(crate) struct Slots<'a> {
    entries: &'a [u32],
    bits: u32,
    at: usize,
    tag: u32,
}

impl Iterator for Slots<'_> {
    type Item = Slot;

    #[inline]
    fn next(&mut self) -> Option<Slot> {
        let mask = self.entries.len().wrapping_sub(1);
        let below = u32::MAX.checked_shl(self.bits).unwrap_or(0);
        loop {
            let entry = *self.entries.get(self.at)?;
            if entry == EMPTY {
                return None;
            }
            self.at = self.at.wrapping_add(1) & mask;
            if entry & below == self.tag && entry != DELETED {
                return Some(entry & !below);
            }
        }
    }
}

#[cfg(test)]
mod tests;
