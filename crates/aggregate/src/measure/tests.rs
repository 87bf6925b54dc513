use flowlog_record::{
    ActiveTimeout, Address, ExporterId, Fields, FlowRecord, ObservationDomain, Timestamp,
};

use super::{Outlook, TimeChanges, interval};
use crate::cell::{NEVER, TIME_BOUND};
use crate::rules::{Aging, Origin, TimeSource};

fn origin(at: i64, shift: i64) -> Origin {
    Origin {
        exporter: ExporterId(1),
        address: Address::UNSPECIFIED,
        domain: ObservationDomain(0),
        at: Timestamp(at),
        shift,
        active_timeout: ActiveTimeout::UNLEARNED,
        first_heard: Timestamp(0),
    }
}

fn times(
    (start, end): (i64, i64),
    origin: &Origin,
    source: TimeSource,
) -> ((i64, i64), TimeChanges) {
    let record = FlowRecord {
        start: Timestamp(start),
        end: Timestamp(end),
        ..FlowRecord::EMPTY
    };
    let mut changes = TimeChanges::default();
    (interval(&record, origin, source, &mut changes), changes)
}

#[test]
fn the_time_source_says_which_times_count() {
    let origin = origin(100_000, -5_000);
    let seen = |source| times((90_000, 95_000), &origin, source).0;
    assert_eq!(seen(TimeSource::Corrected), (85_000, 90_000));
    assert_eq!(seen(TimeSource::Exporter), (90_000, 95_000));
    assert_eq!(seen(TimeSource::Arrival), (95_000, 100_000));
}

#[test]
fn an_end_a_second_ahead_of_the_arrival_is_moved_to_it() {
    let origin = origin(100_000, 0);
    let seen = |end| times((end - 10, end), &origin, TimeSource::Corrected);
    let moved = TimeChanges {
        moved: 1,
        span_clamped: 0,
    };
    assert_eq!(seen(101_000), ((100_990, 101_000), TimeChanges::default()));
    assert_eq!(seen(101_001), ((99_990, 100_000), moved));
}

#[test]
fn no_interval_is_longer_than_6060_seconds() {
    let origin = origin(100_000_000, 0);
    let seen = |start| times((start, 90_000_000), &origin, TimeSource::Corrected);
    assert_eq!(seen(83_940_000).0, (83_940_000, 90_000_000));
    assert_eq!(seen(83_940_000).1.span_clamped, 0);
    assert_eq!(seen(83_939_999).0, (83_940_000, 90_000_000));
    assert_eq!(seen(83_939_999).1.span_clamped, 1);
}

#[test]
fn a_start_behind_the_end_is_the_end() {
    let origin = origin(100_000, 0);
    assert_eq!(times((20, 10), &origin, TimeSource::Corrected).0, (10, 10));
    assert_eq!(
        times((20, 10), &origin, TimeSource::Arrival).0,
        (100_000, 100_000)
    );
}

#[test]
fn absurd_times_are_clamped() {
    let extremes = [i64::MIN, -1, 0, i64::MAX];
    for (start, end) in extremes.iter().flat_map(|s| extremes.map(|e| (*s, e))) {
        for source in [
            TimeSource::Corrected,
            TimeSource::Exporter,
            TimeSource::Arrival,
        ] {
            for (at, shift) in [(0, i64::MAX), (i64::MAX, i64::MIN), (i64::MIN, 0)] {
                let ((start, end), _) = times((start, end), &origin(at, shift), source);
                assert!(-TIME_BOUND <= start && start <= end && end <= TIME_BOUND);
            }
        }
    }
}

fn threshold(fields: Fields, seconds: u32, inactive_ms: i64) -> i64 {
    let record = FlowRecord {
        fields,
        active_timeout: ActiveTimeout::from_millis(seconds * 1_000).unwrap(),
        ..FlowRecord::EMPTY
    };
    let active_ms = 300_000;
    Outlook::of(&record).threshold(Some(Aging {
        active_ms,
        inactive_ms,
    }))
}

#[test]
fn a_period_stays_open_as_long_as_the_record_lets_expect() {
    assert_eq!(threshold(Fields::empty(), 60, 15_000), 15_000);
    assert_eq!(threshold(Fields::ENDED, 60, 15_000), 2_000);
    assert_eq!(threshold(Fields::ENDED, 60, 1_000), 1_000);
    assert_eq!(threshold(Fields::CONTINUES, 60, 15_000), 66_000);
    assert_eq!(threshold(Fields::CONTINUES, 10, 15_000), 15_000);
    assert_eq!(threshold(Fields::CONTINUES, 6_000, 15_000), 6_600_000);
    assert_eq!(
        threshold(Fields::CONTINUES | Fields::ENDED, 60, 15_000),
        2_000
    );
}

#[test]
fn without_aging_no_period_ends_for_lack_of_records() {
    assert_eq!(Outlook::of(&FlowRecord::EMPTY).threshold(None), NEVER);
}
