//! Cells in chunks: growing moves nothing, and a cell keeps its number while it lives.

use alloc::vec::Vec;

use crate::cell::{Cell, Marks};
use crate::key::Key;

/// 2 MiB of cells between IPv4 addresses: a huge page, where the program's memory has such.
const CHUNK_BITS: u32 = 15;
const CHUNK: usize = 1 << CHUNK_BITS;
const WITHIN: u32 = (1 << CHUNK_BITS) - 1;
/// No further free cell.
const END: u64 = u64::MAX;

/// Numbers stay below this.
pub(crate) const MOST_CELLS: u32 = 1 << 30;

/// The number of a cell.
pub(crate) type Slot = u32;

/// Cells by number; freed numbers are given again, last freed first.
#[derive(Debug)]
pub(crate) struct Slab<K: Key> {
    chunks: Vec<Vec<Cell<K>>>,
    free: u64,
    live: u32,
}

impl<K: Key> Slab<K> {
    pub(crate) const fn new() -> Self {
        Self {
            chunks: Vec::new(),
            free: END,
            live: 0,
        }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// Whether there is more than the first chunk.
    pub(crate) const fn is_large(&self) -> bool {
        self.chunks.len() > 1
    }

    /// Octets that its chunks take.
    pub(crate) fn octets(&self) -> usize {
        let cells = self
            .chunks
            .iter()
            .map(Vec::capacity)
            .fold(0, usize::saturating_add);
        cells.saturating_mul(size_of::<Cell<K>>())
    }

    #[inline]
    pub(crate) fn get(&self, slot: Slot) -> Option<&Cell<K>> {
        let (chunk, within) = place(slot);
        self.chunks.get(chunk)?.get(within)
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, slot: Slot) -> Option<&mut Cell<K>> {
        let (chunk, within) = place(slot);
        self.chunks.get_mut(chunk)?.get_mut(within)
    }

    /// The cell if it is in use.
    #[inline]
    pub(crate) fn live(&self, slot: Slot) -> Option<&Cell<K>> {
        self.get(slot).filter(|cell| cell.has(Marks::LIVE))
    }

    /// Puts `cell` into a free place; `None` when there are [`MOST_CELLS`].
    pub(crate) fn insert(&mut self, cell: Cell<K>) -> Option<Slot> {
        if let Ok(slot) = Slot::try_from(self.free)
            && let Some(place) = self.get_mut(slot)
            && !place.has(Marks::LIVE)
        {
            let next = place.octets;
            *place = cell;
            self.free = next;
            self.live = self.live.wrapping_add(1);
            return Some(slot);
        }
        let slot = self.push(cell)?;
        self.live = self.live.wrapping_add(1);
        Some(slot)
    }

    fn push(&mut self, cell: Cell<K>) -> Option<Slot> {
        if self.chunks.last().is_none_or(|chunk| chunk.len() >= CHUNK) {
            // The first chunk grows with need, as most tables stay small.
            let room = if self.chunks.is_empty() { 0 } else { CHUNK };
            self.chunks.push(Vec::with_capacity(room));
        }
        let full = self.chunks.len().saturating_sub(1);
        let chunk = self.chunks.last_mut()?;
        let slot = full.saturating_mul(CHUNK).saturating_add(chunk.len());
        let slot = Slot::try_from(slot)
            .ok()
            .filter(|slot| *slot < MOST_CELLS)?;
        chunk.push(cell);
        Some(slot)
    }

    /// Takes a cell out of use.
    pub(crate) fn remove(&mut self, slot: Slot) {
        let free = self.free;
        if let Some(cell) = self.get_mut(slot)
            && cell.has(Marks::LIVE)
        {
            *cell = cell.free(free);
            self.free = u64::from(slot);
            self.live = self.live.wrapping_sub(1);
        }
    }

    /// All places in order of number, in use or not.
    pub(crate) fn places(&self) -> impl Iterator<Item = (Slot, &Cell<K>)> {
        (0..).zip(self.chunks.iter().flatten())
    }

    /// All cells in use, in order of number.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Slot, &Cell<K>)> {
        self.places().filter(|(_, cell)| cell.has(Marks::LIVE))
    }

    /// The number of the first free cell, for saving.
    pub(crate) const fn first_free(&self) -> u64 {
        self.free
    }

    /// From saved places.
    pub(crate) fn restore(places: impl Iterator<Item = Cell<K>>, free: u64) -> Self {
        let mut slab = Self::new();
        for cell in places {
            let live = cell.has(Marks::LIVE);
            if slab.push(cell).is_some() && live {
                slab.live = slab.live.wrapping_add(1);
            }
        }
        slab.free = free;
        slab
    }
}

#[inline]
fn place(slot: Slot) -> (usize, usize) {
    let chunk = usize::try_from(slot >> CHUNK_BITS).unwrap_or(usize::MAX);
    let within = usize::try_from(slot & WITHIN).unwrap_or(usize::MAX);
    (chunk, within)
}

#[cfg(test)]
mod tests;
