use flowlog_record::{
    ActiveTimeout, Address, ExporterId, Fields, FlowRecord, HashKey, ObservationDomain, Timestamp,
};

use super::FlowMemory;
use crate::rules::Origin;

const HOLD: i64 = 66_000;
const KEPT: i64 = 2 * 60_000 + HOLD;

fn origin(at: i64) -> Origin {
    Origin {
        exporter: ExporterId(1),
        address: Address::UNSPECIFIED,
        domain: ObservationDomain(0),
        at: Timestamp(at),
        shift: 0,
        active_timeout: ActiveTimeout::UNLEARNED,
        first_heard: Timestamp(0),
    }
}

fn memory() -> FlowMemory {
    FlowMemory::new(100, HashKey::PUBLIC)
}

/// A record with totals.
fn totals(start: i64, end: i64, packets: u64) -> FlowRecord {
    FlowRecord {
        source_port: 7,
        start: Timestamp(start),
        end: Timestamp(end),
        packets,
        octets: packets * 100,
        fields: Fields::OCTETS_TOTAL | Fields::PACKETS_TOTAL,
        ..FlowRecord::EMPTY
    }
}

/// Packets, start and end after settling; `None` when it is a baseline.
fn settle(memory: &mut FlowMemory, at: i64, mut record: FlowRecord) -> Option<(u64, i64, i64)> {
    memory.settle(&origin(at), false, HOLD, core::slice::from_mut(&mut record));
    if record.fields.contains(Fields::BASELINE) {
        return None;
    }
    assert_eq!(record.octets, record.packets * 100);
    assert!(
        !record
            .fields
            .intersects(Fields::OCTETS_TOTAL | Fields::PACKETS_TOTAL)
    );
    Some((record.packets, record.start.millis(), record.end.millis()))
}

#[test]
fn totals_become_what_came_since_the_last_record() {
    let mut memory = memory();
    assert_eq!(
        settle(&mut memory, 10_000, totals(1_000, 9_000, 5)),
        Some((5, 1_000, 9_000))
    );
    assert_eq!(
        settle(&mut memory, 20_000, totals(1_000, 19_000, 12)),
        Some((7, 9_001, 19_000))
    );
    assert_eq!(
        settle(&mut memory, 30_000, totals(1_900, 29_000, 12)),
        Some((0, 19_001, 29_000))
    );
}

#[test]
fn after_a_reset_totals_count_from_nothing() {
    let mut memory = memory();
    settle(&mut memory, 10_000, totals(1_000, 9_000, 5));
    assert_eq!(
        settle(&mut memory, 20_000, totals(1_000, 19_000, 3)),
        Some((3, 9_001, 19_000))
    );
}

#[test]
fn a_flow_older_than_its_exporter_is_a_baseline_at_first() {
    let mut memory = memory();
    assert_eq!(settle(&mut memory, 10_000, totals(-1, 9_000, 5)), None);
    assert_eq!(
        settle(&mut memory, 20_000, totals(-1, 19_000, 8)),
        Some((3, 9_001, 19_000))
    );
}

#[test]
fn the_clock_model_says_whether_a_flow_is_older() {
    let mut record = totals(-1, 9_000, 5);
    let shifted = Origin {
        shift: 1,
        ..origin(10_000)
    };
    memory().settle(&shifted, false, HOLD, core::slice::from_mut(&mut record));
    assert!(!record.fields.contains(Fields::BASELINE));
    assert_eq!(record.start, Timestamp(-1));
}

#[test]
fn a_flow_that_says_that_it_ended_counts_fully() {
    for (reason, counts) in [
        (1, true),
        (2, false),
        (3, true),
        (4, true),
        (5, true),
        (0, false),
    ] {
        let mut record = totals(-1, 9_000, 5);
        record.fields |= Fields::END_REASON;
        record.end_reason = reason;
        assert_eq!(settle(&mut memory(), 10_000, record).is_some(), counts);
    }
    let mut without_the_field = totals(-1, 9_000, 5);
    without_the_field.end_reason = 1;
    assert_eq!(settle(&mut memory(), 10_000, without_the_field), None);
}

