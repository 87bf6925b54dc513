//! What rules ask for, and how they change.

use alloc::boxed::Box;

use flowlog_record::{RowSampling, Window};

use super::*;
use crate::arrival::Arrival;
use crate::rules::KeyLayout;

#[test]
fn a_flow_log_that_is_switched_off_lets_its_rows_leave() {
    let mut fixture = Fixture::new(Rules::BUILT_IN);
    fixture.observe(10_000, record(0, 10_900, 5));
    fixture.set(None, 10_500);
    assert_eq!(fixture.seen(), [(0, 10_500, 5, Reason::Forced, false)]);
    fixture.observe(11_000, record(0, 1_000, 7));
    fixture.set(Some(Rules::BUILT_IN), 12_000);
    fixture.observe(13_000, record(12_000, 13_000, 1));
    fixture.finish(13_000);
    assert_eq!(fixture.seen(), [(12_000, 13_000, 1, Reason::Forced, false)]);
    let ledger = fixture.aggregator.ledger(LOG);
    assert_eq!((ledger.inactive.records, ledger.inactive.packets), (1, 7));
    assert_eq!(ledger.matched.packets, 13);
}

#[test]
fn numbers_go_on_when_a_flow_log_is_switched_on_again_but_not_when_it_was_removed() {
    let mut fixture = Fixture::new(ONE_MINUTE);
    for expected in [0, 1] {
        fixture.observe(10_000, record(0, 1_000, 5));
        fixture.set(None, 10_000);
        assert_eq!(fixture.rows.pop().unwrap().number, expected);
        fixture.set(Some(ONE_MINUTE), 10_000);
    }
    let rows = &mut fixture.rows;
    let each = &mut |row| rows.push(row);
    fixture
        .aggregator
        .remove_flow_log(LOG, Timestamp(10_000), each);
    assert_eq!(fixture.aggregator.ledger(LOG).rows, 0);
    fixture.set(Some(ONE_MINUTE), 10_000);
    fixture.observe(10_000, record(0, 1_000, 5));
    fixture.finish(10_000);
    assert_eq!(fixture.rows.pop().unwrap().number, 0);
}

#[test]
fn a_new_interval_cuts_no_row() {
    let mut fixture = Fixture::new(ONE_MINUTE);
    let ten = Rules {
        window: Some(Window::TenMinutes),
        ..ONE_MINUTE
    };
    fixture.observe(9 * MINUTE, record(8 * MINUTE, 9 * MINUTE - 1, 5));
    fixture.set(Some(ten), 9 * MINUTE);
    fixture.observe(11 * MINUTE, record(9 * MINUTE, 11 * MINUTE - 1, 120));
    fixture.advance(60 * MINUTE);
    assert_eq!(
        fixture.seen(),
        [
            (8 * MINUTE, 9 * MINUTE - 1, 5, Reason::Window, false),
            (9 * MINUTE, 10 * MINUTE, 60, Reason::Window, false),
            (10 * MINUTE, 11 * MINUTE - 1, 60, Reason::Window, false)
        ]
    );
}

#[test]
fn new_aging_holds_from_the_next_period() {
    let mut fixture = Fixture::new(PURE_AGING);
    fixture.observe(10_000, record(0, 9_000, 5));
    let shorter = Rules {
        aging: Some(aging(20, 2)),
        ..PURE_AGING
    };
    fixture.set(Some(shorter), 10_000);
    fixture.observe(22_000, record(10_000, 22_000, 5));
    fixture.advance(22_000 + 15_000);
    assert_eq!(fixture.seen(), [(0, 22_000, 10, Reason::Inactive, false)]);
    fixture.observe(90_000, record(50_000, 89_999, 40));
    fixture.advance(92_000);
    assert_eq!(
        fixture.seen(),
        [
            (50_000, 70_000, 20, Reason::Active, false),
            (70_000, 90_000, 20, Reason::Active, false)
        ]
    );
}

#[test]
fn rules_under_which_old_rows_cannot_stand_let_them_leave() {
    let connection = Rules {
        layout: KeyLayout::Connection,
        ..ONE_MINUTE
    };
    for other in [PURE_AGING, connection] {
        let mut fixture = Fixture::new(ONE_MINUTE);
        fixture.observe(10_000, record(0, 1_000, 5));
        fixture.set(Some(other), 10_000);
        assert_eq!(fixture.seen(), [(0, 1_000, 5, Reason::Forced, false)]);
    }
}

#[test]
fn copies_and_baselines_are_counted_and_not_added() {
    let mut fixture = Fixture::new(ONE_MINUTE);
    for (field, packets) in [(Fields::EGRESS_COPY, 3), (Fields::BASELINE, 4)] {
        let record = record(0, 1_000, packets);
        let fields = record.fields | field;
        fixture.observe(10_000, FlowRecord { fields, ..record });
    }
    fixture.finish(10_000);
    assert_eq!(fixture.seen(), []);
    let ledger = fixture.aggregator.ledger(LOG);
    assert_eq!(
        (ledger.egress_copy.packets, ledger.baseline.packets),
        (3, 4)
    );
}

