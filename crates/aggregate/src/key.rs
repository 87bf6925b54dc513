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

/// The words of a key of either family; IPv4 uses the first four.
pub(crate) type WideKey = [u64; 7];

/// Aligns the cells of IPv4 flows to a cache line each.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(crate) struct CacheLine;

/// The key of a row with the Exporter in it.
pub(crate) trait Key: Copy + Debug + Ord + Serialize + for<'a> Deserialize<'a> {
    /// What its cells are aligned like.
    type Align: Copy + Debug;

    /// From the words that [`pack`] made.
    fn from_wide(words: &WideKey) -> Self;

    /// The words, as `from_wide` takes them.
    fn wide(&self) -> WideKey;

    /// Whether both name the same flow; TCP flags do not matter.
    fn same(&self, other: &Self) -> bool;

    /// Under the secret `key`, in the window that starts at `window`.
    fn hash(&self, key: &HashKey, window: i64) -> u64;

    fn tail(&self) -> u64;
    fn tail_mut(&mut self) -> &mut u64;
    fn owner(&self) -> u64;

    /// The TCP flags beside the key.
    #[inline]
    fn flags(&self) -> u16 {
        let [.., low, high] = self.tail().to_le_bytes();
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
        ExporterId(halves(self.owner()).0)
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

    #[inline]
    fn from_wide(words: &WideKey) -> Self {
        let [a, b, c, d, ..] = *words;
        Self([a, b, c, d])
    }

    fn wide(&self) -> WideKey {
        let [a, b, c, d] = self.0;
        [a, b, c, d, 0, 0, 0]
    }

    #[inline]
    fn same(&self, other: &Self) -> bool {
        let [a, b, c, d] = self.0;
        let [e, f, g, h] = other.0;
        ((a ^ e) | (b ^ f) | (c ^ g) | ((d ^ h) & KEY_PART)) == 0
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
    fn tail(&self) -> u64 {
        let [.., tail] = self.0;
        tail
    }

    #[inline]
    fn tail_mut(&mut self) -> &mut u64 {
        let [.., tail] = &mut self.0;
        tail
    }

    #[inline]
    fn owner(&self) -> u64 {
        let [.., owner, _] = self.0;
        owner
    }
}

impl Key for KeyV6 {
    type Align = u64;

    #[inline]
    fn from_wide(words: &WideKey) -> Self {
        Self(*words)
    }

    fn wide(&self) -> WideKey {
        self.0
    }

    #[inline]
    fn same(&self, other: &Self) -> bool {
        let [a, b, c, d, e, f, g] = self.0;
        let [h, i, j, k, l, m, n] = other.0;
        let differences = (a ^ h) | (b ^ i) | (c ^ j) | (d ^ k) | (e ^ l) | (f ^ m);
        (differences | ((g ^ n) & KEY_PART)) == 0
    }

    #[inline]
    fn hash(&self, key: &HashKey, window: i64) -> u64 {
        let [a, b, c, d, e, f, g] = self.0;
        let HashKey([k0, k1, k2, k3]) = *key;
        let source = fold(a ^ k0, b ^ k1);
        let destination = fold(c ^ k2, d ^ k3);
        let addresses = fold(source ^ k3, destination ^ k0);
        let rest = fold(e ^ k1, f ^ k3);
        let right = fold(rest ^ k0, (g & KEY_PART) ^ k2);
        fold(addresses ^ window.cast_unsigned() ^ k2, right ^ k1)
    }

    #[inline]
    fn tail(&self) -> u64 {
        let [.., tail] = self.0;
        tail
    }

    #[inline]
    fn tail_mut(&mut self) -> &mut u64 {
        let [.., tail] = &mut self.0;
        tail
    }

    #[inline]
    fn owner(&self) -> u64 {
        let [.., owner, _] = self.0;
        owner
    }
}

/// Both halves of the 128-bit product, folded: every bit of the result depends on every bit of
/// both factors, and without the secret nobody can tell which factors meet.
#[inline]
pub(crate) fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a).wrapping_mul(u128::from(b));
    let (high, low) = split_u128(product);
    high ^ low
}

#[inline]
pub(crate) fn split_u128(value: u128) -> (u64, u64) {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = value.to_be_bytes();
    (
        u64::from_be_bytes([a, b, c, d, e, f, g, h]),
        u64::from_be_bytes([i, j, k, l, m, n, o, p]),
    )
}

#[inline]
fn halves(word: u64) -> (u32, u32) {
    let [a, b, c, d, e, f, g, h] = word.to_be_bytes();
    (
        u32::from_be_bytes([a, b, c, d]),
        u32::from_be_bytes([e, f, g, h]),
    )
}

#[inline]
pub(crate) fn joined(high: u32, low: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

/// Packs the key of `record`; whether four words hold it.
#[inline]
pub(crate) fn pack(
    record: &FlowRecord,
    placed: &Placed,
    exporter: ExporterId,
    layout: KeyLayout,
) -> (bool, WideKey) {
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
    let addresses = (
        record.source.ipv4_octets(),
        record.destination.ipv4_octets(),
    );
    if let (Some(source), Some(destination)) = addresses {
        let pair = joined(u32::from_be_bytes(source), u32::from_be_bytes(destination));
        return (true, [pair, middle, owner, tail, 0, 0, 0]);
    }
    let (a, b) = split_u128(u128::from_be_bytes(record.source.octets()));
    let (c, d) = split_u128(u128::from_be_bytes(record.destination.octets()));
    (false, [a, b, c, d, middle, owner, tail])
}

const fn class_of(placed: &Placed) -> u8 {
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
    let words = key.wide();
    let [a, b, c, d, e, f, g] = words;
    let (source, destination, middle, owner, tail) = if size_of::<K>() == size_of::<KeyV4>() {
        let (source, destination) = halves(a);
        (
            Address::from_ipv4_octets(source.to_be_bytes()),
            Address::from_ipv4_octets(destination.to_be_bytes()),
            b,
            c,
            d,
        )
    } else {
        (from_words(a, b), from_words(c, d), e, f, g)
    };
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
