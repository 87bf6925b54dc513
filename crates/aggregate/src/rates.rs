//! Sampling: scaled sums of a row (aggregation §2, §5).
//!
//! Nearly all rows see one whole factor, or none: scaling then commutes with adding, and a code of
//! five bits in the row says all. Rows with fractions or several factors keep [`Sums`].
//!
//! What comes without a rate waits, by its sampler, for the first rate that becomes known: of that
//! sampler ([`Samplers`]), else of another record in the row. With none it counts as 1.

use alloc::boxed::Box;
use alloc::vec::Vec;

use flowlog_record::{ObservationDomain, RowSampling, Sampling};
use serde::{Deserialize, Serialize};

use crate::cell::SUMS;
use crate::split::Counted;

/// The code of rows without a known rate.
pub(crate) const UNKNOWN: u8 = 0;
/// The code of rows that are known to be unsampled.
pub(crate) const UNSAMPLED: u8 = 1;

/// Samplers of one Exporter that are remembered while their rate is not known.
const MOST_SAMPLERS: usize = 64;
/// Samplers whose counts one row keeps apart.
const MOST_WAITING: usize = 16;

/// The whole factors that a flow log has seen, by code; at most 29, further ones keep sums.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Rates {
    known: Vec<Sampling>,
}

impl Rates {
    pub(crate) fn new() -> Self {
        Self {
            known: alloc::vec![Sampling::UNKNOWN, Sampling::NONE],
        }
    }

    /// The code of `sampling`; [`SUMS`] when a code cannot stand for it.
    #[cold]
    pub(crate) fn code(&mut self, sampling: Sampling) -> u8 {
        if !sampling.is_known() {
            return UNKNOWN;
        }
        if sampling.denominator() != 1 {
            return SUMS;
        }
        let place = self.known.iter().position(|known| *known == sampling);
        let code = u8::try_from(place.unwrap_or(self.known.len())).unwrap_or(SUMS);
        if code >= SUMS {
            return SUMS;
        }
        if place.is_none() {
            self.known.push(sampling);
        }
        code
    }

    /// The factor behind a code.
    pub(crate) fn factor(&self, code: u8) -> Sampling {
        self.known
            .get(usize::from(code))
            .copied()
            .unwrap_or_default()
    }
}

/// One record's share of a row as two running sums, so that fractions scale exactly.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Share {
    pub(crate) before: Counted,
    pub(crate) after: Counted,
}

impl Share {
    /// The raw counters.
    #[inline]
    pub(crate) const fn raw(self) -> Counted {
        self.after.since(self.before)
    }

    fn scaled(self, by: Sampling) -> (u128, u128) {
        let part = |after, before| scaled_up(by, after).saturating_sub(scaled_up(by, before));
        (
            part(self.after.packets, self.before.packets),
            part(self.after.octets, self.before.octets),
        )
    }
}

/// Whom to ask for the rate of what came without one: Observation Domain and sampler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sampler {
    pub(crate) domain: ObservationDomain,
    /// Element 48 or 302, if the record had it.
    pub(crate) id: Option<u64>,
}

/// The samplers of one Exporter that records came from before their rate was known. The first
/// stands for the code [`UNKNOWN`] in all rows of the Exporter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Samplers {
    known: Vec<(Sampler, Option<Sampling>)>,
}

impl Samplers {
    pub(crate) const fn none() -> Self {
        Self { known: Vec::new() }
    }

    /// Notes a sampler whose rate is not known; the code of rows of it alone.
    pub(crate) fn code(&mut self, sampler: Sampler) -> u8 {
        let place = self.known.iter().position(|(known, _)| *known == sampler);
        if place.is_none() && self.known.len() < MOST_SAMPLERS {
            self.known.push((sampler, None));
        }
        match self.known.first() {
            Some((first, _)) if *first == sampler => UNKNOWN,
            _ => SUMS,
        }
    }

    /// The sampler behind the code [`UNKNOWN`].
    fn first(&self) -> Option<Sampler> {
        self.known.first().map(|(sampler, _)| *sampler)
    }

    /// The rate of the sampler behind the code [`UNKNOWN`], if it has become known.
    pub(crate) fn first_rate(&self) -> Sampling {
        let first = self.known.first().and_then(|(_, rate)| *rate);
        first.unwrap_or_default()
    }

    fn rate(&self, sampler: Sampler) -> Option<Sampling> {
        let mut known = self.known.iter();
        known
            .find(|(known, _)| *known == sampler)
            .and_then(|(_, rate)| *rate)
    }

    /// Asks for the rates of a domain's samplers that are not known yet.
    pub(crate) fn learn(
        &mut self,
        domain: ObservationDomain,
        rate_of: &mut dyn FnMut(Option<u64>) -> Option<Sampling>,
    ) {
        for (sampler, rate) in &mut self.known {
            if sampler.domain == domain && rate.is_none() {
                *rate = rate_of(sampler.id).filter(|rate| rate.is_known());
            }
        }
    }
}

/// The scaled sums of a row for which no code can stand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sums {
    packets: u128,
    octets: u128,
    /// What came before any rate was known; the last stands for all further samplers.
    waiting: Vec<(Sampler, Counted)>,
    /// The rate of the last record that had one.
    last: Sampling,
    /// The only factor so far.
    factor: Sampling,
    mixed: bool,
}

