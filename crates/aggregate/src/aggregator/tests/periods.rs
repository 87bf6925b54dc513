//! Aging, with and without windows.

use super::*;

#[test]
fn a_flow_that_ended_leaves_after_two_seconds() {
    let mut fixture = Fixture::new(PURE_AGING);
    fixture.observe(10_000, ended(0, 9_500, 5));
    fixture.advance(11_499);
    assert_eq!(fixture.seen(), []);
    fixture.advance(11_500);
    assert_eq!(fixture.seen(), [(0, 9_500, 5, Reason::Ended, false)]);
}

#[test]
fn a_report_by_active_timeout_lets_expect_the_next_one() {
    let mut fixture = Fixture::new(PURE_AGING);
    fixture.observe(60_000, continues(0, 59_999, 60));
    fixture.observe(125_000, continues(60_000, 119_999, 60));
    fixture.advance(119_999 + 66_000 - 1);
    assert_eq!(fixture.seen(), []);
    fixture.advance(119_999 + 66_000);
    assert_eq!(fixture.seen(), [(0, 119_999, 120, Reason::Inactive, false)]);
}

#[test]
fn the_record_that_reaches_furthest_says_how_long_to_wait() {
    let mut fixture = Fixture::new(PURE_AGING);
    fixture.observe(10_000, ended(0, 9_500, 5));
    fixture.observe(10_100, record(0, 8_000, 5));
    fixture.advance(11_500);
    assert_eq!(fixture.seen(), [(0, 9_500, 10, Reason::Ended, false)]);
}

#[test]
fn several_periods_may_end_at_once() {
    let mut fixture = Fixture::new(Rules {
        aging: Some(aging(60, 15)),
        ..PURE_AGING
    });
    fixture.observe(200_000, record(0, 190_000, 191));
    assert_eq!(
        fixture.seen(),
        [
            (0, 60_000, 60, Reason::Active, false),
            (60_000, 120_000, 60, Reason::Active, false),
            (120_000, 180_000, 60, Reason::Active, false)
        ]
    );
    fixture.advance(205_000);
    assert_eq!(
        fixture.seen(),
        [(180_000, 190_000, 11, Reason::Inactive, false)]
    );
}

#[test]
fn a_period_ends_by_age_when_a_record_reaches_its_last_millisecond() {
    let mut fixture = Fixture::new(Rules {
        aging: Some(aging(60, 15)),
        ..PURE_AGING
    });
    fixture.observe(60_000, record(0, 59_998, 5));
    assert_eq!(fixture.seen(), []);
    fixture.observe(60_000, record(59_999, 59_999, 1));
    assert_eq!(fixture.seen(), [(0, 60_000, 6, Reason::Active, false)]);
}

#[test]
fn a_period_without_packets_and_octets_gives_no_row() {
    let mut fixture = Fixture::new(Rules {
        aging: Some(aging(60, 15)),
        ..PURE_AGING
    });
    fixture.observe(200_000, record(0, 190_000, 2));
    assert_eq!(fixture.seen(), [(0, 60_000, 1, Reason::Active, false)]);
    fixture.advance(300_000);
    assert_eq!(
        fixture.seen(),
        [(180_000, 190_000, 1, Reason::Inactive, false)]
    );
}

#[test]
fn a_part_before_the_end_of_what_left_begins_at_that_end() {
    for (late, start, end) in [
        (ended(10_000, 20_000, 4), 45_000, 45_000),
        (ended(44_000, 66_000, 4), 45_000, 66_000),
        (ended(50_000, 66_000, 4), 50_000, 66_000),
    ] {
        let mut fixture = Fixture::new(PURE_AGING);
        fixture.observe(50_000, ended(40_000, 45_000, 5));
        fixture.advance(60_000);
        fixture.observe(70_000, late);
        fixture.advance(80_000);
        assert_eq!(
            fixture.seen(),
            [
                (40_000, 45_000, 5, Reason::Ended, false),
                (start, end, 4, Reason::Ended, false)
            ]
        );
    }
}

