use clap::{CommandFactory, Parser};
use flowlog_exporter_sim::{Fleet, FleetConfig, Impairments, TimeEncoding};
use flowlog_record::{Timestamp, Version};

use super::{Args, parts_of_a_million};

fn fleet(line: &str) -> FleetConfig {
    Args::parse_from(line.split(' ')).fleet()
}

#[test]
fn the_command_line_is_sound() {
    Args::command().debug_assert();
}

#[test]
fn the_default_is_a_fleet_of_three_versions_without_impairments() {
    let config = fleet("exporter-sim");
    assert_eq!(config.check(), Ok(()));
    assert_eq!(config.versions, [Version::V5, Version::V9, Version::Ipfix]);
    let impairments = Impairments {
        reorder_ms: 500,
        outage_ms: 10_000,
        ..Impairments::default()
    };
    assert_eq!(config.impairments, impairments);
}

#[test]
fn every_word_reaches_the_fleet() {
    let config = fleet(
        "exporter-sim --version 10,9 --exporters 2 --seed 7 --active 30 --inactive 5 --ipv6 50 \
         --sampling 100 --templates-every 20 --since-boot --wrap-after 60 --loss 0.5 \
         --duplicate 1 --reorder 2 --reorder-ms 9 --restart-every 300 --outage 3 --skew 4 \
         --drift 5 --hostile 150",
    );
    assert_eq!(config.versions, [Version::Ipfix, Version::V9]);
    assert_eq!((config.exporters, config.seed), (2, 7));
    assert_eq!(config.timeouts.active_ms, 30_000);
    assert_eq!(config.timeouts.inactive_ms, 5_000);
    assert_eq!(config.traffic.ipv6_percent, 50);
    assert_eq!(config.export.sampling, 100);
    assert_eq!(config.export.templates_every_ms, 20_000);
    assert_eq!(config.export.time, TimeEncoding::SysUptime);
    assert_eq!(config.export.uptime_ms, u32::MAX - 59_999);
    let impairments = Impairments {
        loss_ppm: 5_000,
        duplicate_ppm: 10_000,
        reorder_ppm: 20_000,
        reorder_ms: 9,
        restart_every_ms: Some(300_000),
        outage_ms: 3_000,
        skew_ms: 4,
        drift_ppm: 5,
        hostile_ppm: 1_500_000,
    };
    assert_eq!(config.impairments, impairments);
}

#[test]
fn percentages_have_up_to_four_decimals() {
    for (text, parts) in [
        ("0", 0),
        ("1", 10_000),
        ("0.05", 500),
        ("0.0001", 1),
        ("100", 1_000_000),
    ] {
        assert_eq!(parts_of_a_million(text), Ok(parts), "{text}");
    }
    for text in ["", "-1", "x", "0.00001", "1.x", "1.+5", "4294967295", "."] {
        assert!(parts_of_a_million(text).is_err(), "{text}");
    }
}

#[test]
fn the_rate_is_about_what_was_asked_for() {
    let start = Timestamp(1_700_000_000_000);
    for line in [
        "exporter-sim",
        "exporter-sim --rate 1000 --flows 0 --version 9",
    ] {
        let config = fleet(line);
        let mut fleet = Fleet::new(&config, start).unwrap();
        let now = start.plus(600_000);
        while fleet.poll(now).is_some() {}
        let records: u64 = fleet
            .tallies()
            .iter()
            .map(|tally| tally.generated.records)
            .sum();
        let wanted = if line.contains("1000") {
            600_000
        } else {
            60_000
        };
        assert!(
            records.abs_diff(wanted) < wanted / 5,
            "{line}: {records} of {wanted}"
        );
    }
}
