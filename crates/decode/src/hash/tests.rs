use alloc::vec::Vec;
use core::net::IpAddr;

use flowlog_record::HashKey;
use proptest::prelude::*;

use super::{address, datagram};

const KEY: HashKey = HashKey::PUBLIC;

#[test]
fn the_length_counts() {
    let hashes: Vec<u64> = (0..100)
        .map(|length| datagram(&KEY, &[0; 100][..length]))
        .collect();
    for (i, hash) in hashes.iter().enumerate() {
        assert!(!hashes[..i].contains(hash), "{i} octets");
    }
}

#[test]
fn another_key_gives_other_hashes() {
    let other = HashKey([1, 2, 3, 4]);
    assert_ne!(datagram(&KEY, &[7; 90]), datagram(&other, &[7; 90]));
    let ip: IpAddr = "192.0.2.1".parse().unwrap();
    assert_ne!(address(&KEY, ip.into()), address(&other, ip.into()));
}

proptest! {
    #[test]
    fn a_changed_octet_changes_the_hash(
        octets in prop::collection::vec(any::<u8>(), 1..300),
        at in any::<prop::sample::Index>(),
        change in 1_u8..,
    ) {
        let mut other = octets.clone();
        other[at.index(octets.len())] ^= change;
        prop_assert_ne!(datagram(&KEY, &octets), datagram(&KEY, &other));
    }

    #[test]
    fn words_that_change_places_change_the_hash(
        octets in prop::collection::vec(any::<u8>(), 128..300),
        (a, b) in (0_usize..16, 0_usize..16),
    ) {
        let mut other = octets.clone();
        for i in 0..8 {
            other.swap(a * 8 + i, b * 8 + i);
        }
        prop_assume!(other != octets);
        prop_assert_ne!(datagram(&KEY, &octets), datagram(&KEY, &other));
    }
}
