//! The worked example of the rules of splitting: 12:00:30.000–12:20:29.900, ten packets a second
//! of 1000 octets, 20 records of 600 packets, each 59.9 s long.

use flowlog_aggregate::{Aggregator, Aging, Hold, KeyLayout, Limits, Origin, Rules, TimeSource};
use flowlog_record::{
    ActiveTimeout, Address, ExporterId, Fields, FlowLogIndex, FlowRecord, HashKey,
    ObservationDomain, Placed, Reason, Row, Sampling, Timestamp, Window,
};

const NOON: i64 = 1_700_000_000_000 - 1_700_000_000_000 % 86_400_000 + 12 * 3_600_000;

fn at(minute: i64, millis: i64) -> i64 {
    NOON + minute * 60_000 + millis
}

fn rows_of(window: Option<Window>, aging: Option<Aging>) -> Vec<Row> {
    let log = FlowLogIndex(0);
    let mut rows = Vec::new();
    let mut aggregator = Aggregator::new(Limits::DEFAULT, HashKey::PUBLIC);
    let rules = Rules {
        window,
        aging,
        per_record: false,
        hold: Hold::Auto,
        allowed_lateness_ms: 7_200_000,
        time_source: TimeSource::Corrected,
        events: false,
        layout: KeyLayout::Gateway,
    };
    aggregator.set_flow_log(log, Some(rules), Timestamp(NOON), &mut |row| rows.push(row));
    let mut now = Timestamp(NOON);
    for n in 0..20 {
        let start = at(n, 30_000);
        let record = FlowRecord {
            source: Address::from_ipv4_octets([10, 0, 0, 1]),
            destination: Address::from_ipv4_octets([10, 0, 0, 2]),
            start: Timestamp(start),
            end: Timestamp(start + 59_900),
            octets: 600_000,
            packets: 600,
            sampling: Sampling::NONE,
            fields: Fields::SOURCE | Fields::DESTINATION | Fields::CONTINUES,
            active_timeout: ActiveTimeout::UNLEARNED,
            ..FlowRecord::EMPTY
        };
        now = record.end.plus(100);
        let origin = Origin {
            exporter: ExporterId(1),
            address: Address::from_ipv4_octets([192, 0, 2, 1]),
            domain: ObservationDomain(0),
            at: now,
            shift: 0,
            active_timeout: ActiveTimeout::UNLEARNED,
            first_heard: Timestamp(NOON),
        };
        aggregator.advance(now, &mut |row| rows.push(row));
        let placed = [Placed::default()];
        aggregator.observe(log, &origin, &[record], &placed, &mut |row| rows.push(row));
    }
    aggregator.advance(now.plus(3_600_000), &mut |row| rows.push(row));
    let ledger = aggregator.ledger(log);
    assert!(ledger.balances());
    assert_eq!(ledger.emitted, ledger.matched);
    assert_eq!(ledger.emitted.records, 20);
    rows
}

type Seen = (i64, i64, u64, u64, Reason);

fn seen(rows: &[Row]) -> Vec<Seen> {
    let one = |row: &Row| {
        (
            row.start.millis() - NOON,
            row.end.millis() - NOON,
            row.packets,
            row.octets,
            row.reason,
        )
    };
    rows.iter().map(one).collect()
}

#[test]
fn one_minute_windows_give_21_rows() {
    let rows = rows_of(Some(Window::OneMinute), None);
    let minute = |n: i64| (n * 60_000, (n + 1) * 60_000, 600, 600_000, Reason::Window);
    let mut expected = vec![(30_000, 60_000, 300, 300_000, Reason::Window)];
    expected.extend((1..20).map(minute));
    expected.push((
        20 * 60_000,
        20 * 60_000 + 29_900,
        300,
        300_000,
        Reason::Window,
    ));
    assert_eq!(seen(&rows), expected);
}

#[test]
fn ten_minute_windows_give_three_rows() {
    let rows = rows_of(Some(Window::TenMinutes), None);
    let expected = [
        (30_000, 600_000, 5_700, 5_700_000, Reason::Window),
        (600_000, 1_200_000, 6_000, 6_000_000, Reason::Window),
        (1_200_000, 1_229_900, 300, 300_000, Reason::Window),
    ];
    assert_eq!(seen(&rows), expected);
}

#[test]
fn aging_without_a_window_gives_four_rows() {
    let rows = rows_of(None, Some(Aging::DEFAULT));
    let expected = [
        (30_000, 330_000, 3_000, 3_000_000, Reason::Active),
        (330_000, 630_000, 3_000, 3_000_000, Reason::Active),
        (630_000, 930_000, 3_000, 3_000_000, Reason::Active),
        (930_000, 1_229_900, 3_000, 3_000_000, Reason::Inactive),
    ];
    assert_eq!(seen(&rows), expected);
}

#[test]
fn windows_cut_first_and_aging_inside_them() {
    let rows = rows_of(Some(Window::TenMinutes), Some(Aging::DEFAULT));
    let expected = [
        (30_000, 330_000, 3_000, 3_000_000, Reason::Active),
        (330_000, 600_000, 2_700, 2_700_000, Reason::Window),
        (600_000, 900_000, 3_000, 3_000_000, Reason::Active),
        (900_000, 1_200_000, 3_000, 3_000_000, Reason::Window),
        (1_200_000, 1_229_900, 300, 300_000, Reason::Inactive),
    ];
    assert_eq!(seen(&rows), expected);
}

#[test]
fn numbers_count_from_zero_in_order_of_leaving() {
    let rows = rows_of(Some(Window::OneMinute), Some(Aging::DEFAULT));
    let numbers: Vec<u64> = rows.iter().map(|row| row.number).collect();
    assert_eq!(numbers, (0..21).collect::<Vec<u64>>());
    assert!(rows.is_sorted_by_key(|row| row.left_at));
}