#[test]
fn a_part_before_the_open_period_counts_in_it_and_moves_no_start() {
    let mut fixture = Fixture::new(PURE_AGING);
    fixture.observe(50_000, record(40_000, 49_000, 5));
    fixture.observe(50_000, record(30_000, 45_000, 4));
    fixture.advance(100_000);
    assert_eq!(
        fixture.seen(),
        [(40_000, 49_000, 9, Reason::Inactive, false)]
    );
}

#[test]
fn a_silent_exporters_periods_leave_as_idle() {
    let mut fixture = Fixture::new(PURE_AGING);
    fixture.timeout = 6_000_000;
    let record = FlowRecord {
        active_timeout: ActiveTimeout::from_millis(6_000_000).unwrap(),
        ..continues(0, 60_000, 5)
    };
    fixture.observe(60_000, record);
    let silent = 60_000 + 15_000 + 6_000_000 + 30_000;
    fixture.advance(silent - 1);
    assert_eq!(fixture.seen(), []);
    fixture.advance(silent);
    assert_eq!(fixture.seen(), [(0, 60_000, 5, Reason::Idle, false)]);
}

#[test]
fn an_exporter_that_sends_other_things_is_not_silent() {
    let mut fixture = Fixture::new(PURE_AGING);
    fixture.timeout = 6_000_000;
    let record = FlowRecord {
        active_timeout: ActiveTimeout::from_millis(6_000_000).unwrap(),
        ..continues(0, 60_000, 5)
    };
    fixture.observe(60_000, record);
    fixture.advance(1_000_000);
    let heard = fixture.origin(1, 1_000_000);
    fixture.aggregator.hear(&heard);
    fixture.advance(60_000 + 6_600_000 - 1);
    assert_eq!(fixture.seen(), []);
    fixture.advance(60_000 + 6_600_000);
    assert_eq!(fixture.seen(), [(0, 60_000, 5, Reason::Inactive, false)]);
}

#[test]
fn inactivity_cuts_inside_a_window_and_rows_wait_for_their_hold() {
    let mut fixture = Fixture::new(Rules::BUILT_IN);
    fixture.observe(6_000, ended(0, 5_000, 5));
    fixture.observe(31_000, record(25_000, 30_000, 4));
    fixture.advance(5_000 + 66_000);
    assert_eq!(fixture.seen(), [(0, 5_000, 5, Reason::Ended, false)]);
    fixture.advance(30_000 + 66_000);
    assert_eq!(
        fixture.seen(),
        [(25_000, 30_000, 4, Reason::Inactive, false)]
    );
}

#[test]
fn a_part_goes_to_the_held_period_that_covers_it() {
    let mut fixture = Fixture::new(Rules::BUILT_IN);
    fixture.observe(11_000, ended(0, 9_999, 10));
    fixture.observe(31_000, record(25_000, 30_000, 4));
    fixture.observe(32_000, record(5_000, 20_000, 16));
    fixture.advance(10 * MINUTE);
    assert_eq!(
        fixture.seen(),
        [
            (0, 9_999, 15, Reason::Ended, false),
            (25_000, 30_000, 15, Reason::Inactive, false)
        ]
    );
}

#[test]
fn a_window_ends_what_aging_would_end_at_the_same_time() {
    let mut fixture = Fixture::new(Rules::BUILT_IN);
    fixture.observe(50_000, record(40_000, 45_000, 5));
    fixture.advance(10 * MINUTE);
    assert_eq!(fixture.seen(), [(40_000, 45_000, 5, Reason::Window, false)]);
}

#[test]
fn timers_of_periods_that_grow_and_shrink_do_not_pile_up() {
    let mut fixture = Fixture::new(PURE_AGING);
    let mut now = 0;
    for _ in 0..2_000 {
        now += 100;
        fixture.observe(now, continues(now, now, 1));
        fixture.observe(now, ended(now, now, 1));
        fixture.observe(now, continues(now, now, 1));
    }
    let hints = fixture.aggregator.hints();
    assert!(hints < 200, "{hints}");
}
