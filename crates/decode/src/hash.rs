//! Hashes under the data directory's secret: of Exporters' addresses, and of whole datagrams.

use flowlog_record::{Address, HashKey};

/// An odd number without structure (the golden ratio): keeps zeros from staying zeros.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// The hash of an address, for a table that strangers can fill.
#[inline]
pub(crate) fn address(key: &HashKey, address: Address) -> u64 {
    let [k0, k1, k2, k3] = key.0;
    let (high, low) = halves(u128::from_be_bytes(address.octets()));
    folded(folded(high ^ k0, low ^ k1) ^ k2, k3 | 1)
}

/// The hash of a datagram: whoever does not know the key cannot make two that share one.
///
/// Four lanes of NH (RFC 4418 §5.2) with running keys: 32-bit sums multiplied to 64 bits, which
/// a compiler turns into vector instructions; the lanes are folded together at the end.
pub(crate) fn datagram(key: &HashKey, octets: &[u8]) -> u64 {
    let keys = key.0.map(|k| k | 1);
    let mut lanes = keys;
    let mut turn = keys;
    let (blocks, tail) = octets.as_chunks::<32>();
    for block in blocks {
        nh(block, &mut turn, &mut lanes);
    }
    let mut last = [0; 32];
    for (slot, &octet) in last.iter_mut().zip(tail) {
        *slot = octet;
    }
    nh(&last, &mut turn, &mut lanes);
    let length = u64::try_from(octets.len()).unwrap_or(u64::MAX);
    let [a, b, c, d] = lanes;
    let [k0, k1, k2, _] = keys;
    folded(
        folded(a ^ k0, b ^ length) ^ k1,
        folded(c ^ k2, d ^ SPREAD) | 1,
    )
}

#[inline]
fn nh(block: &[u8; 32], turn: &mut [u64; 4], lanes: &mut [u64; 4]) {
    let (words, _) = block.as_chunks::<8>();
    for ((word, turn), lane) in words.iter().zip(turn).zip(lanes) {
        let word = u64::from_le_bytes(*word).wrapping_add(*turn);
        *lane = lane
            .wrapping_add((word >> 32).wrapping_mul(word & 0xffff_ffff))
            .wrapping_add(word);
        *turn = turn.wrapping_add(SPREAD);
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
