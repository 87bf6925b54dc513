mod periods;
mod room;
mod rules;
mod windows;

use alloc::vec::Vec;

use flowlog_record::{
    ActiveTimeout, Address, ExporterId, Fields, FlowLogIndex, FlowRecord, HashKey,
    ObservationDomain, Placed, Reason, Row, Sampling, Timestamp,
};

use super::{Aggregator, fair_share};
use crate::rules::{Aging, Hold, Limits, Origin, Rules};

const LOG: FlowLogIndex = FlowLogIndex(0);
const MINUTE: i64 = 60_000;

const ONE_MINUTE: Rules = Rules {
    aging: None,
    ..Rules::BUILT_IN
};

const PURE_AGING: Rules = Rules {
    window: None,
    ..Rules::BUILT_IN
};

const fn aging(active_seconds: i64, inactive_seconds: i64) -> Aging {
    Aging {
        active_ms: active_seconds * 1_000,
        inactive_ms: inactive_seconds * 1_000,
    }
}

/// A record from `start` to `end` with ten octets a packet.
fn record(start: i64, end: i64, packets: u64) -> FlowRecord {
    FlowRecord {
        source: Address::from_ipv4_octets([10, 0, 0, 1]),
        destination: Address::from_ipv4_octets([10, 0, 0, 2]),
        start: Timestamp(start),
        end: Timestamp(end),
        packets,
        octets: packets * 10,
        sampling: Sampling::NONE,
        fields: Fields::SOURCE | Fields::DESTINATION,
        ..FlowRecord::EMPTY
    }
}

fn ended(start: i64, end: i64, packets: u64) -> FlowRecord {
    let record = record(start, end, packets);
    FlowRecord {
        fields: record.fields | Fields::ENDED,
        ..record
    }
}

fn continues(start: i64, end: i64, packets: u64) -> FlowRecord {
    let record = record(start, end, packets);
    FlowRecord {
        fields: record.fields | Fields::CONTINUES,
        ..record
    }
}

/// The same of another flow.
fn of_flow(host: u8, record: FlowRecord) -> FlowRecord {
    FlowRecord {
        source: Address::from_ipv4_octets([10, 0, 1, host]),
        ..record
    }
}

struct Fixture {
    aggregator: Aggregator,
    rows: Vec<Row>,
    timeout: u32,
}

impl Fixture {
    fn new(rules: Rules) -> Self {
        Self::with(rules, Limits::DEFAULT)
    }

    fn with(rules: Rules, limits: Limits) -> Self {
        let mut fixture = Self {
            aggregator: Aggregator::new(limits, HashKey::PUBLIC),
            rows: Vec::new(),
            timeout: 60_000,
        };
        fixture.set(Some(rules), 0);
        fixture
    }

    fn set(&mut self, rules: Option<Rules>, now: i64) {
        let rows = &mut self.rows;
        let now = Timestamp(now);
        self.aggregator
            .set_flow_log(LOG, rules, now, &mut |row| rows.push(row));
    }

    fn advance(&mut self, now: i64) {
        let rows = &mut self.rows;
        self.aggregator
            .advance(Timestamp(now), &mut |row| rows.push(row));
    }

    fn observe(&mut self, at: i64, record: FlowRecord) {
        self.observe_from(1, at, record);
    }

    fn origin(&self, exporter: u8, at: i64) -> Origin {
        Origin {
            exporter: ExporterId(exporter.into()),
            address: Address::from_ipv4_octets([192, 0, 2, exporter]),
            domain: ObservationDomain(0),
            at: Timestamp(at),
            shift: 0,
            active_timeout: ActiveTimeout::from_millis(self.timeout).unwrap(),
            first_heard: Timestamp(0),
        }
    }

    fn observe_from(&mut self, exporter: u8, at: i64, record: FlowRecord) {
        let origin = self.origin(exporter, at);
        self.advance(at);
        let rows = &mut self.rows;
        let each = &mut |row| rows.push(row);
        self.aggregator
            .observe(LOG, &origin, &[record], &[Placed::default()], each);
        assert!(self.aggregator.ledger(LOG).balances());
    }

