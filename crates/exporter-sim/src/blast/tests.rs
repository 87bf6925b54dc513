use alloc::vec;
use alloc::vec::Vec;

use flowlog_record::{Timestamp, Version};

use super::Blaster;
use crate::reader::Reader;
use crate::tally::Counts;

const NOW: Timestamp = Timestamp(1_700_000_000_000);
const VERSIONS: [Version; 3] = [Version::V5, Version::V9, Version::Ipfix];

#[test]
fn what_is_said_of_a_datagram_is_in_it() {
    for version in VERSIONS {
        let mut blaster = Blaster::new(version, 1, 100);
        let (mut reader, mut said, mut octets) = (Reader::default(), Counts::default(), vec![9]);
        let records = Blaster::records_per_datagram(version);
        for _ in 0..2001 {
            said += blaster.datagram(NOW, records, &mut octets);
            assert!(octets.len() <= 1472);
            reader.read(&octets);
        }
        assert_eq!(reader.counts, said);
        assert_eq!(said.records, 2001 * u64::from(records));
        assert_eq!(reader.unknown, 0);
        assert_eq!(
            reader.announcements,
            if version == Version::V5 { 0 } else { 3 }
        );
        let step = if version == Version::V9 {
            1
        } else {
            u32::from(records)
        };
        let expected: Vec<u32> = (0..2001).map(|number| number * step).collect();
        assert_eq!(reader.sequences, expected);
    }
}

#[test]
fn the_same_seed_gives_the_same_octets() {
    for version in VERSIONS {
        let first = |seed| {
            let mut octets = Vec::new();
            Blaster::new(version, seed, 5).datagram(NOW, 3, &mut octets);
            octets
        };
        assert_eq!(first(7), first(7));
        assert_ne!(first(7), first(8));
    }
}

#[test]
fn records_ended_shortly_before_they_are_sent() {
    let mut blaster = Blaster::new(Version::Ipfix, 1, 5);
    let (mut reader, mut octets) = (Reader::default(), Vec::new());
    blaster.datagram(NOW, 19, &mut octets);
    reader.read(&octets);
    let now = u64::try_from(NOW.millis()).unwrap();
    for record in &reader.records {
        let (start, end) = (record[&152], record[&153]);
        assert!(start <= end && end <= now && now - end < 1_100 && end - start < 4_200);
    }
}

#[test]
fn more_records_than_fit_are_not_counted() {
    for (version, records) in [
        (Version::V5, 30),
        (Version::V9, 1_188),
        (Version::Ipfix, 921),
    ] {
        let mut blaster = Blaster::new(version, 1, 5);
        let (mut reader, mut octets) = (Reader::default(), Vec::new());
        let said = blaster.datagram(NOW, u16::MAX, &mut octets);
        reader.read(&octets);
        assert_eq!(reader.counts, said);
        assert_eq!(said.records, records, "{version:?}");
    }
}

#[test]
fn an_announcement_can_be_asked_for() {
    let mut blaster = Blaster::new(Version::V9, 1, 5);
    let (mut reader, mut octets) = (Reader::default(), Vec::new());
    blaster.datagram(NOW, 1, &mut octets);
    blaster.announce();
    blaster.datagram(NOW, 1, &mut octets);
    reader.read(&octets);
    assert_eq!((reader.announcements, reader.unknown), (1, 0));
}
