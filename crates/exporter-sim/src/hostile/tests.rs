use alloc::collections::BTreeSet;
use alloc::vec;
use alloc::vec::Vec;

use flowlog_record::{Timestamp, Version};
use flowlog_wire::{ipfix, message_version, netflow5, netflow9};

use super::{Hostile, MAX_DATAGRAM};
use crate::blast::Blaster;

/// Reads as far as there is something to read.
fn read(octets: &[u8]) -> usize {
    let sets = match message_version(octets) {
        Ok(Version::V5) => {
            return netflow5::Message::parse(octets).map_or(0, |m| m.records().len());
        }
        Ok(Version::V9) => netflow9::Message::parse(octets).map(|m| m.sets()),
        Ok(Version::Ipfix) => ipfix::Message::parse(octets).map(|m| m.sets()),
        Err(malformed) => Err(malformed),
    };
    let Ok(sets) = sets else {
        return 0;
    };
    let version = sets.version();
    sets.flatten()
        .map(|set| 1 + set.templates(version).flatten().count())
        .sum()
}

#[test]
fn hostile_octets_fit_into_a_datagram_and_are_all_different() {
    let mut hostile = Hostile::new(1);
    let mut sound = Vec::new();
    let mut seen = BTreeSet::new();
    let mut lengths = BTreeSet::new();
    for version in [Version::V5, Version::V9, Version::Ipfix] {
        Blaster::new(version, 1, 10).datagram(Timestamp(1_700_000_000_000), 20, &mut sound);
        for _ in 0..300 {
            let octets = hostile.datagram(&sound);
            assert!(octets.len() <= MAX_DATAGRAM);
            assert!(read(&octets) <= octets.len());
            lengths.insert(octets.len());
            seen.insert(octets);
        }
    }
    assert!(seen.len() > 500, "{}", seen.len());
    assert!(
        lengths.len() > 200 && lengths.contains(&65_504),
        "{}",
        lengths.len()
    );
}

#[test]
fn nothing_is_too_short_to_be_broken() {
    let mut hostile = Hostile::new(2);
    for length in 0..4 {
        for _ in 0..200 {
            assert!(hostile.datagram(&vec![0; length]).len() <= MAX_DATAGRAM);
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_octets() {
    let ten = |seed| {
        let mut hostile = Hostile::new(seed);
        let datagrams: Vec<Vec<u8>> = (0..10).map(|_| hostile.datagram(&[1; 99])).collect();
        datagrams
    };
    assert_eq!(ten(1), ten(1));
    assert_ne!(ten(1), ten(2));
}

#[test]
fn there_are_as_many_as_asked_for() {
    let mut hostile = Hostile::new(3);
    let mut of = |ppm| (0..10_000).map(|_| hostile.how_many(ppm)).sum::<u32>();
    assert_eq!((of(0), of(1_000_000), of(2_000_000)), (0, 10_000, 20_000));
    assert!((24_700..25_300).contains(&of(2_500_000)));
}
