use alloc::vec::Vec;

use flowlog_record::FlowRecord;
use proptest::prelude::*;

use super::{Counted, Spread};

fn spread(start: i64, end: i64, packets: u64, octets: u64) -> Spread {
    Spread {
        start,
        end,
        total: Counted { packets, octets },
    }
}

/// The table of the rules, in numbers without bound.
fn by_the_table(spread: &Spread, t: i64) -> (u128, u128) {
    let Spread { start, end, total } = *spread;
    let (packets, octets) = (u128::from(total.packets), u128::from(total.octets));
    let duration = u128::try_from(end - start + 1).unwrap();
    let passed = u128::try_from((t - start + 1).clamp(0, end - start + 1)).unwrap();
    let (first, last) = (u128::from(t >= start), u128::from(t >= end));
    match packets {
        0 => (0, octets * passed / duration),
        1 => (first, octets * first),
        _ => {
            let so_far = first + (packets - 2) * passed / duration + last;
            (so_far, octets * so_far / packets)
        }
    }
}

#[test]
fn the_first_and_the_last_packet_are_real() {
    let record = spread(0, 999, 2, 100);
    let counts: Vec<u64> = [-1, 0, 998, 999].map(|t| record.until(t).packets).to_vec();
    assert_eq!(counts, [0, 1, 1, 2]);
    assert_eq!(record.until(998).octets, 50);
}

#[test]
fn a_single_packet_is_at_the_start() {
    let record = spread(10, 20, 1, 77);
    assert!(record.until(9).is_zero());
    assert_eq!(record.until(10), record.total);
}

#[test]
fn octets_without_packets_follow_time() {
    let record = spread(0, 9, 0, 100);
    assert_eq!(
        record.until(3),
        Counted {
            packets: 0,
            octets: 40
        }
    );
}

#[test]
fn the_example_of_the_rules_is_halved_at_the_window() {
    let record = spread(30_000, 89_900, 600, 600_000);
    assert_eq!(
        record.until(59_999),
        Counted {
            packets: 300,
            octets: 300_000
        }
    );
}

#[test]
fn counters_of_a_record_are_taken_as_they_are() {
    let record = FlowRecord {
        packets: 3,
        octets: 4,
        ..FlowRecord::EMPTY
    };
    assert_eq!(
        Counted::of(&record),
        Counted {
            packets: 3,
            octets: 4
        }
    );
}

fn count() -> impl Strategy<Value = u64> {
    prop_oneof![0..5u64, 0..10_000u64, any::<u64>()]
}

proptest! {
    #[test]
    fn running_sums_are_those_of_the_table(
        start in -1_000..1_000i64,
        duration in 0..6_060_000i64,
        packets in count(),
        octets in count(),
        at in -10..6_070_000i64,
    ) {
        let record = spread(start, start + duration, packets, octets);
        for t in [start + at, start - 1, start, start + duration - 1, start + duration] {
            let counted = record.until(t);
            let found = (u128::from(counted.packets), u128::from(counted.octets));
            prop_assert_eq!(found, by_the_table(&record, t));
        }
    }

    #[test]
    fn shares_of_any_cut_sum_to_the_whole(
        duration in 0..100_000i64,
        packets in count(),
        octets in count(),
        cuts in prop::collection::btree_set(0..100_000i64, 0..20),
    ) {
        let record = spread(0, duration, packets, octets);
        let mut before = Counted::default();
        let mut sum = Counted::default();
        for t in cuts.into_iter().chain([duration.max(100_000)]) {
            let after = record.until(t);
            prop_assert!(after.packets >= before.packets && after.octets >= before.octets);
            let share = after.since(before);
            sum.packets += share.packets;
            sum.octets += share.octets;
            before = after;
        }
        prop_assert_eq!(sum, record.total);
    }
}
