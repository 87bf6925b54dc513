//! Keys packed into words: four for flows between IPv4 addresses, seven for all others.
//!
//! The last word leaves its upper sixteen bits to the TCP flags of the row, which are no part of
//! the key.

use core::fmt::Debug;

use flowlog_record::{
    Action, Address, Direction, ExporterId, FlowKey, FlowRecord, HashKey, Placed, ResourceIndex,
};
use serde::{Deserialize, Serialize};

use crate::rules::KeyLayout;

/// The part of the last word that belongs to the key.
const KEY_PART: u64 = 0x0000_ffff_ffff_ffff;
const FLAGS_SHIFT: u32 = 48;

/// Aligns the cells of IPv4 flows to a cache line each.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(crate) struct CacheLine;

/// The key of a row with the Exporter in it.
pub(crate) trait Key: Copy + Debug + Ord + Serialize + for<'a> Deserialize<'a> {
    /// What its cells are aligned like.
    type Align: Copy + Debug;

    /// Source and destination.
    fn addresses(&self) -> (Address, Address);

    /// Interfaces or path, owner, tail.
    fn rest(&self) -> [u64; 3];

    /// Whether both name the same flow; TCP flags do not matter.
    fn same(&self, other: &Self) -> bool;

    /// Under the secret `key`, in the window that starts at `window`.
    fn hash(&self, key: &HashKey, window: i64) -> u64;

    fn tail_mut(&mut self) -> &mut u64;

    /// The TCP flags beside the key.
    #[inline]
    fn flags(&self) -> u16 {
        let [.., tail] = self.rest();
        let [.., low, high] = tail.to_le_bytes();
        u16::from_le_bytes([low, high])
    }

    /// ORs TCP flags beside the key.
    #[inline]
    fn or_flags(&mut self, flags: u16) {
        *self.tail_mut() |= u64::from(flags) << FLAGS_SHIFT;
    }

    /// The key alone.
    #[inline]
    fn without_flags(mut self) -> Self {
        *self.tail_mut() &= KEY_PART;
        self
    }

    /// The Exporter.
    #[inline]
    fn exporter(&self) -> ExporterId {
        let [_, owner, _] = self.rest();
        ExporterId(halves(owner).0)
    }
}

/// A flow between two IPv4 addresses: addresses, interfaces or path, Exporter and resource, rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct KeyV4([u64; 4]);

/// Any other flow: four words of addresses, then as [`KeyV4`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct KeyV6([u64; 7]);

impl Key for KeyV4 {
    type Align = CacheLine;

    fn addresses(&self) -> (Address, Address) {
        let [pair, ..] = self.0;
        let (source, destination) = halves(pair);
        (
            Address::from_ipv4_octets(source.to_be_bytes()),
            Address::from_ipv4_octets(destination.to_be_bytes()),
        )
    }

    #[inline]
    fn rest(&self) -> [u64; 3] {
        let [_, middle, owner, tail] = self.0;
        [middle, owner, tail]
    }

    #[inline]
    fn same(&self, other: &Self) -> bool {
        same(&self.0, &other.0)
    }

    #[inline]
    fn hash(&self, key: &HashKey, window: i64) -> u64 {
        let [a, b, c, d] = self.0;
        let HashKey([k0, k1, k2, k3]) = *key;
        let left = fold(a ^ k0, b ^ k1);
        let right = fold(c ^ k2, (d & KEY_PART) ^ k3);
        fold(left ^ window.cast_unsigned() ^ k2, right ^ k1)
    }

    #[inline]
    fn tail_mut(&mut self) -> &mut u64 {
        let [.., tail] = &mut self.0;
        tail
    }
}

impl Key for KeyV6 {
    type Align = u64;

    fn addresses(&self) -> (Address, Address) {
        let [a, b, c, d, ..] = self.0;
        (from_words(a, b), from_words(c, d))
    }

    #[inline]
    fn rest(&self) -> [u64; 3] {
        let [.., middle, owner, tail] = self.0;
        [middle, owner, tail]
    }

    #[inline]
    fn same(&self, other: &Self) -> bool {
        same(&self.0, &other.0)
    }

    #[inline]
    fn hash(&self, key: &HashKey, window: i64) -> u64 {
        let [
            source @ ..,
            destination_high,
            destination_low,
            middle,
            owner,
            tail,
        ] = self.0;
        let [source_high, source_low] = source;
        let HashKey([k0, k1, k2, k3]) = *key;
        let source = fold(source_high ^ k0, source_low ^ k1);
        let destination = fold(destination_high ^ k2, destination_low ^ k3);
        let addresses = fold(source ^ k3, destination ^ k0);
        let rest = fold(middle ^ k1, owner ^ k3);
        let right = fold(rest ^ k0, (tail & KEY_PART) ^ k2);
        fold(addresses ^ window.cast_unsigned() ^ k2, right ^ k1)
    }

