use alloc::vec;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use flowlog_record::Version;

use super::Messages;
use crate::clock::{ExporterClock, Micros};
use crate::config::{FleetConfig, TimeEncoding};
use crate::flow::{EndReason, Flow, Metered};
use crate::reader::Reader;

const NOW: Micros = 1_700_000_000_500_000;

const CLOCK: ExporterClock = ExporterClock {
    boot: NOW - 10_000_000,
    set: NOW,
    offset: 3_000_000,
    drift_ppm: 0,
};

fn messages(version: Version, change: fn(&mut FleetConfig)) -> Messages {
    let mut config = FleetConfig::default();
    change(&mut config);
    Messages::new(&config, version, CLOCK)
}

fn metered(is_ipv6: bool) -> Metered {
    let address: IpAddr = if is_ipv6 {
        Ipv6Addr::LOCALHOST.into()
    } else {
        Ipv4Addr::LOCALHOST.into()
    };
    Metered {
        flow: Flow {
            source: address,
            destination: address,
            source_port: 1,
            destination_port: 2,
            protocol: 6,
            tos: 0,
            input: 1,
            output: 2,
            forwarding: 64,
        },
        start: NOW - 2_000_000,
        end: NOW - 1_000_000,
        packets: 3,
        octets: 300,
        tcp_flags: 0,
        reason: EndReason::Idle,
    }
}

/// Writes all of them; the number of datagrams.
fn write_all(messages: &mut Messages, pending: &mut Vec<Metered>, reader: &mut Reader) -> usize {
    let mut datagrams = 0;
    while !pending.is_empty() {
        let written = messages.write(NOW, pending);
        pending.drain(..written.records);
        reader.read(&written.octets);
        datagrams += 1;
    }
    datagrams
}

#[test]
fn netflow5_counts_flows_and_says_its_sampling() {
    let mut messages = messages(Version::V5, |config| config.export.sampling = 100);
    let mut reader = Reader::default();
    let datagrams = write_all(&mut messages, &mut vec![metered(false); 70], &mut reader);
    assert_eq!(datagrams, 3);
    assert_eq!(reader.sequences, [0, 28, 56]);
    assert_eq!(reader.uptimes, [10_000; 3]);
    assert_eq!(reader.export_times, [1_700_000_003; 3]);
    assert_eq!(reader.records[0][&34], 0x4000 + 100);
    assert_eq!(
        (reader.records[0][&22], reader.records[0][&21]),
        (8_000, 9_000)
    );
    assert_eq!(reader.announcements, 0);
}

#[test]
fn netflow9_counts_datagrams_and_announces_once() {
    let mut messages = messages(Version::V9, |_| {});
    let mut reader = Reader::default();
    let mut pending = vec![metered(false); 50];
    pending.extend(vec![metered(true); 50]);
    let datagrams = write_all(&mut messages, &mut pending, &mut reader);
    let expected: Vec<u32> = (0..u32::try_from(datagrams).unwrap()).collect();
    assert!(datagrams > 3);
    assert_eq!(reader.sequences, expected);
    assert_eq!((reader.counts.records, reader.announcements), (100, 2));
    assert_eq!(
        reader
            .records
            .iter()
            .filter(|r| r.contains_key(&27))
            .count(),
        50
    );
    assert!(reader.options.is_empty());
}

#[test]
fn ipfix_counts_data_records_options_included() {
    let mut messages = messages(Version::Ipfix, |config| {
        config.export.sampling = 10;
        config.export.time = TimeEncoding::SysUptime;
    });
    let mut reader = Reader::default();
    let mut pending = vec![metered(false); 20];
    write_all(&mut messages, &mut pending, &mut reader);
    assert_eq!(reader.announcements, 4);
    let first = reader.sequences[1];
    assert_eq!(reader.sequences[0], 0);
    assert!(first > 2 && first < 22, "{:?}", reader.sequences);
    let [sampler, boot] = &reader.options[..] else {
        panic!("{:?}", reader.options);
    };
    assert_eq!((sampler[&302], sampler[&305], sampler[&306]), (1, 1, 9));
    assert_eq!(boot[&160], 1_699_999_993_500);
    assert_eq!(reader.records[0][&302], 1);
    assert_eq!(
        (reader.records[0][&22], reader.records[0][&21]),
        (8_000, 9_000)
    );
    pending.push(metered(false));
    write_all(&mut messages, &mut pending, &mut reader);
    assert_eq!(reader.sequences.last(), Some(&22));
}

#[test]
fn netflow9_tells_its_sampler() {
    let mut messages = messages(Version::V9, |config| config.export.sampling = 10);
    let mut reader = Reader::default();
    write_all(&mut messages, &mut vec![metered(false)], &mut reader);
    let sampler = &reader.options[0];
    assert_eq!((sampler[&48], sampler[&49], sampler[&50]), (1, 1, 10));
    assert_eq!(reader.records[0][&48], 1);
}

#[test]
fn templates_come_again_by_count_and_when_asked_for() {
    let mut messages = messages(Version::V9, |config| {
        config.export.templates_every_datagrams = 3;
    });
    let mut announced = Vec::new();
    for number in 0..10 {
        let mut reader = Reader::default();
        if number == 7 {
            assert!(messages.announce());
        }
        write_all(&mut messages, &mut vec![metered(false)], &mut reader);
        announced.push(reader.announcements > 0);
    }
    let numbers: Vec<usize> = (0..10).filter(|&n| announced[n]).collect();
    assert_eq!(numbers, [0, 3, 6, 7]);
}

#[test]
fn a_reboot_begins_anew() {
    let mut messages = messages(Version::V9, |_| {});
    let mut reader = Reader::default();
    write_all(&mut messages, &mut vec![metered(false); 100], &mut reader);
    messages.reboot(NOW - 4_000_000);
    let mut reader = Reader::default();
    write_all(&mut messages, &mut vec![metered(false)], &mut reader);
    assert_eq!((reader.sequences[0], reader.uptimes[0]), (0, 4_000));
    assert_eq!(reader.announcements, 2);
}

#[test]
fn the_smallest_datagram_holds_an_announcement_and_a_record() {
    for version in [Version::V9, Version::Ipfix] {
        let mut messages = messages(version, |config| {
            config.export.max_datagram = 512;
            config.export.sampling = 10;
            config.export.time = TimeEncoding::SysUptime;
            config.export.templates_every_datagrams = 1;
        });
        let mut reader = Reader::default();
        let datagrams = write_all(&mut messages, &mut vec![metered(true); 3], &mut reader);
        let options = if version == Version::Ipfix { 2 } else { 1 };
        assert_eq!(reader.options.len(), datagrams * options);
        assert_eq!(reader.counts.records, 3);
    }
}
