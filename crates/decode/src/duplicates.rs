//! Datagrams that came twice (aggregation §6).

use serde::{Deserialize, Serialize};

/// Datagrams that are remembered.
const REMEMBERED: usize = 64;

/// The hashes of the last 64 datagrams of a session.
///
/// The hash covers the whole datagram with its length, and so its sequence number and export
/// time too. Beside each stands its lower half: sixteen comparisons of four instead of 64. (Two
/// arrays of 32 each, because serde knows none of 64.)
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct RecentDatagrams {
    hashes: [[u64; REMEMBERED / 2]; 2],
    halves: [[u32; REMEMBERED / 2]; 2],
    oldest: u8,
}

impl RecentDatagrams {
    /// Enters a datagram; whether it is there already.
    pub(crate) fn observe(&mut self, hash: u64) -> bool {
        let half = u32::try_from(hash & 0xffff_ffff).unwrap_or_default();
        let (hashes, halves) = (
            self.hashes.as_flattened_mut(),
            self.halves.as_flattened_mut(),
        );
        // Without an early end, so that it is done with vectors.
        let alike = halves.iter().map(|&other| u32::from(other == half));
        if alike.sum::<u32>() > 0 && hashes.contains(&hash) {
            return true;
        }
        let oldest = usize::from(self.oldest) % REMEMBERED;
        if let (Some(hash_slot), Some(half_slot)) = (hashes.get_mut(oldest), halves.get_mut(oldest))
        {
            *hash_slot = hash;
            *half_slot = half;
        }
        self.oldest = self.oldest.wrapping_add(1);
        false
    }
}

#[cfg(test)]
mod tests;