    #[inline]
    fn tail_mut(&mut self) -> &mut u64 {
        let [.., tail] = &mut self.0;
        tail
    }
}

/// Whether the words are the same but for TCP flags.
#[inline]
fn same<const N: usize>(ours: &[u64; N], theirs: &[u64; N]) -> bool {
    let (Some((tail, ours)), Some((other, theirs))) = (ours.split_last(), theirs.split_last())
    else {
        return true;
    };
    let words = ours.iter().zip(theirs);
    let differences = words.fold(0, |all, (ours, theirs)| all | (ours ^ theirs));
    (differences | ((tail ^ other) & KEY_PART)) == 0
}

/// Both halves of the 128-bit product, folded: every bit of the result depends on every bit of
/// both factors, and without the secret nobody can tell which factors meet.
#[inline]
pub(crate) fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a).wrapping_mul(u128::from(b));
    let (high, low) = split_u128(product);
    high ^ low
}

/// The upper and the lower half.
#[inline]
#[expect(clippy::as_conversions, reason = "each half is 64 bits wide")]
#[expect(clippy::cast_possible_truncation, reason = "as above")]
pub(crate) const fn split_u128(value: u128) -> (u64, u64) {
    ((value >> 64) as u64, value as u64)
}

/// The upper and the lower half.
#[inline]
#[expect(clippy::as_conversions, reason = "each half is 32 bits wide")]
#[expect(clippy::cast_possible_truncation, reason = "as above")]
const fn halves(word: u64) -> (u32, u32) {
    ((word >> 32) as u32, word as u32)
}

#[inline]
pub(crate) fn joined(high: u32, low: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

/// A key of either family.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Packed {
    V4(KeyV4),
    V6(KeyV6),
}

/// Packs the key of `record`.
#[inline]
pub(crate) fn pack(
    record: &FlowRecord,
    placed: Placed,
    exporter: ExporterId,
    layout: KeyLayout,
) -> Packed {
    let (source_port, destination_port) = record.row_ports();
    let (class, middle) = match layout {
        KeyLayout::Gateway => (
            record.tos,
            joined(record.ingress_interface, record.egress_interface),
        ),
        KeyLayout::Connection => (class_of(placed), u64::from(placed.path)),
    };
    let owner = joined(exporter.0, placed.resource.0);
    let tail = u64::from(source_port)
        | u64::from(destination_port) << 16
        | u64::from(record.protocol) << 32
        | u64::from(class) << 40;
    let (a, b) = split_u128(u128::from_be_bytes(record.source.octets()));
    let (c, d) = split_u128(u128::from_be_bytes(record.destination.octets()));
    // IPv4 is `::ffff:a.b.c.d`.
    if (a | c) == 0 && b >> 32 == 0xffff && d >> 32 == 0xffff {
        let pair = b << 32 | (d & 0xffff_ffff);
        return Packed::V4(KeyV4([pair, middle, owner, tail]));
    }
    Packed::V6(KeyV6([a, b, c, d, middle, owner, tail]))
}

const fn class_of(placed: Placed) -> u8 {
    let direction = match placed.direction {
        Direction::Unknown => 0,
        Direction::In => 1,
        Direction::Out => 2,
    };
    match placed.action {
        Action::Accept => direction,
        Action::Reject => direction | 4,
    }
}

/// The key as rows have it.
pub(crate) fn unpack<K: Key>(key: &K, layout: KeyLayout) -> FlowKey {
    let (source, destination) = key.addresses();
    let [middle, owner, tail] = key.rest();
    let [s0, s1, d0, d1, protocol, class, ..] = tail.to_le_bytes();
    let mut flow_key = FlowKey {
        source,
        destination,
        source_port: u16::from_le_bytes([s0, s1]),
        destination_port: u16::from_le_bytes([d0, d1]),
        protocol,
        path: 255,
        resource: ResourceIndex(halves(owner).1),
        ..FlowKey::default()
    };
    match layout {
        KeyLayout::Gateway => {
            flow_key.tos = class;
            (flow_key.ingress_interface, flow_key.egress_interface) = halves(middle);
        }
        KeyLayout::Connection => {
            let [path, ..] = middle.to_le_bytes();
            flow_key.path = path;
            flow_key.direction = match class & 3 {
                1 => Direction::In,
                2 => Direction::Out,
                _ => Direction::Unknown,
            };
            flow_key.action = if class & 4 == 0 {
                Action::Accept
            } else {
                Action::Reject
            };
        }
    }
    flow_key
}

fn from_words(high: u64, low: u64) -> Address {
    let value = u128::from(high) << 64 | u128::from(low);
    Address::from_ipv6_octets(value.to_be_bytes())
}

#[cfg(test)]
mod tests;
