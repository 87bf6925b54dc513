//! Sampling rates: what records and options data say, and which of it holds (aggregation §5).

use alloc::collections::BTreeMap;

use flowlog_record::{EnterpriseNumber, InformationElementId, Sampling};
use serde::{Deserialize, Serialize};

use crate::elements as ie;

/// Where the sampling rate of a record comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SamplingSource {
    /// A rate that the inventory forces.
    Forced,
    /// The record itself.
    Record,
    /// Options data of the Exporter and Observation Domain.
    Options,
    /// The header of V5.
    Header,
    /// The inventory, because nothing else knows.
    Stated,
    /// Nobody knows.
    Unknown,
}

/// The elements of which a rate is made, as far as they are there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RateElements {
    pub(crate) interval: Option<u64>,
    pub(crate) random_interval: Option<u64>,
    pub(crate) population: Option<u64>,
    pub(crate) size: Option<u64>,
    pub(crate) packet_interval: Option<u64>,
    pub(crate) packet_space: Option<u64>,
}

impl RateElements {
    /// Notes an element if it is one of these; the first of its kind counts.
    pub(crate) fn note(&mut self, id: InformationElementId, value: u64) {
        let slot = match id {
            ie::SAMPLING_INTERVAL => &mut self.interval,
            ie::SAMPLER_RANDOM_INTERVAL => &mut self.random_interval,
            ie::SAMPLING_POPULATION => &mut self.population,
            ie::SAMPLING_SIZE => &mut self.size,
            ie::SAMPLING_PACKET_INTERVAL => &mut self.packet_interval,
            ie::SAMPLING_PACKET_SPACE => &mut self.packet_space,
            _ => return,
        };
        slot.get_or_insert(value);
    }

    /// The rate by the first of 34, 50, 310/309, (305 + 306)/305, 305 that gives one.
    pub(crate) fn rate(&self) -> Option<Sampling> {
        let one_in = |interval: Option<u64>| interval.and_then(Sampling::one_in);
        one_in(self.interval)
            .or_else(|| one_in(self.random_interval))
            .or_else(|| ratio(self.population?, self.size?))
            .or_else(|| {
                let taken = self.packet_interval?;
                ratio(taken.saturating_add(self.packet_space?), taken)
            })
            .or_else(|| one_in(self.packet_interval))
    }
}

fn ratio(numerator: u64, denominator: u64) -> Option<Sampling> {
    Sampling::ratio(numerator, u32::try_from(denominator).ok()?)
}

/// Which sampler a record went through: element 48 or 302.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) enum SamplerId {
    /// `samplerId`
    Sampler(u64),
    /// `selectorId`
    Selector(u64),
}

impl SamplerId {
    pub(crate) const fn of(id: InformationElementId, value: u64) -> Option<Self> {
        match id {
            ie::SAMPLER_ID => Some(Self::Sampler(value)),
            ie::SELECTOR_ID => Some(Self::Selector(value)),
            _ => None,
        }
    }

    /// The same number under the other element: options may name one and records the other.
    const fn twin(self) -> Self {
        match self {
            Self::Sampler(id) => Self::Selector(id),
            Self::Selector(id) => Self::Sampler(id),
        }
    }
}

/// The rates that options data of one Exporter and Observation Domain have told.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Rates {
    /// By sampler, each with the number of the announcement, for forgetting the oldest.
    by_sampler: BTreeMap<SamplerId, (Sampling, u64)>,
    /// Announced without a sampler: the last one holds.
    plain: Option<Sampling>,
    announcements: u64,
    /// The only rate there is, if there is only one.
    only: Option<Sampling>,
}

impl Rates {
    /// Remembers a rate, of `limit` samplers at most.
    pub(crate) fn announce(&mut self, sampler: Option<SamplerId>, rate: Sampling, limit: usize) {
        self.announcements = self.announcements.wrapping_add(1);
        match sampler {
            None => self.plain = Some(rate),
            Some(sampler) => {
                if self.by_sampler.len() >= limit && !self.by_sampler.contains_key(&sampler) {
                    self.forget_older_half();
                }
                self.by_sampler.insert(sampler, (rate, self.announcements));
            }
        }
        self.only = self.find_only();
    }

    /// What they cost, in octets.
    pub(crate) fn cost(&self) -> usize {
        64 * self.by_sampler.len()
    }

    /// The rate of that sampler.
    pub(crate) fn of_sampler(&self, sampler: SamplerId) -> Option<Sampling> {
        let (rate, _) = self
            .by_sampler
            .get(&sampler)
            .or_else(|| self.by_sampler.get(&sampler.twin()))?;
        Some(*rate)
    }

    /// The rate of records that name no sampler that is known: the only one.
    pub(crate) const fn only(&self) -> Option<Sampling> {
        self.only
    }

    /// What holds for records that name this sampler (element 48 or 302), or none.
    fn of(&self, sampler: Option<u64>) -> Option<Sampling> {
        sampler
            .and_then(|id| self.of_sampler(SamplerId::Sampler(id)))
            .or(self.only)
    }

    fn find_only(&self) -> Option<Sampling> {
        let mut all = self
            .by_sampler
            .values()
            .map(|&(rate, _)| rate)
            .chain(self.plain);
        let first = all.next()?;
        all.all(|rate| rate == first).then_some(first)
    }

    fn forget_older_half(&mut self) {
        let mut ages: alloc::vec::Vec<u64> = self.by_sampler.values().map(|&(_, n)| n).collect();
        ages.sort_unstable();
        let keep_from = ages.get(ages.len() / 2).copied().unwrap_or(u64::MAX);
        self.by_sampler.retain(|_, &mut (_, n)| n > keep_from);
    }
}

/// The rates that options data have told so far, as the visitor sees them.
#[derive(Clone, Copy, Debug)]
pub struct KnownRates<'a>(pub(crate) &'a Rates);

impl KnownRates<'_> {
    /// The rate of records that name this sampler (element 48 or 302), or none; `None` while it is
    /// not known.
    pub fn of(&self, sampler: Option<u64>) -> Option<Sampling> {
        self.0.of(sampler)
    }
}

/// What a record without a rate of its own falls back to, decided once a batch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fallback<'a> {
    /// By sampler; `None` where the inventory forces a rate.
    pub(crate) rates: Option<&'a Rates>,
    /// What holds without a known sampler.
    pub(crate) rate: Sampling,
    pub(crate) source: SamplingSource,
}

/// Whether an element takes part in a sampling rate.
pub(crate) fn is_about_sampling(enterprise: EnterpriseNumber, id: InformationElementId) -> bool {
    enterprise == EnterpriseNumber::IANA
        && matches!(
            id,
            ie::SAMPLING_INTERVAL
                | ie::SAMPLER_ID
                | ie::SAMPLER_RANDOM_INTERVAL
                | ie::SELECTOR_ID
                | ie::SAMPLING_PACKET_INTERVAL
                | ie::SAMPLING_PACKET_SPACE
                | ie::SAMPLING_SIZE
                | ie::SAMPLING_POPULATION
        )
}
