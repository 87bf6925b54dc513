use alloc::vec::Vec;

use flowlog_record::{Timestamp, Version};

use super::{Datagram, Fleet};
use crate::config::{FleetConfig, Impairments};
use crate::reader::Reader;
use crate::tally::Tally;

const START: Timestamp = Timestamp(1_700_000_000_000);

/// Everything of so many seconds, polled in steps of `step` milliseconds, the caches emptied.
fn run(config: &FleetConfig, seconds: i64, step: i64) -> (Vec<Datagram>, Vec<Tally>) {
    let mut fleet = Fleet::new(config, START).unwrap();
    let mut datagrams = Vec::new();
    let end = START.plus(seconds * 1000);
    let mut now = START;
    loop {
        while let Some(datagram) = fleet.poll(now) {
            assert!(datagram.at <= now && datagram.at > now.plus(-step - 1));
            datagrams.push(datagram);
        }
        if now >= end {
            break;
        }
        assert!(fleet.next_due().is_none_or(|due| due > now));
        now = now.plus(step).min(end);
    }
    fleet.stop(end);
    datagrams.extend(core::iter::from_fn(|| fleet.poll(Timestamp::MAX)));
    assert_eq!(fleet.next_due(), None);
    (datagrams, fleet.tallies().to_vec())
}

fn impaired() -> FleetConfig {
    FleetConfig {
        exporters: 5,
        impairments: Impairments {
            loss_ppm: 50_000,
            duplicate_ppm: 30_000,
            reorder_ppm: 100_000,
            reorder_ms: 300,
            restart_every_ms: Some(100_000),
            outage_ms: 5_000,
            skew_ms: 2_000,
            drift_ppm: 50,
            hostile_ppm: 100_000,
        },
        ..FleetConfig::default()
    }
}

#[test]
fn it_does_not_matter_when_it_is_polled() {
    let config = impaired();
    let often = run(&config, 150, 7);
    assert_eq!(often, run(&config, 150, 150_000));
    assert_eq!(often, run(&config, 150, 1_000));
}

#[test]
fn another_seed_is_another_fleet() {
    let config = FleetConfig::default();
    let other = FleetConfig {
        seed: 2,
        ..config.clone()
    };
    assert_ne!(run(&config, 20, 1000).0, run(&other, 20, 1000).0);
}

#[test]
fn exporters_speak_the_versions_in_turn_from_their_own_addresses() {
    let config = FleetConfig {
        exporters: 4,
        ..FleetConfig::default()
    };
    let (datagrams, tallies) = run(&config, 60, 1000);
    let versions: Vec<Version> = tallies.iter().map(|tally| tally.version).collect();
    assert_eq!(
        versions,
        [Version::V5, Version::V9, Version::Ipfix, Version::V5]
    );
    for datagram in &datagrams {
        let exporter = usize::try_from(datagram.exporter.unwrap()).unwrap();
        assert_eq!(datagram.from, tallies[exporter].address);
        assert_eq!(u16::from(datagram.octets[1]), versions[exporter].word());
    }
    assert_eq!(alloc::format!("{}", tallies[3].address), "127.0.1.4");
}

#[test]
fn more_exporters_change_nothing_for_those_that_are_there() {
    let of_first = |exporters| {
        let config = FleetConfig {
            exporters,
            ..FleetConfig::default()
        };
        let (datagrams, _) = run(&config, 60, 1000);
        let first = datagrams
            .into_iter()
            .filter(|datagram| datagram.exporter == Some(0));
        first.map(|datagram| datagram.octets).collect::<Vec<_>>()
    };
    assert_eq!(of_first(1), of_first(6));
}

#[test]
fn the_tally_is_what_a_collector_reads() {
    let (datagrams, tallies) = run(&FleetConfig::default(), 120, 1000);
    for (number, tally) in (0..).zip(&tallies) {
        let mut reader = Reader::default();
        for datagram in datagrams
            .iter()
            .filter(|datagram| datagram.exporter == Some(number))
        {
            reader.read(&datagram.octets);
        }
        assert_eq!(reader.counts, tally.generated);
        assert_eq!(reader.counts, tally.after_loss());
        assert!(tally.generated.records > 100);
    }
}

#[test]
fn what_is_lost_is_told_and_copies_are_not_counted() {
    let (datagrams, tallies) = run(&impaired(), 300, 1000);
    for (number, tally) in (0..).zip(&tallies) {
        let mut arrived = crate::Counts::default();
        let mut copies = 0;
        for datagram in datagrams
            .iter()
            .filter(|datagram| datagram.exporter == Some(number))
        {
            arrived += datagram.counts;
            copies += u64::from(datagram.counts.datagrams == 0);
        }
        assert_eq!(arrived, tally.after_loss());
        assert_eq!(copies, tally.duplicates);
        assert!(tally.lost.datagrams > 0 && tally.delayed > 0 && tally.restarts > 0);
    }
    let hostile = datagrams
        .iter()
        .filter(|datagram| datagram.exporter.is_none());
    let addresses: Vec<_> = hostile
        .map(|datagram| alloc::format!("{}", datagram.from))
        .collect();
    assert!(addresses.len() > 50);
    assert!(addresses.iter().all(|address| address == "127.0.1.6"));
}

#[test]
fn the_network_changes_nothing_that_is_sent() {
    let sound = FleetConfig {
        exporters: 5,
        ..FleetConfig::default()
    };
    let mut lossy = sound.clone();
    lossy.impairments = Impairments {
        loss_ppm: 300_000,
        reorder_ppm: 300_000,
        reorder_ms: 1000,
        hostile_ppm: 500_000,
        ..Impairments::default()
    };
    let generated = |config| {
        let (_, tallies) = run(config, 100, 1000);
        tallies
            .iter()
            .map(|tally| tally.generated)
            .collect::<Vec<_>>()
    };
    assert_eq!(generated(&sound), generated(&lossy));
}

#[test]
fn clocks_are_off_by_what_was_asked_for() {
    let mut config = FleetConfig {
        exporters: 9,
        ..FleetConfig::default()
    };
    config.impairments.skew_ms = 60_000;
    let (datagrams, _) = run(&config, 60, 1000);
    let mut offsets = Vec::new();
    for number in 0..9 {
        let of_one = datagrams
            .iter()
            .find(|datagram| datagram.exporter == Some(number))
            .unwrap();
        let mut reader = Reader::default();
        reader.read(&of_one.octets);
        offsets.push(i64::from(reader.export_times[0]) - of_one.at.seconds());
    }
    assert!(
        offsets.iter().all(|offset| offset.abs() <= 61),
        "{offsets:?}"
    );
    assert!(offsets.iter().any(|&offset| offset > 5), "{offsets:?}");
    assert!(offsets.iter().any(|&offset| offset < -5), "{offsets:?}");
}

#[test]
fn a_fleet_that_cannot_be_is_refused() {
    let config = FleetConfig {
        exporters: 0,
        ..FleetConfig::default()
    };
    assert_eq!(Fleet::new(&config, START).unwrap_err().field, "exporters");
}

#[test]
fn the_octets_of_a_seed_never_change() {
    let (datagrams, _) = run(&impaired(), 150, 1000);
    let octets = datagrams.iter().flat_map(|datagram| &datagram.octets);
    // FNV-1a. Another hash here is another simulation for everybody who has noted a seed.
    let hash = octets.fold(0xcbf2_9ce4_8422_2325_u64, |hash, &octet| {
        (hash ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3)
    });
    assert_eq!(hash, 0xb3d4_bc42_a753_ae32, "{hash:#018x}");
}