impl Sums {
    /// What a row with this factor and these raw counters has so far.
    fn of(factor: Sampling, raw: Counted, samplers: &Samplers) -> Self {
        let mut sums = Self::default();
        if factor.is_known() {
            sums.last = factor;
            sums.add_scaled(
                factor,
                (
                    scaled_up(factor, raw.packets),
                    scaled_up(factor, raw.octets),
                ),
            );
        } else if let Some(first) = samplers.first().filter(|_| !raw.is_zero()) {
            sums.wait(first, raw);
        }
        sums
    }

    /// Adds a share that came with `sampling`, or without.
    fn add(
        &mut self,
        sampling: Sampling,
        share: Share,
        (domain, samplers): (ObservationDomain, &Samplers),
    ) {
        if sampling.is_known() {
            for (sampler, raw) in core::mem::take(&mut self.waiting) {
                let by = samplers.rate(sampler).unwrap_or(sampling);
                self.add_scaled(by, (scaled_up(by, raw.packets), scaled_up(by, raw.octets)));
            }
            self.last = sampling;
            self.add_scaled(sampling, share.scaled(sampling));
            return;
        }
        let id = sampling.sampler();
        let sampler = Sampler { domain, id };
        if self.last.is_known() && samplers.rate(sampler).is_none() {
            self.add_scaled(self.last, share.scaled(self.last));
        } else {
            self.wait(sampler, share.raw());
        }
    }

    fn add_scaled(&mut self, by: Sampling, (packets, octets): (u128, u128)) {
        self.mixed |= self.factor.is_known() && self.factor != by;
        self.factor = by;
        self.packets = self.packets.saturating_add(packets);
        self.octets = self.octets.saturating_add(octets);
    }

    fn wait(&mut self, sampler: Sampler, raw: Counted) {
        let known = self.waiting.iter().position(|(known, _)| *known == sampler);
        if known.is_none() && self.waiting.len() < MOST_WAITING {
            self.waiting.push((sampler, raw));
            return;
        }
        let place = known.unwrap_or(MOST_WAITING.saturating_sub(1));
        if let Some((_, waiting)) = self.waiting.get_mut(place) {
            waiting.packets = waiting.packets.saturating_add(raw.packets);
            waiting.octets = waiting.octets.saturating_add(raw.octets);
        }
    }

    /// Scaled packets and octets, and the factor as the row has it.
    pub(crate) fn result(&self, samplers: &Samplers) -> (Counted, RowSampling) {
        let mut settled = self.clone();
        let mut unknown = false;
        for (sampler, raw) in core::mem::take(&mut settled.waiting) {
            if let Some(by) = samplers.rate(sampler) {
                settled.add_scaled(by, (scaled_up(by, raw.packets), scaled_up(by, raw.octets)));
            } else {
                unknown = true;
                settled.packets = settled.packets.saturating_add(raw.packets.into());
                settled.octets = settled.octets.saturating_add(raw.octets.into());
            }
        }
        let counted = Counted {
            packets: u64::try_from(settled.packets).unwrap_or(u64::MAX),
            octets: u64::try_from(settled.octets).unwrap_or(u64::MAX),
        };
        let sampling = if settled.factor.is_known() && !settled.mixed && !unknown {
            RowSampling::Factor(settled.factor)
        } else {
            RowSampling::UnknownOrMixed
        };
        (counted, sampling)
    }
}

/// What is added to the scaled side of a row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Added<'a> {
    pub(crate) sampling: Sampling,
    /// The code of `sampling`.
    pub(crate) code: u8,
    pub(crate) share: Share,
    /// What the row had before, raw.
    pub(crate) before: Counted,
    pub(crate) rates: &'a Rates,
    pub(crate) domain: ObservationDomain,
    /// Of the row's Exporter.
    pub(crate) samplers: &'a Samplers,
}

impl Added<'_> {
    /// Adds to a row with this code; its new code.
    pub(crate) fn to(&self, code: u8, sums: &mut Option<Box<Sums>>) -> u8 {
        // A whole factor stands for what came without a rate, too, unless that has another.
        let first = self.samplers.first_rate();
        let stands = |factor: u8| !first.is_known() || self.rates.factor(factor) == first;
        match (code, self.code) {
            (SUMS, _) | (_, SUMS) => {}
            (known, new) if known == new => return code,
            (UNKNOWN, new) if self.before.is_zero() || stands(new) => return new,
            (known, UNKNOWN) if stands(known) => return known,
            _ => {}
        }
        let of = || Sums::of(self.rates.factor(code), self.before, self.samplers);
        let kept = sums.get_or_insert_with(|| Box::new(of()));
        kept.add(self.sampling, self.share, (self.domain, self.samplers));
        SUMS
    }
}

/// `⌊(count·num + ⌊den/2⌋) / den⌋`, not clamped: running sums are subtracted from each other.
fn scaled_up(by: Sampling, count: u64) -> u128 {
    let denominator = u128::from(by.denominator());
    u128::from(count)
        .saturating_mul(u128::from(by.numerator()))
        .saturating_add(denominator / 2)
        .checked_div(denominator)
        .unwrap_or(0)
}

/// Scaled packets and octets of a row that saw one whole factor or none.
pub(crate) fn scaled(factor: Sampling, raw: Counted) -> (Counted, RowSampling) {
    if !factor.is_known() {
        return (raw, RowSampling::UnknownOrMixed);
    }
    let counted = Counted {
        packets: factor.scale(raw.packets),
        octets: factor.scale(raw.octets),
    };
    (counted, RowSampling::Factor(factor))
}

#[cfg(test)]
mod tests;