    fn finish(&mut self, now: i64) {
        let rows = &mut self.rows;
        self.aggregator
            .finish(Timestamp(now), &mut |row| rows.push(row));
    }

    /// Start, end, packets, reason and whether late, of the rows that left since the last call.
    fn seen(&mut self) -> Vec<(i64, i64, u64, Reason, bool)> {
        let rows = self.rows.drain(..);
        rows.map(|row| {
            assert_eq!(row.octets, row.packets * 10);
            (
                row.start.millis(),
                row.end.millis(),
                row.packets,
                row.reason,
                row.late,
            )
        })
        .collect()
    }

    /// When the rows left that have left since the last call.
    fn left_at(&mut self) -> Vec<i64> {
        self.rows
            .drain(..)
            .map(|row| row.left_at.millis())
            .collect()
    }
}

#[test]
fn nothing_is_due_of_nothing() {
    let mut fixture = Fixture::new(Rules::BUILT_IN);
    assert_eq!(fixture.aggregator.next_due(), None);
    fixture.advance(1_000 * MINUTE);
    assert_eq!(fixture.seen(), []);
}

#[test]
fn a_flow_log_that_nobody_knows_has_counted_nothing() {
    let fixture = Fixture::new(Rules::BUILT_IN);
    assert_eq!(
        *fixture.aggregator.ledger(FlowLogIndex(7)),
        crate::FlowLogLedger::default()
    );
    assert_eq!(
        fixture.aggregator.time_changes(FlowLogIndex(7)),
        crate::TimeChanges::default()
    );
}

#[test]
fn two_exporters_never_meet_in_one_row() {
    let mut fixture = Fixture::new(ONE_MINUTE);
    fixture.observe_from(1, 10_000, record(0, 1_000, 5));
    fixture.observe_from(2, 10_000, record(0, 1_000, 7));
    fixture.advance(3 * MINUTE);
    let rows: Vec<(Address, u64)> = fixture
        .rows
        .iter()
        .map(|r| (r.exporter, r.packets))
        .collect();
    let address = |n| Address::from_ipv4_octets([192, 0, 2, n]);
    assert_eq!(rows, [(address(1), 5), (address(2), 7)]);
}

#[test]
fn damaged_state_is_refused() {
    let aggregator = Aggregator::new(Limits::DEFAULT, HashKey::PUBLIC);
    let octets = aggregator.save();
    let restore = |octets: &[u8]| Aggregator::restore(octets, Limits::DEFAULT, HashKey::PUBLIC);
    assert!(restore(&octets).is_ok());
    assert_eq!(restore(&[]).unwrap_err(), crate::RestoreError::Damaged);
    assert_eq!(
        restore(&octets[..3]).unwrap_err(),
        crate::RestoreError::Damaged
    );
    assert_eq!(
        restore(&[9, 1]).unwrap_err(),
        crate::RestoreError::UnknownVersion(9)
    );
}

#[test]
fn state_whose_ledger_does_not_balance_is_refused() {
    let mut fixture = Fixture::new(ONE_MINUTE);
    fixture.observe_from(1, 10_000, record(0, 1_000, 5));
    let restore =
        |octets: &[u8]| Aggregator::restore(octets, Limits::DEFAULT, HashKey::PUBLIC).map(drop);
    assert_eq!(restore(&fixture.aggregator.save()), Ok(()));
    let log = fixture.aggregator.logs.get_mut(&LOG).unwrap();
    log.account.ledger.matched.records += 1;
    let octets = fixture.aggregator.save();
    assert_eq!(restore(&octets), Err(crate::RestoreError::Damaged));
}

#[test]
fn shares_of_the_table_are_fair() {
    let share = |rows: &[u64], target| fair_share(rows.iter().copied(), target);
    assert_eq!(share(&[100], 60), 60);
    assert_eq!(share(&[100, 10, 10], 60), 40);
    assert_eq!(share(&[30, 30, 30], 60), 20);
    assert_eq!(share(&[30, 30], 60), u64::MAX);
    assert_eq!(share(&[], 60), u64::MAX);
}
