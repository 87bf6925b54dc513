//! Data records of Options Templates: sampling rates, and the time of the Exporter's boot.

use flowlog_record::{EnterpriseNumber, Timestamp, Version};

use super::Passage;
use super::data::Body;
use crate::elements as ie;
use crate::layout::Layout;
use crate::plan::unsigned;
use crate::sampling::{KnownRates, RateElements, SamplerId};
use crate::session::Session;
use crate::template::DataKind;
use crate::visitor::{OptionsRecord, Visitor};

impl<V: Visitor> Passage<'_, V> {
    /// A Set of options; returns how many records it had.
    pub(super) fn options(&mut self, body: &Body<'_>) -> usize {
        let (mut read, mut records) = (0, 0);
        while let Some(length) = self.options_record(body, read) {
            read += length;
            records += 1;
        }
        let rest = body.octets.len().saturating_sub(read);
        let shortest = self
            .session
            .templates
            .get(body.id)
            .map_or(usize::MAX, |template| template.layout.shortest());
        if rest >= shortest {
            self.record_past_end(body.offset + read);
        }
        self.tally.decoded.options += u64::try_from(records).unwrap_or_default();
        records
    }

    /// The next record of a Set of which so many octets are read; returns its length.
    fn options_record(&mut self, body: &Body<'_>, read: usize) -> Option<usize> {
        let template = self.session.templates.get(body.id)?;
        let DataKind::Options {
            scope_field_count,
            is_of_use,
        } = template.data
        else {
            return None;
        };
        let rest = body.octets.get(read..)?;
        let length = template.layout.record_length(rest)?;
        let octets = rest.get(..length)?;
        self.visitor.options(&OptionsRecord {
            header: &self.header,
            set: body.id.get(),
            offset: body.offset + read,
            octets,
            fields: template.layout.fields(),
            scope_field_count,
            templates: &self.session.templates,
        });
        if is_of_use {
            let scopes = usize::from(scope_field_count);
            let said = Said::of(&template.layout, self.header.version, scopes, octets);
            said.apply(self.session, self.settings.limits.samplers);
            if said.rate.rate().is_some() {
                self.tally.has_grown = true;
                let rates = KnownRates(&self.session.rates);
                self.visitor.rates(self.exporter, self.header.domain, rates);
            }
        }
        Some(length)
    }
}

/// What an options record says that decoding goes by.
#[derive(Default)]
struct Said {
    rate: RateElements,
    sampler: Option<SamplerId>,
    boot: Option<Timestamp>,
}

impl Said {
    fn of(layout: &Layout, version: Version, scopes: usize, octets: &[u8]) -> Self {
        let mut said = Self::default();
        for (at, (field, value)) in layout.values(octets).enumerate() {
            // The scope fields of V9 are scope types, not Information Elements.
            let is_scope_type = version == Version::V9 && at < scopes;
            if is_scope_type
                || field.enterprise != EnterpriseNumber::IANA
                || !matches!(value.len(), 1..=8)
            {
                continue;
            }
            let value = unsigned(value);
            said.rate.note(field.id, value);
            said.sampler = said.sampler.or(SamplerId::of(field.id, value));
            if field.id == ie::SYSTEM_INIT_TIME_MILLISECONDS && value > 0 {
                said.boot = i64::try_from(value).ok().map(Timestamp);
            }
        }
        said
    }

    fn apply(&self, session: &mut Session, samplers: usize) {
        if let Some(rate) = self.rate.rate() {
            session.rates.announce(self.sampler, rate, samplers);
        }
        session.boot = self.boot.or(session.boot);
    }
}
