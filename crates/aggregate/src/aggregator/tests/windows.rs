//! Windows, holds, late parts.

use super::*;

#[test]
fn rows_leave_when_the_hold_of_their_exporter_has_passed() {
    for (timeout, hold) in [(10_000, 15_000), (60_000, 66_000), (1_800_000, 300_000)] {
        let mut fixture = Fixture::new(ONE_MINUTE);
        fixture.timeout = timeout;
        fixture.observe(10_000, record(0, 1_000, 5));
        fixture.advance(MINUTE + hold - 1);
        assert_eq!(fixture.seen(), []);
        fixture.advance(MINUTE + hold);
        assert_eq!(fixture.left_at(), [MINUTE + hold]);
    }
}

#[test]
fn the_hold_is_taken_when_the_window_ends() {
    let mut fixture = Fixture::new(ONE_MINUTE);
    fixture.observe(10_000, record(0, 1_000, 5));
    fixture.timeout = 120_000;
    fixture.observe(50_000, record(0, 1_000, 5));
    fixture.timeout = 10_000;
    fixture.observe(70_000, of_flow(9, record(65_000, 66_000, 5)));
    fixture.advance(10 * MINUTE);
    assert_eq!(fixture.left_at(), [2 * MINUTE + 15_000, MINUTE + 132_000]);
}

#[test]
fn a_hold_of_nothing_is_legal() {
    let mut fixture = Fixture::new(Rules {
        hold: Hold::Fixed(0),
        ..ONE_MINUTE
    });
    fixture.observe(10_000, record(0, 1_000, 5));
    fixture.advance(MINUTE);
    assert_eq!(fixture.seen(), [(0, 1_000, 5, Reason::Window, false)]);
}

#[test]
fn a_record_that_goes_on_ends_its_row_at_the_window() {
    let mut fixture = Fixture::new(ONE_MINUTE);
    fixture.observe(75_000, record(50_000, 70_000, 21));
    fixture.advance(10 * MINUTE);
    assert_eq!(
        fixture.seen(),
        [
            (50_000, MINUTE, 10, Reason::Window, false),
            (MINUTE, 70_000, 11, Reason::Window, false)
        ]
    );
}

#[test]
fn a_record_is_counted_where_its_last_part_is() {
    let mut fixture = Fixture::new(ONE_MINUTE);
    fixture.observe(75_000, record(50_000, 70_000, 21));
    assert_eq!(fixture.aggregator.ledger(LOG).open.records, 1);
    fixture.advance(MINUTE + 66_000);
    let ledger = fixture.aggregator.ledger(LOG);
    assert_eq!((ledger.open.records, ledger.emitted.records), (1, 0));
    assert_eq!((ledger.open.packets, ledger.emitted.packets), (11, 10));
    fixture.advance(10 * MINUTE);
    let records: Vec<u64> = fixture.rows.iter().map(|row| row.records).collect();
    assert_eq!(records, [0, 1]);
}

#[test]
fn without_aging_an_earlier_record_moves_the_start_back() {
    let mut fixture = Fixture::new(ONE_MINUTE);
    fixture.observe(20_000, record(10_000, 12_000, 5));
    fixture.observe(21_000, record(3_000, 4_000, 5));
    fixture.advance(10 * MINUTE);
    assert_eq!(fixture.seen(), [(3_000, 12_000, 10, Reason::Window, false)]);
}

#[test]
fn late_records_become_additive_rows() {
    let mut fixture = Fixture::new(ONE_MINUTE);
    fixture.observe(10_000, record(0, 1_000, 5));
    // The window has left at 2:06.
    fixture.observe(130_000, record(2_000, 3_000, 3));
    fixture.observe(131_000, record(1_000, 2_500, 4));
    fixture.advance(3 * MINUTE - 1);
    assert_eq!(fixture.seen(), [(0, 1_000, 5, Reason::Window, false)]);
    fixture.advance(3 * MINUTE);
    assert_eq!(fixture.seen(), [(1_000, 3_000, 7, Reason::Window, true)]);
}

#[test]
fn late_rows_tell_windows_apart_and_end_at_theirs() {
    let mut fixture = Fixture::new(ONE_MINUTE);
    fixture.observe(300_000, record(50_000, 130_000, 81));
    fixture.advance(360_000);
    assert_eq!(
        fixture.seen(),
        [
            (50_000, 60_000, 10, Reason::Window, true),
            (60_000, 120_000, 60, Reason::Window, true),
            (120_000, 130_000, 11, Reason::Window, true)
        ]
    );
}

#[test]
fn parts_beyond_the_allowed_lateness_are_counted_and_dropped() {
    let least = 6_060_000 + 66_000;
    for (allowed, most) in [(7_200_000, 7_200_000), (0, least)] {
        for (beyond, dropped) in [(0, 0), (1, 5)] {
            let mut fixture = Fixture::new(Rules {
                allowed_lateness_ms: allowed,
                ..ONE_MINUTE
            });
            fixture.observe(MINUTE + most + beyond, record(0, 1_000, 5));
            let ledger = fixture.aggregator.ledger(LOG);
            assert_eq!(ledger.late_dropped.packets, dropped);
            assert_eq!(ledger.late_dropped.records, u64::from(dropped > 0));
        }
    }
}

#[test]
fn at_the_end_everything_leaves_forced_late_rows_too() {
    let mut fixture = Fixture::new(Rules::BUILT_IN);
    fixture.observe(1_000_000, record(990_000, 1_000_000, 5));
    fixture.observe(1_000_000, record(0, 1_000, 3));
    fixture.finish(1_000_000);
    assert_eq!(
        fixture.seen(),
        [
            (990_000, 1_000_000, 5, Reason::Forced, false),
            (0, 1_000, 3, Reason::Forced, true)
        ]
    );
    assert_eq!(fixture.aggregator.next_due(), None);
}

#[test]
fn more_records_than_a_cell_counts_are_counted() {
    let mut fixture = Fixture::new(ONE_MINUTE);
    for _ in 0..1_000 {
        fixture.observe(10_000, record(0, 1_000, 1));
    }
    fixture.advance(10 * MINUTE);
    let rows: Vec<(u64, u64)> = fixture
        .rows
        .iter()
        .map(|row| (row.records, row.packets))
        .collect();
    assert_eq!(rows, [(1_000, 1_000)]);
    assert_eq!(fixture.aggregator.ledger(LOG).emitted.records, 1_000);
}

#[test]
fn counters_that_are_full_leave_as_a_row_and_nothing_is_lost() {
    let mut fixture = Fixture::new(ONE_MINUTE);
    let huge = FlowRecord {
        octets: u64::MAX,
        packets: 3,
        ..record(0, 1_000, 0)
    };
    fixture.observe(10_000, huge);
    fixture.observe(10_000, huge);
    fixture.advance(10 * MINUTE);
    let rows = fixture
        .rows
        .iter()
        .map(|row| (row.octets_raw, row.reason, row.window));
    let window = Some(Timestamp(0));
    assert_eq!(
        rows.collect::<Vec<_>>(),
        [
            (u64::MAX, Reason::Cap, window),
            (u64::MAX, Reason::Window, window)
        ]
    );
    let ledger = fixture.aggregator.ledger(LOG);
    assert_eq!(ledger.emitted, ledger.matched);
}
