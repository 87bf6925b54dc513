//! The limit on rows.

use super::*;

const TEN: Limits = Limits {
    rows: 10,
    exporters: 8,
};

#[test]
fn at_ninety_percent_the_oldest_rows_leave() {
    let mut fixture = Fixture::with(ONE_MINUTE, TEN);
    for host in 0..9 {
        let start = i64::from(9 - host) * 1_000;
        fixture.observe(20_000, of_flow(host, record(start, start, 1)));
    }
    assert_eq!(fixture.seen(), []);
    fixture.observe(20_000, of_flow(9, record(15_000, 15_000, 1)));
    assert_eq!(fixture.seen(), [(1_000, 1_000, 1, Reason::Cap, false)]);
    assert_eq!(fixture.aggregator.open_rows(), 9);
}

#[test]
fn an_exporter_with_few_rows_keeps_them() {
    let mut fixture = Fixture::with(ONE_MINUTE, TEN);
    fixture.observe_from(1, 20_000, record(0, 0, 1));
    for host in 0..20 {
        fixture.observe_from(2, 20_000, of_flow(host, record(10_000, 10_000, 1)));
    }
    let greedy = Address::from_ipv4_octets([192, 0, 2, 2]);
    assert!(fixture.rows.iter().all(|row| row.exporter == greedy));
    assert_eq!(fixture.rows.len(), 12);
    assert_eq!(fixture.aggregator.open_rows(), 9);
    fixture.finish(20_000);
    let ledger = fixture.aggregator.ledger(LOG);
    assert_eq!((ledger.emitted, ledger.rows), (ledger.matched, 21));
}

#[test]
fn a_row_that_left_early_may_be_followed_by_another_of_its_key() {
    let mut fixture = Fixture::with(ONE_MINUTE, TEN);
    for host in 0..10 {
        fixture.observe(20_000, of_flow(host, record(host.into(), 1_000, 1)));
    }
    fixture.observe(20_000, of_flow(0, record(0, 1_000, 1)));
    fixture.advance(10 * MINUTE);
    let first = fixture.rows.iter().filter(|row| row.start == Timestamp(0));
    let reasons: Vec<Reason> = first.map(|row| row.reason).collect();
    assert_eq!(reasons, [Reason::Cap, Reason::Window]);
}

#[test]
fn late_and_held_rows_count_too_and_may_leave_early() {
    let mut fixture = Fixture::with(Rules::BUILT_IN, TEN);
    for host in 0..4 {
        fixture.observe(200_000, of_flow(host, record(host.into(), 10, 1)));
    }
    for host in 0..3 {
        let start = 180_000 + i64::from(host);
        fixture.observe(200_000, of_flow(host, ended(start, start, 1)));
        fixture.observe(210_000, of_flow(host, record(209_000, 209_000, 1)));
    }
    let rows = fixture.rows.iter();
    let left: Vec<_> = rows
        .map(|row| (row.reason, row.late, row.start.millis()))
        .collect();
    assert_eq!(left, [(Reason::Cap, true, 0)]);
    assert_eq!(fixture.aggregator.open_rows(), 9);
    fixture.finish(210_000);
    let ledger = fixture.aggregator.ledger(LOG);
    assert_eq!((ledger.emitted, ledger.rows), (ledger.matched, 10));
}
