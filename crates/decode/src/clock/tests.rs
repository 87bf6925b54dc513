use alloc::vec::Vec;

use flowlog_record::Timestamp;
use proptest::prelude::*;

use super::{ClockModel, SlidingMinimum};

const MINUTE: i64 = 60_000;

#[test]
fn the_least_of_ten_minutes_is_forgotten_after_ten_minutes() {
    let mut minimum = SlidingMinimum::new();
    assert_eq!(minimum.least(), None);
    assert_eq!(minimum.observe(Timestamp(0), -5), -5);
    assert_eq!(minimum.observe(Timestamp(9 * MINUTE), 3), -5);
    assert_eq!(minimum.observe(Timestamp(10 * MINUTE), 4), 3);
    assert_eq!(minimum.least(), Some(3));
    assert_eq!(minimum.observe(Timestamp(100 * MINUTE), 9), 9);
}

#[test]
fn a_value_from_before_counts_as_of_now() {
    let mut minimum = SlidingMinimum::new();
    minimum.observe(Timestamp(MINUTE), 7);
    assert_eq!(minimum.observe(Timestamp(0), 2), 2);
    assert_eq!(minimum.observe(Timestamp(2 * MINUTE), 5), 2);
}

#[test]
fn a_clock_that_rises_for_ever_takes_no_more_memory() {
    let mut minimum = SlidingMinimum::new();
    let least: Vec<_> = (0..2_000)
        .map(|n| minimum.observe(Timestamp(n), n))
        .collect();
    assert!(minimum.minima.len() <= 256);
    assert_eq!(least, [0; 2_000]);
    // Those that had no place of their own are told too small, and never too long.
    assert!((255..=300_000).contains(&minimum.observe(Timestamp(600_255), 300_000)));
    assert_eq!(minimum.observe(Timestamp(2_000_000), 400_000), 400_000);
}

#[test]
fn an_offset_of_two_seconds_is_trusted() {
    for offset in [-2_000, 0, 2_000] {
        let mut clock = ClockModel::new();
        assert_eq!(
            clock.observe(Timestamp(1_000_000 + offset), Timestamp(1_000_000)),
            0
        );
    }
}

#[test]
fn an_offset_of_up_to_ten_minutes_is_shifted_by_the_least() {
    let mut clock = ClockModel::new();
    let export = Timestamp(1_700_000_000_000);
    assert_eq!(clock.observe(export.plus(5_900), export), 5_900);
    assert_eq!(clock.observe(export.plus(6_000), export.plus(1_000)), 5_000);
    assert_eq!(clock.observe(export.plus(8_000), export.plus(2_000)), 5_000);
    assert_eq!(clock.offset(), Some(5_000));
    let mut ahead = ClockModel::new();
    assert_eq!(ahead.observe(export, export.plus(600_000)), -600_000);
}

#[test]
fn a_clock_further_off_counts_for_nothing() {
    let mut clock = ClockModel::new();
    let (at, export) = (Timestamp(1_700_000_000_000), Timestamp(0));
    assert_eq!(clock.observe(at, export), 1_700_000_000_000);
    // Not the least offset: each datagram's own.
    assert_eq!(clock.observe(at.plus(700), export), 1_700_000_000_700);
}

proptest! {
    /// Against a list of everything seen.
    #[test]
    fn the_least_is_that_of_a_list(
        steps in prop::collection::vec((0_i64..200_000, -50_i64..50), 1..200),
    ) {
        let (mut minimum, mut seen, mut now) = (SlidingMinimum::new(), Vec::new(), 0);
        for (step, value) in steps {
            now += step;
            seen.push((now, value));
            seen.retain(|&(at, _)| at > now - 10 * MINUTE);
            let least = seen.iter().map(|&(_, value)| value).min().unwrap();
            prop_assert_eq!(minimum.observe(Timestamp(now), value), least);
        }
    }
}
