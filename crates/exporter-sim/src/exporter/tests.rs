use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use flowlog_record::Version;
use flowlog_wire::{FieldSpecifier, ipfix, netflow9};

use super::{Emission, Exporter};
use crate::clock::Micros;
use crate::config::{FleetConfig, Traffic};
use crate::reader::Reader;

const START: Micros = 1_700_000_000_000_000;
const SECOND: Micros = 1_000_000;

/// What an Exporter sends in so many seconds, and then stops if asked to.
fn run(config: &FleetConfig, version: Version, seconds: i64, stops: bool) -> Vec<Emission> {
    config.check().unwrap();
    let mut exporter = Exporter::new(config, 0, version, START);
    let mut sent = Vec::new();
    let end = START + seconds * SECOND;
    while exporter.next_due().is_some_and(|due| due <= end) {
        let due = exporter.next_due().unwrap();
        exporter.step(&mut |emission| {
            assert_eq!(emission.at, due);
            sent.push(emission);
        });
    }
    if stops {
        exporter.stop(end, &mut |emission| sent.push(emission));
        assert_eq!(exporter.next_due(), None);
    }
    sent
}

fn read(sent: &[Emission]) -> Reader {
    let mut reader = Reader::default();
    for emission in sent {
        assert!(emission.octets.len() <= 1400);
        let before = reader.counts;
        reader.read(&emission.octets);
        assert_eq!(reader.counts - before, emission.counts);
    }
    assert_eq!(reader.unknown, 0);
    reader
}

#[test]
fn every_version_exports_what_it_counts() {
    for version in [Version::V5, Version::V9, Version::Ipfix] {
        let reader = read(&run(&FleetConfig::default(), version, 300, true));
        assert!(reader.counts.records > 3_000, "{:?}", reader.counts);
        assert_eq!(reader.announcements > 0, version != Version::V5);
    }
}

#[test]
fn timeouts_change_the_records_and_not_the_traffic() {
    let traffic = Traffic {
        long_lived: 0,
        ..Traffic::default()
    };
    let sums = |active_ms, inactive_ms| {
        let mut config = FleetConfig {
            traffic,
            ..FleetConfig::default()
        };
        config.timeouts.active_ms = active_ms;
        config.timeouts.inactive_ms = inactive_ms;
        read(&run(&config, Version::Ipfix, 200, true)).counts
    };
    let (long, short) = (sums(60_000, 15_000), sums(10_000, 2_000));
    assert_eq!((long.packets, long.octets), (short.packets, short.octets));
    assert!(short.records > long.records);
}

#[test]
fn a_sampler_exports_about_its_share() {
    let sums = |sampling| {
        let mut config = FleetConfig::default();
        config.export.sampling = sampling;
        read(&run(&config, Version::V9, 300, true)).counts.packets
    };
    let (all, tenth) = (sums(1), sums(10) * 10);
    assert!(tenth.abs_diff(all) < all / 20, "{tenth} of {all}");
}

#[test]
fn records_keep_the_active_timeout() {
    let reader = read(&run(&FleetConfig::default(), Version::Ipfix, 300, false));
    let durations: Vec<u64> = reader.records.iter().map(|r| r[&153] - r[&152]).collect();
    assert!(durations.iter().all(|&duration| duration <= 60_000));
    assert!(
        durations
            .iter()
            .filter(|&&duration| duration > 59_900)
            .count()
            > 100
    );
}

#[test]
fn a_record_leaves_within_the_hold_time() {
    let reader = read(&run(&FleetConfig::default(), Version::V9, 300, false));
    let config = FleetConfig::default();
    let sent = run(&config, Version::V9, 300, false);
    let mut reader_of_each = Reader::default();
    for emission in &sent {
        let known = reader_of_each.records.len();
        reader_of_each.read(&emission.octets);
        let uptime = u64::from(*reader_of_each.uptimes.last().unwrap());
        for record in &reader_of_each.records[known..] {
            assert!(uptime - record[&22] <= 61_000 + 15_000, "{record:?}");
        }
    }
    assert_eq!(reader.records.len(), reader_of_each.records.len());
}

