//! To which partition an Exporter belongs, by its address alone: its port may change, its
//! Templates must not get lost.

use std::net::IpAddr;
use std::num::{NonZeroU16, NonZeroUsize};

/// The number of partitions of a new data directory; it is kept there and never changes.
pub const DEFAULT_PARTITIONS: NonZeroU16 = NonZeroU16::MIN.saturating_add(63);

/// Folds the four words of an address; odd, so that no word is lost.
pub(crate) const FOLD: u32 = 0x9e37_79b1;
/// The two factors of the final mixing (the integer hash *lowbias32*, in the public domain).
pub(crate) const MIX: [u32; 2] = [0x7feb_352d, 0x846c_a68b];
/// What the words `0, 0, 0xffff` before an IPv4 address fold to.
pub(crate) const FOLDED_IPV4_PREFIX: u32 = 0xffff_u32.wrapping_mul(FOLD);

/// The partition of the Exporter with that source address; an IPv4 address and its mapped form
/// (RFC 4291 §2.5.5.2) are the same.
///
/// The number stands for state on disk: it is the same in every version, on every machine.
pub const fn partition_of(source: IpAddr, partitions: NonZeroU16) -> u16 {
    let folded = match source {
        IpAddr::V4(v4) => v4.to_bits().wrapping_add(FOLDED_IPV4_PREFIX),
        IpAddr::V6(v6) => {
            let [
                a0,
                a1,
                a2,
                a3,
                b0,
                b1,
                b2,
                b3,
                c0,
                c1,
                c2,
                c3,
                d0,
                d1,
                d2,
                d3,
            ] = v6.octets();
            u32::from_be_bytes([a0, a1, a2, a3])
                .wrapping_mul(FOLD)
                .wrapping_add(u32::from_be_bytes([b0, b1, b2, b3]))
                .wrapping_mul(FOLD)
                .wrapping_add(u32::from_be_bytes([c0, c1, c2, c3]))
                .wrapping_mul(FOLD)
                .wrapping_add(u32::from_be_bytes([d0, d1, d2, d3]))
        }
    };
    let [m0, m1] = MIX;
    let mixed = (folded ^ (folded >> 16)).wrapping_mul(m0);
    let mixed = (mixed ^ (mixed >> 15)).wrapping_mul(m1);
    let mixed = mixed ^ (mixed >> 16);
    let [low, high] = partitions.get().to_le_bytes();
    let [p0, p1, ..] = (mixed % u32::from_le_bytes([low, high, 0, 0])).to_le_bytes();
    u16::from_le_bytes([p0, p1])
}

/// The worker that owns a partition.
pub fn worker_of(partition: u16, workers: NonZeroUsize) -> usize {
    usize::from(partition) % workers
}

#[cfg(test)]
mod tests;
