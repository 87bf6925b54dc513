use super::{Sequence, Step};

#[test]
fn numbers_in_order_are_next() {
    let mut sequence = Sequence::default();
    assert_eq!(sequence.observe(7, Some(30)), Step::Next);
    assert_eq!(sequence.observe(37, Some(12)), Step::Next);
    assert_eq!(sequence.observe(49, Some(30)), Step::Next);
}

#[test]
fn the_end_of_the_numbers_is_no_gap() {
    let mut sequence = Sequence::default();
    sequence.observe(u32::MAX - 1, Some(1));
    assert_eq!(sequence.observe(u32::MAX, Some(1)), Step::Next);
    assert_eq!(sequence.observe(0, Some(1)), Step::Next);
    assert_eq!(sequence.observe(3, Some(1)), Step::Gap(2));
}

#[test]
fn what_comes_late_was_not_missing() {
    let mut sequence = Sequence::default();
    sequence.observe(0, Some(30));
    assert_eq!(sequence.observe(90, Some(30)), Step::Gap(60));
    assert_eq!(sequence.observe(60, Some(30)), Step::Late(30));
    assert_eq!(sequence.observe(30, Some(30)), Step::Late(30));
    assert_eq!(sequence.observe(120, Some(30)), Step::Next);
    // Once more: from just before, and nothing is missing there.
    assert_eq!(sequence.observe(60, Some(30)), Step::Late(0));
}

#[test]
fn a_hole_is_filled_from_its_middle() {
    let mut sequence = Sequence::default();
    sequence.observe(0, Some(10));
    assert_eq!(sequence.observe(100, Some(10)), Step::Gap(90));
    assert_eq!(sequence.observe(50, Some(10)), Step::Late(10));
    assert_eq!(sequence.observe(10, Some(40)), Step::Late(40));
    assert_eq!(sequence.observe(60, Some(40)), Step::Late(40));
    assert_eq!(sequence.observe(60, Some(40)), Step::Late(0));
}

#[test]
fn numbers_far_back_or_far_ahead_begin_anew() {
    let mut sequence = Sequence::default();
    sequence.observe(1_000_000, Some(1));
    assert_eq!(sequence.observe(5, Some(1)), Step::Late(0));
    assert_eq!(sequence.observe(6, Some(1)), Step::Restart);
    assert_eq!(sequence.observe(7, Some(1)), Step::Next);
    assert_eq!(sequence.observe(8 + (1 << 21), Some(1)), Step::Late(0));
    assert_eq!(sequence.observe(9 + (1 << 21), Some(1)), Step::Restart);
    assert_eq!(sequence.observe(10 + (1 << 21), Some(1)), Step::Next);
}

#[test]
fn one_number_from_far_away_changes_nothing() {
    let mut sequence = Sequence::default();
    sequence.observe(1_000, Some(1));
    assert_eq!(sequence.observe(3, Some(1)), Step::Late(0));
    assert_eq!(sequence.observe(1_001, Some(1)), Step::Next);
    assert_eq!(sequence.observe(4, Some(1)), Step::Late(0));
    assert_eq!(sequence.observe(1_002, Some(1)), Step::Next);
}

#[test]
fn behind_a_datagram_that_could_not_be_counted_nothing_is_missing() {
    let mut sequence = Sequence::default();
    sequence.observe(0, Some(10));
    assert_eq!(sequence.observe(10, None), Step::Next);
    assert_eq!(sequence.observe(500, Some(10)), Step::Next);
    assert_eq!(sequence.observe(511, Some(10)), Step::Gap(1));
}

#[test]
fn after_a_reset_any_number_is_the_first() {
    let mut sequence = Sequence::default();
    sequence.observe(1_000, Some(10));
    sequence.reset();
    assert_eq!(sequence.observe(3, Some(10)), Step::Next);
}

#[test]
fn a_hole_is_given_up_after_64_datagrams() {
    let mut sequence = Sequence::default();
    sequence.observe(0, Some(1));
    assert_eq!(sequence.observe(2, Some(1)), Step::Gap(1));
    for n in 3..70 {
        assert_eq!(sequence.observe(n, Some(1)), Step::Next);
    }
    assert_eq!(sequence.observe(1, Some(1)), Step::Late(0));
    assert_eq!(sequence.observe(70, Some(1)), Step::Next);
}