#[test]
fn a_start_that_moved_is_another_flow() {
    let mut memory = memory();
    settle(&mut memory, 10_000, totals(1_000, 9_000, 5));
    assert_eq!(
        settle(&mut memory, 20_000, totals(2_001, 19_000, 7)),
        Some((7, 2_001, 19_000))
    );
    assert_eq!(settle(&mut memory, 30_000, totals(-9_000, 29_000, 9)), None);
}

#[test]
fn a_record_that_was_overtaken_adds_nothing() {
    let mut memory = memory();
    settle(&mut memory, 10_000, totals(1_000, 9_000, 5));
    assert_eq!(settle(&mut memory, 11_000, totals(1_000, 8_000, 4)), None);
    assert_eq!(
        settle(&mut memory, 20_000, totals(1_000, 19_000, 12)),
        Some((7, 9_001, 19_000))
    );
}

#[test]
fn an_earlier_flow_of_the_key_does_not_replace_the_later_one() {
    let mut memory = memory();
    settle(&mut memory, 10_000, totals(5_000, 9_000, 5));
    settle(&mut memory, 11_000, totals(1_000, 4_000, 50));
    assert_eq!(
        settle(&mut memory, 20_000, totals(5_000, 19_000, 12)),
        Some((7, 9_001, 19_000))
    );
}

#[test]
fn only_counters_that_are_totals_are_subtracted() {
    let mut memory = memory();
    let mixed = |end, octets| FlowRecord {
        octets,
        packets: 9,
        fields: Fields::OCTETS_TOTAL | Fields::PACKETS,
        ..totals(1_000, end, 0)
    };
    let mut records = [mixed(9_000, 1_000), mixed(19_000, 1_700)];
    memory.settle(&origin(20_000), false, HOLD, &mut records);
    assert_eq!(
        records.map(|record| (record.octets, record.packets)),
        [(1_000, 9), (700, 9)]
    );
}

#[test]
fn kept_starts_are_cut_at_the_last_record() {
    let mut memory = memory();
    let deltas = |start, end| FlowRecord {
        fields: Fields::OCTETS | Fields::PACKETS,
        ..totals(start, end, 5)
    };
    let mut records = [
        deltas(-50_000, 9_000),
        deltas(-50_900, 19_000),
        deltas(-50_000, 19_000),
    ];
    memory.settle(&origin(20_000), true, HOLD, &mut records);
    let seen = records.map(|record| (record.packets, record.start.millis(), record.end.millis()));
    assert_eq!(
        seen,
        [
            (5, -50_000, 9_000),
            (5, 9_001, 19_000),
            (5, -50_000, 19_000)
        ]
    );
    assert!(
        !records
            .iter()
            .any(|record| record.fields.contains(Fields::BASELINE))
    );
}

#[test]
fn deltas_of_other_exporters_are_left_alone() {
    let mut memory = memory();
    let mut record = FlowRecord {
        fields: Fields::OCTETS | Fields::PACKETS,
        ..totals(-1, 9_000, 5)
    };
    let before = record;
    memory.settle(
        &origin(10_000),
        false,
        HOLD,
        core::slice::from_mut(&mut record),
    );
    assert_eq!(record, before);
    assert!(memory.is_empty());
}

#[test]
fn flows_are_told_apart_by_every_key_field() {
    let record = totals(1_000, 9_000, 5);
    let others = [
        FlowRecord {
            source: Address::from_ipv4_octets([1; 4]),
            ..record
        },
        FlowRecord {
            destination: Address::from_ipv4_octets([1; 4]),
            ..record
        },
        FlowRecord {
            source_port: 1,
            ..record
        },
        FlowRecord {
            destination_port: 1,
            ..record
        },
        FlowRecord {
            protocol: 1,
            ..record
        },
        FlowRecord { tos: 1, ..record },
        FlowRecord {
            ingress_interface: 1,
            ..record
        },
        FlowRecord {
            egress_interface: 1,
            ..record
        },
        FlowRecord {
            direction: 1,
            ..record
        },
        FlowRecord {
            icmp_type_code: 1,
            ..record
        },
        FlowRecord {
            fields: record.fields | Fields::REVERSE,
            ..record
        },
    ];
    for other in others {
        let mut memory = memory();
        settle(&mut memory, 10_000, record);
        assert_eq!(settle(&mut memory, 10_000, other), Some((5, 1_000, 9_000)));
    }
}

