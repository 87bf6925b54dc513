use alloc::boxed::Box;

use flowlog_record::{ObservationDomain, RowSampling, Sampling};

use super::{
    Added, MOST_SAMPLERS, MOST_WAITING, Rates, Sampler, Samplers, Share, Sums, UNKNOWN, scaled,
};
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

const DOMAIN: ObservationDomain = ObservationDomain(3);

/// A row under a flow log that has seen a factor of ten.
struct Scaled {
    rates: Rates,
    samplers: Samplers,
    code: u8,
    sums: Option<Box<Sums>>,
    raw: Counted,
}

impl Scaled {
    fn new() -> Self {
        let mut samplers = Samplers::none();
        let first = Sampler {
            domain: DOMAIN,
            id: None,
        };
        assert_eq!(samplers.code(first), UNKNOWN);
        Self {
            rates: Rates::new(),
            samplers,
            code: UNKNOWN,
            sums: None,
            raw: Counted::default(),
        }
    }

    fn add(&mut self, sampling: Sampling, share: Share) {
        let code = if sampling.is_known() {
            self.rates.code(sampling)
        } else {
            let id = sampling.sampler();
            self.samplers.code(Sampler { domain: DOMAIN, id })
        };
        let added = Added {
            sampling,
            code,
            share,
            before: self.raw,
            rates: &self.rates,
            domain: DOMAIN,
            samplers: &self.samplers,
        };
        self.code = added.to(self.code, &mut self.sums);
        self.raw.packets += share.raw().packets;
        self.raw.octets += share.raw().octets;
    }

    fn learn(&mut self, sampler: Option<u64>, rate: Sampling) {
        let mut rate_of = |id| (id == sampler).then_some(rate);
        self.samplers.learn(DOMAIN, &mut rate_of);
    }

    fn result(&self) -> (Counted, RowSampling) {
        match (&self.sums, self.code) {
            (Some(sums), _) => sums.result(&self.samplers),
            (None, UNKNOWN) => scaled(self.samplers.first_rate(), self.raw),
            (None, code) => scaled(self.rates.factor(code), self.raw),
        }
    }
}

#[test]
fn fractions_scale_on_running_sums_so_that_totals_are_conserved() {
    let by = ratio(3, 2);
    let mut parts = Scaled::new();
    for n in 0..10 {
        parts.add(by, share(counted(n, 0), counted(n + 1, 0)));
    }
    let mut whole = Scaled::new();
    whole.add(by, all(10, 0));
    assert_eq!(parts.result(), whole.result());
    assert_eq!(whole.result(), (counted(15, 0), RowSampling::Factor(by)));
}

#[test]
fn what_came_without_a_rate_is_scaled_by_the_first_that_comes() {
    for by in [ratio(10, 1), ratio(3, 2)] {
        let mut row = Scaled::new();
        row.add(Sampling::UNKNOWN, all(4, 40));
        assert_eq!(row.result(), (counted(4, 40), RowSampling::UnknownOrMixed));
        row.add(by, all(10, 100));
        row.add(Sampling::UNKNOWN, all(2, 20));
        let expected = counted(by.scale(16), by.scale(160));
        assert_eq!(row.result(), (expected, RowSampling::Factor(by)));
    }
}

#[test]
fn a_rate_that_becomes_known_scales_rows_that_are_open() {
    for by in [ratio(10, 1), ratio(3, 2)] {
        let mut row = Scaled::new();
        row.add(Sampling::UNKNOWN, all(4, 40));
        row.learn(None, by);
        row.learn(None, ratio(99, 1));
        let expected = counted(by.scale(4), by.scale(40));
        assert_eq!(row.result(), (expected, RowSampling::Factor(by)));
        row.add(by, all(6, 60));
        let expected = counted(by.scale(10), by.scale(100));
        assert_eq!(row.result(), (expected, RowSampling::Factor(by)));
    }
}

#[test]
fn each_sampler_has_its_own_rate() {
    let mut row = Scaled::new();
    row.add(Sampling::unknown_of(1), all(1, 0));
    row.add(Sampling::unknown_of(2), all(1, 0));
    row.add(Sampling::UNKNOWN, all(1, 0));
    row.learn(Some(1), ratio(10, 1));
    assert_eq!(row.result(), (counted(12, 0), RowSampling::UnknownOrMixed));
    row.learn(Some(2), ratio(10, 1));
    assert_eq!(row.result(), (counted(21, 0), RowSampling::UnknownOrMixed));
    row.learn(None, ratio(10, 1));
    assert_eq!(
        row.result(),
        (counted(30, 0), RowSampling::Factor(ratio(10, 1)))
    );
    row.add(ratio(7, 1), all(1, 0));
    assert_eq!(row.result(), (counted(37, 0), RowSampling::UnknownOrMixed));
}

#[test]
fn samplers_are_remembered_up_to_a_limit() {
    let mut row = Scaled::new();
    for id in 0..1_000 {
        row.add(Sampling::unknown_of(id), all(1, 1));
    }
    assert_eq!(row.samplers.known.len(), MOST_SAMPLERS);
    assert_eq!(row.sums.as_ref().unwrap().waiting.len(), MOST_WAITING);
    assert_eq!(row.result().0, counted(1_000, 1_000));
}

#[test]
fn several_factors_are_mixed() {
    let mut row = Scaled::new();
    row.add(ratio(10, 1), all(1, 1));
    row.add(ratio(3, 1), all(1, 1));
    assert_eq!(row.result(), (counted(13, 13), RowSampling::UnknownOrMixed));
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
