use alloc::vec::Vec;

use proptest::prelude::*;

use super::{FURTHEST_SECONDS, Mark, Taken, Wheel, second_of};

/// Takes everything that comes up until `due`, asking rows for their exact times.
fn drain(wheel: &mut Wheel, due: i64, exact: &[i64]) -> Vec<(i64, u32)> {
    let mut fired = Vec::new();
    while let Some(taken) = wheel.take(due) {
        match taken {
            Taken::Second(second, slots) => {
                for slot in slots {
                    let at = exact[usize::try_from(slot).unwrap()];
                    wheel.insert(at, slot, second * 1000);
                }
            }
            Taken::Row(at, slot) => fired.push((at, slot)),
        }
    }
    fired
}

#[test]
fn rows_come_up_in_order_of_time_then_place() {
    let exact = [1_500, 1_200, 1_200, 900, 61_000];
    let mut wheel = Wheel::new();
    for (slot, at) in (0..).zip(exact) {
        wheel.insert(at, slot, 0);
    }
    assert_eq!(wheel.next(), 0);
    assert_eq!(
        drain(&mut wheel, 1_200, &exact),
        [(900, 3), (1_200, 1), (1_200, 2)]
    );
    assert_eq!(wheel.next(), 1_500);
    assert_eq!(drain(&mut wheel, 60_999, &exact), [(1_500, 0)]);
    assert_eq!(wheel.next(), 61_000);
}

#[test]
fn no_hint_lies_further_ahead_than_two_minutes() {
    let mut wheel = Wheel::new();
    let mark = wheel.insert(10_000_000, 1, 5_000);
    assert_eq!(mark, Mark::of(5 + FURTHEST_SECONDS));
    assert_eq!(wheel.next(), (5 + FURTHEST_SECONDS) * 1000);
}

#[test]
fn what_is_overdue_comes_up_next() {
    let mut wheel = Wheel::new();
    wheel.insert(10_000, 1, 0);
    drain(&mut wheel, 10_500, &[0, 10_000]);
    wheel.insert(3_000, 0, 10_500);
    assert_eq!(wheel.next(), 3_000);
    assert_eq!(drain(&mut wheel, 10_500, &[3_000]), [(3_000, 0)]);
}

#[test]
fn without_a_hint_nothing_is_covered() {
    assert!(!Wheel::covers(Mark::NONE, i64::MAX, 0));
}

proptest! {
    #[test]
    fn a_mark_tells_whether_its_hint_comes_in_time(
        now in -1_000_000_000..1_000_000_000_000i64,
        hint in 0..=FURTHEST_SECONDS * 1000,
        wanted in 0..8_000_000i64,
    ) {
        let mark = Mark::of(second_of(now + hint));
        let covers = Wheel::covers(mark, now + wanted, now);
        let (second, hint) = (second_of(now + wanted), second_of(now + hint));
        prop_assert_eq!(covers, second > second_of(now) && hint <= second);
    }
}
