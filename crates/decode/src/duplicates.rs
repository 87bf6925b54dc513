//! Datagrams that came twice (aggregation §6).

use serde::{Deserialize, Serialize};

/// Datagrams that are remembered.
const REMEMBERED: usize = 64;

/// The hashes of the last 64 datagrams of a session.
///
/// The hash covers the whole datagram with its length, and so its sequence number and export
/// time too. Beside each stands its lower half: sixteen comparisons of four instead of 64.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RecentDatagrams {
    hashes: alloc::vec::Vec<u64>,
    halves: alloc::vec::Vec<u32>,
    oldest: usize,
}

impl RecentDatagrams {
    pub(crate) fn new() -> Self {
        Self {
            hashes: alloc::vec::Vec::with_capacity(REMEMBERED),
            halves: alloc::vec::Vec::with_capacity(REMEMBERED),
            oldest: 0,
        }
    }

    /// Enters a datagram; whether it is there already.
    pub(crate) fn observe(&mut self, hash: u64) -> bool {
        let half = u32::try_from(hash & 0xffff_ffff).unwrap_or_default();
        // Without an early end, so that it is done with vectors.
        let alike = self.halves.iter().map(|&other| u32::from(other == half));
        if alike.sum::<u32>() > 0 && self.hashes.contains(&hash) {
            return true;
        }
        if self.hashes.len() < REMEMBERED {
            self.hashes.push(hash);
            self.halves.push(half);
            return false;
        }
        let slots = self
            .hashes
            .get_mut(self.oldest)
            .zip(self.halves.get_mut(self.oldest));
        if let Some((hash_slot, half_slot)) = slots {
            *hash_slot = hash;
            *half_slot = half;
        }
        self.oldest = (self.oldest + 1) % REMEMBERED;
        false
    }
}

#[cfg(test)]
mod tests;
