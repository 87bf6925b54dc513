use flowlog_record::HashKey;

use super::*;
use crate::config::Octets;

fn identity(partitions: u16) -> Identity {
    Identity {
        format: 1,
        partitions,
        hash_key: HashKey::PUBLIC,
    }
}

#[test]
fn the_defaults_leave_room_for_one_large_exporter_and_an_uneven_spread() {
    let settings = of_partition(&Limits::default(), identity(64));
    assert_eq!(settings.aggregate.rows, 1_000_000);
    assert_eq!(settings.exporters, 16_384 * 2 / 64 + 16);
    assert_eq!(settings.decode.limits.exporters, settings.exporters);
    assert_eq!(settings.aggregate.exporters, settings.exporters);
    assert_eq!(settings.decode.limits.templates, 1024);
    assert_eq!(settings.decode.limits.octets_in_all, 64 << 20);
    assert_eq!(settings.decode.limits.parked_in_all, 8 << 20);
    assert_eq!(settings.remembered_flows, 1 << 18);
}

#[test]
fn small_limits_stay_small_and_never_are_nothing() {
    let limits = Limits {
        exporters: 1,
        templates: 1,
        live_flows: 1000,
        memory: Octets(64 << 20),
        reserve: Octets(0),
    };
    let settings = of_partition(&limits, identity(64));
    assert_eq!(settings.exporters, 16);
    assert_eq!(settings.aggregate.rows, 250);
    assert_eq!(settings.remembered_flows, 250);
    assert_eq!(settings.decode.limits.octets_in_all, 2 << 20);
    assert_eq!(settings.decode.limits.parked_in_all, 256 << 10);
}