#[test]
fn uptime_wraps_in_the_middle_of_the_traffic() {
    let mut config = FleetConfig::default();
    config.export.uptime_ms = u32::MAX - 59_999;
    for version in [Version::V5, Version::V9] {
        let reader = read(&run(&config, version, 180, false));
        let (&first, &last) = (
            reader.uptimes.first().unwrap(),
            reader.uptimes.last().unwrap(),
        );
        assert!(first > u32::MAX - 60_000 && (110_000..=120_000).contains(&last));
        let across = reader.records.iter().filter(|r| r[&22] > r[&21]).count();
        assert!(across > 5, "{across}");
    }
}

#[test]
fn a_restart_loses_the_cache_and_begins_anew() {
    let mut config = FleetConfig::default();
    config.impairments.restart_every_ms = Some(200_000);
    config.impairments.outage_ms = 20_000;
    let sent = run(&config, Version::V9, 1000, true);
    let reader = read(&sent);
    let restarts = reader
        .sequences
        .windows(2)
        .filter(|pair| pair[1] == 0)
        .count();
    assert!((2..=8).contains(&restarts), "{restarts}");
    for (pair, times) in reader.sequences.windows(2).zip(sent.windows(2)) {
        let is_restart = pair[1] == 0;
        assert_eq!(pair[1] == pair[0] + 1, !is_restart);
        assert!(!is_restart || times[1].at - times[0].at >= 18 * SECOND);
    }
    let whole = read(&run(&FleetConfig::default(), Version::V9, 1000, true));
    assert!(reader.counts.packets < whole.counts.packets);
}

#[test]
fn an_exporter_without_traffic_still_announces() {
    let traffic = Traffic {
        connections_per_minute: 0,
        long_lived: 0,
        ..Traffic::default()
    };
    let config = FleetConfig {
        traffic,
        ..FleetConfig::default()
    };
    let reader = read(&run(&config, Version::Ipfix, 600, true));
    assert_eq!((reader.counts.datagrams, reader.announcements), (10, 20));
    assert!(run(&config, Version::V5, 600, true).is_empty());
}

/// The Templates that a datagram announces, their fields behind their id; nothing is withdrawn.
fn announced(version: Version, octets: &[u8]) -> Vec<(u16, Vec<FieldSpecifier>)> {
    let sets = match version {
        Version::Ipfix => ipfix::Message::parse(octets).unwrap().sets(),
        _ => netflow9::Message::parse(octets).unwrap().sets(),
    };
    let mut all = Vec::new();
    for set in sets {
        let set = set.unwrap();
        assert!(!set.withdraws_all(version));
        for record in set.templates(version) {
            let record = record.unwrap();
            assert!(!record.is_withdrawal);
            all.push((record.id.get(), record.fields.iter().collect()));
        }
    }
    all
}

#[test]
fn templates_stay_what_they_are_and_come_again_in_time() {
    let mut config = FleetConfig::default();
    config.export.sampling = 10;
    config.export.templates_every_ms = 10_000;
    for version in [Version::V9, Version::Ipfix] {
        let sent = run(&config, version, 300, true);
        assert!(read(&sent).export_times.is_sorted());
        let mut templates = BTreeMap::new();
        let mut announcements = Vec::new();
        for emission in &sent {
            let records = announced(version, &emission.octets);
            if !records.is_empty() {
                announcements.push(emission.at);
            }
            for (id, fields) in records {
                let known = templates.entry(id).or_insert_with(|| fields.clone());
                assert_eq!(*known, fields, "{version:?} {id}");
            }
        }
        assert_eq!(templates.len(), 3);
        assert_eq!(announcements[0], sent[0].at);
        assert!(
            announcements
                .windows(2)
                .all(|pair| pair[1] - pair[0] <= 11 * SECOND)
        );
        assert!(announcements.len() >= 28, "{}", announcements.len());
    }
}