#[test]
fn flows_are_told_apart_by_exporter_and_domain() {
    let record = totals(1_000, 9_000, 5);
    for (exporter, domain) in [(2, 0), (1, 1)] {
        let mut memory = memory();
        settle(&mut memory, 10_000, record);
        let origin = Origin {
            exporter: ExporterId(exporter),
            domain: ObservationDomain(domain),
            ..origin(10_000)
        };
        let mut other = record;
        memory.settle(&origin, false, HOLD, core::slice::from_mut(&mut other));
        assert_eq!(other.packets, 5);
    }
}

#[test]
fn a_flow_is_remembered_for_two_timeouts_and_the_hold() {
    for (after, expected) in [(KEPT, Some((7, 9_001, 19_000))), (KEPT + 1, None)] {
        let mut memory = memory();
        settle(&mut memory, 10_000, totals(-1, 9_000, 5));
        assert_eq!(
            settle(&mut memory, 10_000 + after, totals(-1, 19_000, 12)),
            expected
        );
    }
}

#[test]
fn the_memory_is_bounded_and_uses_places_of_forgotten_flows() {
    let mut memory = FlowMemory::new(10, HashKey::PUBLIC);
    let flow = |port| FlowRecord {
        source_port: port,
        ..totals(-1, 9_000, 5)
    };
    for port in 0..1_000 {
        settle(&mut memory, 10_000, flow(port));
    }
    assert_eq!(memory.len(), 10);
    assert_eq!(settle(&mut memory, 10_000, flow(999)), Some((0, -1, 9_000)));

    let mut memory = FlowMemory::new(1_000, HashKey::PUBLIC);
    for port in 0..100 {
        settle(&mut memory, 10_000 + i64::from(port) * KEPT, flow(port));
    }
    assert!(memory.len() <= 3, "{}", memory.len());
}

#[test]
fn after_a_restart_nothing_before_it_counts() {
    for (domain, expected) in [(0, None), (1, Some((7, 9_001, 19_000)))] {
        let mut memory = memory();
        settle(&mut memory, 10_000, totals(-1, 9_000, 5));
        memory.restart(ExporterId(1), ObservationDomain(domain), Timestamp(15_000));
        let octets = memory.save();
        let mut memory = FlowMemory::restore(&octets, 100, HashKey::PUBLIC).unwrap();
        assert_eq!(
            settle(&mut memory, 20_000, totals(-1, 19_000, 12)),
            expected
        );
        assert_eq!(
            settle(&mut memory, 30_000, totals(-1, 29_000, 13)),
            Some((1, 19_001, 29_000))
        );
    }
}

#[test]
fn restarts_are_remembered_up_to_a_limit() {
    let mut memory = memory();
    for n in 0..3_000 {
        memory.restart(ExporterId(n), ObservationDomain(0), Timestamp(n.into()));
    }
    assert_eq!(memory.restarts.len(), super::MOST_RESTARTS);
    assert!(memory.restarts.contains_key(&(2_999, 0)));
}

#[test]
fn a_saved_memory_is_the_same() {
    let mut memory = memory();
    settle(&mut memory, 10_000, totals(1_000, 9_000, 5));
    let octets = memory.save();
    let another = HashKey([4, 3, 2, 1]);
    let mut restored = FlowMemory::restore(&octets, 100, another).unwrap();
    assert_eq!(
        settle(&mut restored, 20_000, totals(1_000, 19_000, 12)),
        Some((7, 9_001, 19_000))
    );
    assert_eq!(
        FlowMemory::restore(&[9], 1, another).unwrap_err(),
        crate::RestoreError::UnknownVersion(9)
    );
    assert_eq!(
        FlowMemory::restore(&[], 1, another).unwrap_err(),
        crate::RestoreError::Damaged
    );
}
