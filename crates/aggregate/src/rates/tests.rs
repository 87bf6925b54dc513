use flowlog_record::{RowSampling, Sampling};

use super::{Rates, Share, Sums, UNKNOWN, scaled};
use crate::cell::SUMS;
use crate::split::Counted;

fn ratio(numerator: u64, denominator: u32) -> Sampling {
    Sampling::ratio(numerator, denominator).unwrap()
}

fn counted(packets: u64, octets: u64) -> Counted {
    Counted { packets, octets }
}

fn share(before: Counted, after: Counted) -> Share {
    Share { before, after }
}

fn all(packets: u64, octets: u64) -> Share {
    share(Counted::default(), counted(packets, octets))
}

#[test]
fn whole_factors_have_codes_and_fractions_have_none() {
    let mut rates = Rates::new();
    assert_eq!(rates.code(Sampling::UNKNOWN), UNKNOWN);
    assert_eq!(rates.code(Sampling::NONE), 1);
    assert_eq!(rates.code(ratio(100, 1)), 2);
    assert_eq!(rates.code(ratio(100, 1)), 2);
    assert_eq!(rates.factor(2), ratio(100, 1));
    assert_eq!(rates.code(ratio(3, 2)), SUMS);
}

#[test]
fn codes_are_limited() {
    let mut rates = Rates::new();
    for factor in 2..1_000 {
        rates.code(ratio(factor, 1));
    }
    assert_eq!(rates.known.len(), usize::from(SUMS));
    assert_eq!(rates.code(ratio(30, 1)), 30);
    assert_eq!(rates.code(ratio(999, 1)), SUMS);
}

#[test]
fn fractions_scale_on_running_sums_so_that_totals_are_conserved() {
    let by = ratio(3, 2);
    let mut parts = Sums::default();
    for n in 0..10 {
        parts.add(by, share(counted(n, 0), counted(n + 1, 0)));
    }
    let mut whole = Sums::default();
    whole.add(by, all(10, 0));
    assert_eq!(parts.result(), whole.result());
    assert_eq!(whole.result(), (counted(15, 0), RowSampling::Factor(by)));
}

#[test]
fn what_came_without_a_rate_is_scaled_by_the_first_that_becomes_known() {
    let mut sums = Sums::of(Sampling::UNKNOWN, counted(4, 40));
    sums.add(Sampling::UNKNOWN, all(2, 20));
    assert_eq!(sums.result(), (counted(6, 60), RowSampling::UnknownOrMixed));
    sums.add(ratio(3, 2), all(10, 100));
    assert_eq!(
        sums.result(),
        (counted(24, 240), RowSampling::Factor(ratio(3, 2)))
    );
    sums.add(Sampling::UNKNOWN, all(2, 2));
    assert_eq!(
        sums.result(),
        (counted(27, 243), RowSampling::Factor(ratio(3, 2)))
    );
}

#[test]
fn several_factors_are_mixed() {
    let mut sums = Sums::of(ratio(10, 1), counted(1, 1));
    sums.add(ratio(3, 1), all(1, 1));
    assert_eq!(
        sums.result(),
        (counted(13, 13), RowSampling::UnknownOrMixed)
    );
}

#[test]
fn rows_of_one_factor_are_scaled_at_the_end() {
    assert_eq!(
        scaled(ratio(10, 1), counted(3, 7)),
        (counted(30, 70), RowSampling::Factor(ratio(10, 1)))
    );
    assert_eq!(
        scaled(Sampling::UNKNOWN, counted(3, 7)),
        (counted(3, 7), RowSampling::UnknownOrMixed)
    );
    assert_eq!(
        scaled(ratio(u64::MAX, 1), counted(2, 0)).0,
        counted(u64::MAX, 0)
    );
}
