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
    let mut lanes = [Lane::default(); 4];
    let (blocks, tail) = octets.as_chunks();
    for block in blocks {
        add(block, &mut lanes);
    }
    let (words, tail) = tail.as_chunks();
    for (lane, word) in lanes.iter_mut().zip(words) {
        lane.add(*word);
    }
    let mut last = [0; 8];
    for (slot, &octet) in last.iter_mut().zip(tail) {
        *slot = octet;
    }
    let [.., lane] = &mut lanes;
    lane.add(last);
    let [k0, k1, k2, k3] = key.0;
    let length = u64::try_from(octets.len()).unwrap_or(u64::MAX);
    let begin = folded(length ^ k0, k1 | 1);
    lanes.iter().fold(begin, |hash, lane| {
        folded(folded(hash ^ lane.sum, k2 | 1) ^ lane.sum_of_sums, k3 | 1)
    })
}

/// Sums over every fourth word.
#[derive(Clone, Copy, Default)]
struct Lane {
    sum: u64,
    sum_of_sums: u64,
}

#[inline]
fn add(block: &[u8; 32], lanes: &mut [Lane; 4]) {
    let (words, _) = block.as_chunks();
    for (lane, word) in lanes.iter_mut().zip(words) {
        lane.add(*word);
    }
}

impl Lane {
    #[inline]
    fn add(&mut self, word: [u8; 8]) {
        self.sum = self.sum.wrapping_add(u64::from_le_bytes(word));
        self.sum_of_sums = self.sum_of_sums.wrapping_add(self.sum);
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