#[test]
fn a_rate_that_options_tell_later_scales_rows_that_are_open() {
    let mut fixture = Fixture::new(ONE_MINUTE);
    let sampling = Sampling::unknown_of(7);
    fixture.observe(
        10_000,
        FlowRecord {
            sampling,
            ..record(0, 1_000, 5)
        },
    );
    let rate = Sampling::one_in(100);
    let (exporter, domain) = (ExporterId(1), ObservationDomain(0));
    let rate_of = |sampler| rate.filter(|_| sampler == Some(7));
    fixture.aggregator.learn_rates(exporter, domain, rate_of);
    fixture.finish(10_000);
    let row = fixture.rows.pop().unwrap();
    assert_eq!((row.packets, row.packets_raw), (500, 5));
    assert_eq!(row.sampling, RowSampling::Factor(rate.unwrap()));
}

#[test]
fn events_make_rows_only_for_those_who_ask() {
    let event = record(50_000, 61_000, 0);
    let mut silent = Fixture::new(Rules::BUILT_IN);
    silent.observe(61_000, event);
    assert_eq!(silent.seen(), []);
    assert_eq!(silent.aggregator.ledger(LOG).event.records, 1);

    let mut asked = Fixture::new(Rules {
        events: true,
        ..Rules::BUILT_IN
    });
    asked.observe(61_000, event);
    let windows: Vec<_> = asked.rows.iter().map(|row| row.window).collect();
    assert_eq!(windows, [Some(Timestamp(MINUTE))]);
    assert_eq!(asked.seen(), [(61_000, 61_000, 0, Reason::Event, false)]);
    assert_eq!(asked.aggregator.ledger(LOG).emitted.records, 1);
}

#[test]
fn the_flags_of_an_event_enter_no_other_row() {
    let mut fixture = Fixture::new(ONE_MINUTE);
    fixture.observe(10_000, record(0, 1_000, 5));
    fixture.observe(
        10_000,
        FlowRecord {
            tcp_flags: 2,
            ..record(0, 1_000, 0)
        },
    );
    fixture.finish(10_000);
    assert!(fixture.rows.iter().all(|row| row.tcp_flags == 0));
}

#[test]
fn without_any_window_each_record_is_a_row() {
    let mut fixture = Fixture::new(Rules {
        per_record: true,
        ..Rules::BUILT_IN
    });
    fixture.observe(70_000, record(50_000, 70_000, 5));
    fixture.observe(70_000, ended(50_000, 70_000, 6));
    fixture.observe(70_000, continues(50_000, 70_000, 7));
    assert_eq!(
        fixture.seen(),
        [
            (50_000, 70_000, 5, Reason::Inactive, false),
            (50_000, 70_000, 6, Reason::Ended, false),
            (50_000, 70_000, 7, Reason::Active, false)
        ]
    );
    assert_eq!(fixture.aggregator.open_rows(), 0);
}

#[test]
fn without_window_and_aging_the_default_aging_holds() {
    let mut fixture = Fixture::new(Rules {
        aging: None,
        ..PURE_AGING
    });
    fixture.observe(10_000, record(0, 9_000, 5));
    fixture.advance(24_000);
    assert_eq!(fixture.seen(), [(0, 9_000, 5, Reason::Inactive, false)]);
}

#[test]
fn rows_name_what_their_first_record_had() {
    let text = |n: u8| Box::from([alloc::format!("AS{n}")]);
    for rules in [
        Rules::BUILT_IN,
        PURE_AGING,
        Rules {
            per_record: true,
            ..ONE_MINUTE
        },
    ] {
        let mut fixture = Fixture::new(rules);
        let records = [
            of_flow(1, record(0, 1_000, 5)),
            of_flow(2, record(0, 1_000, 5)),
            of_flow(1, record(0, 2_000, 5)),
        ];
        let placed = [2, 1, 0].map(|record| Placed {
            record,
            ..Placed::default()
        });
        let arrival = Arrival {
            origin: &fixture.origin(1, 10_000),
            records: &records,
            placed: &placed,
        };
        let rows = &mut fixture.rows;
        let each = &mut |row| rows.push(row);
        let extra = &mut |record| Some(text(record));
        fixture.aggregator.observe_with(LOG, arrival, extra, each);
        let octets = fixture.aggregator.save();
        fixture.aggregator =
            Aggregator::restore(&octets, Limits::DEFAULT, HashKey::PUBLIC).unwrap();
        fixture.finish(10_000);
        let texts: Vec<_> = fixture.rows.iter().map(|row| row.extra.clone()).collect();
        let expected = [Some(text(2)), Some(text(1)), Some(text(0))];
        assert_eq!(texts, expected[..texts.len()]);
        assert_eq!(texts.len(), if rules.per_record { 3 } else { 2 });
    }
}

#[test]
fn a_table_that_is_empty_gives_its_memory_back() {
    let mut fixture = Fixture::new(ONE_MINUTE);
    let small = fixture.aggregator.octets();
    for n in 0..40_000_u32 {
        let mut record = record(0, 1_000, 1);
        record.destination = Address::from_ipv4_octets(n.to_be_bytes());
        fixture.observe(10_000, record);
    }
    assert!(fixture.aggregator.octets() > 40_000 * 64);
    fixture.advance(10 * MINUTE);
    assert_eq!(fixture.rows.len(), 40_000);
    assert_eq!(fixture.aggregator.octets(), small);
}
