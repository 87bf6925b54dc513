//! The sampling rate of each record, where the Template has elements that tell it.

use alloc::boxed::Box;
use alloc::vec::Vec;

use flowlog_record::{EnterpriseNumber, FlowRecord, InformationElementId, Sampling};

use super::place::{Place, Places, Row};
use crate::elements as ie;
use crate::sampling::{Fallback, RateElements, SamplerId, SamplingSource};

/// The elements of a Template that name a rate or a sampler.
#[derive(Debug)]
pub(super) struct RateColumns {
    rate: Box<[(InformationElementId, Place)]>,
    sampler: Box<[(InformationElementId, Place)]>,
}

impl RateColumns {
    /// `None` for a Template that says nothing of sampling.
    pub(super) fn new(places: &mut Places<'_>) -> Option<Self> {
        let mut find = |ids: &[InformationElementId]| -> Box<[_]> {
            ids.iter()
                .filter_map(|&id| Some((id, places.integer(EnterpriseNumber::IANA, id)?)))
                .collect::<Vec<_>>()
                .into_boxed_slice()
        };
        let found = Self {
            rate: find(&[
                ie::SAMPLING_INTERVAL,
                ie::SAMPLER_RANDOM_INTERVAL,
                ie::SAMPLING_POPULATION,
                ie::SAMPLING_SIZE,
                ie::SAMPLING_PACKET_INTERVAL,
                ie::SAMPLING_PACKET_SPACE,
            ]),
            sampler: find(&[ie::SAMPLER_ID, ie::SELECTOR_ID]),
        };
        (!found.rate.is_empty() || !found.sampler.is_empty()).then_some(found)
    }

    /// Fills the rate of each record of the batch.
    ///
    /// Nearly always one element names the rate or the sampler, and hardly ever does it change
    /// within a batch: what came of the value before is kept.
    pub(super) fn run(&self, rows: &[Row], fallback: &Fallback<'_>, records: &mut [FlowRecord]) {
        let (([(_, place)], []) | ([], [(_, place)])) = (&*self.rate, &*self.sampler) else {
            for (record, row) in records.iter_mut().zip(rows) {
                record.sampling = self.of(row, fallback).0;
            }
            return;
        };
        let mut last = None;
        for (record, row) in records.iter_mut().zip(rows) {
            let value = place.unsigned(row);
            let rate = match last {
                Some((same, rate)) if same == value => rate,
                _ => self.of(row, fallback).0,
            };
            last = Some((value, rate));
            record.sampling = rate;
        }
    }

    /// The rate of one record and where it comes from.
    pub(super) fn of(&self, row: &Row, fallback: &Fallback<'_>) -> (Sampling, SamplingSource) {
        let Some(rates) = fallback.rates else {
            return (fallback.rate, fallback.source);
        };
        if let Some(rate) = self.elements(row).rate() {
            return (rate, SamplingSource::Record);
        }
        let named = self.sampler.iter();
        let named = named.map(|&(id, place)| (id, place.unsigned(row)));
        let known = named
            .clone()
            .filter_map(|(id, value)| SamplerId::of(id, value))
            .find_map(|sampler| rates.of_sampler(sampler));
        match (known, named.map(|(_, value)| value).next()) {
            (Some(rate), _) => (rate, SamplingSource::Options),
            // Whoever learns its rate later knows of whom it is.
            (None, Some(sampler)) if !fallback.rate.is_known() => {
                (Sampling::unknown_of(sampler), fallback.source)
            }
            (None, _) => (fallback.rate, fallback.source),
        }
    }

    fn elements(&self, row: &Row) -> RateElements {
        let mut elements = RateElements::default();
        for &(id, place) in &self.rate {
            elements.note(id, place.unsigned(row));
        }
        elements
    }
}
