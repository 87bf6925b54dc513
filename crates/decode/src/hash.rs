//! Hashes under the data directory's secret: of Exporters' addresses, and of whole datagrams.

use flowlog_record::{Address, HashKey};

/// The hash of an address, for a table that strangers can fill.
#[inline]
pub(crate) fn address(key: &HashKey, address: Address) -> u64 {
    let [k0, k1, k2, k3] = key.0;
    let (high, low) = halves(u128::from_be_bytes(address.octets()));
    folded(folded(high ^ k0, low ^ k1) ^ k2, k3 | 1)
}

/// The hash of a datagram.
///
/// Four lanes of sums, and of sums of sums, folded together under the key at the end: three
/// instructions for sixteen octets. Datagrams that differ in one word, or in two of a lane, always
/// differ; whoever could make others on purpose could as well send the same.
pub(crate) fn datagram(key: &HashKey, octets: &[u8]) -> u64 {
    let (blocks, tail) = octets.as_chunks();
    let mut lanes = Lanes::default();
    lanes.add(blocks);
    let mut last = [0; BLOCK];
    for (slot, &octet) in last.iter_mut().zip(tail) {
        *slot = octet;
    }
    lanes.add(&[last]);
    let [k0, k1, k2, k3] = key.0;
    let length = u64::try_from(octets.len()).unwrap_or(u64::MAX);
    let begin = folded(length ^ k0, k1 | 1);
    let sums = lanes.sums.iter().zip(&lanes.sums_of_sums);
    sums.fold(begin, |hash, (sum, sum_of_sums)| {
        folded(folded(hash ^ sum, k2 | 1) ^ sum_of_sums, k3 | 1)
    })
}

/// Octets that the lanes take at a time.
const BLOCK: usize = 32;

/// Sums over every fourth word, and the sums of these.
#[derive(Clone, Copy, Default)]
struct Lanes {
    sums: [u64; 4],
    sums_of_sums: [u64; 4],
}

impl Lanes {
    /// Not inlined: only where the lanes go to memory does the compiler make vectors of them.
    #[inline(never)]
    fn add(&mut self, blocks: &[[u8; BLOCK]]) {
        let mut lanes = *self;
        for block in blocks {
            let (words, _) = block.as_chunks();
            let sums = lanes.sums.iter_mut().zip(&mut lanes.sums_of_sums);
            for ((sum, sum_of_sums), &word) in sums.zip(words) {
                *sum = sum.wrapping_add(u64::from_le_bytes(word));
                *sum_of_sums = sum_of_sums.wrapping_add(*sum);
            }
        }
        *self = lanes;
    }
}

/// The two halves of a 128-bit product, XOR-ed.
#[inline]
fn folded(a: u64, b: u64) -> u64 {
    let (high, low) = halves(u128::from(a) * u128::from(b));
    high ^ low
}

#[inline]
fn halves(value: u128) -> (u64, u64) {
    let mask = u128::from(u64::MAX);
    let high = u64::try_from(value >> 64).unwrap_or_default();
    let low = u64::try_from(value & mask).unwrap_or_default();
    (high, low)
}

#[cfg(test)]
mod tests;
