//! A batch of Flow Records, with a way back to the octets they came from.

use flowlog_record::{
    EnterpriseNumber, ExporterProfile, FlowDetail, FlowRecord, InformationElementId,
};
use flowlog_wire::{FieldSpecifier, TemplateId};

use crate::clock::SlidingMinimum;
use crate::detail;
use crate::elements as ie;
use crate::exporter::Exporter;
use crate::header::Header;
use crate::layout::{Layout, Values};
use crate::plan::{Plan, Scratch};
use crate::sampling::{Fallback, SamplingSource};
use crate::session::Templates;
use crate::settle;
use crate::value::Renderer;

/// Flow Records of one Set, at most [`crate::BATCH`], and what else is known of them.
#[derive(Debug)]
pub struct Batch<'a> {
    /// Who sent them.
    pub exporter: &'a mut Exporter,
    /// The header of their datagram.
    pub header: &'a Header,
    /// The records. A reverse half stands behind its forward one.
    pub records: &'a mut [FlowRecord],
    pub(crate) origin: Origin<'a>,
    pub(crate) session: SessionView<'a>,
}

/// Where the records of a batch came from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin<'a> {
    /// ID of the Set; none in V5.
    pub(crate) set: Option<u16>,
    pub(crate) layout: &'a Layout,
    /// None in V5.
    pub(crate) plan: Option<&'a Plan>,
    /// The data records of the batch.
    pub(crate) octets: &'a [u8],
    /// Where they begin, in octets from the start of the datagram.
    pub(crate) offset: usize,
    pub(crate) scratch: &'a Scratch,
    pub(crate) fallback: Fallback<'a>,
}

/// What of its session a batch can see.
#[derive(Debug)]
pub(crate) struct SessionView<'a> {
    pub(crate) templates: &'a Templates,
    pub(crate) profile: &'a ExporterProfile,
    pub(crate) boot: &'a mut SlidingMinimum,
}

/// The data record that a Flow Record came from.
#[derive(Clone, Copy, Debug)]
pub struct RawRecord<'a> {
    /// ID of its Set; none in V5.
    pub set: Option<u16>,
    /// Where it begins, in octets from the start of the datagram.
    pub offset: usize,
    /// Its octets.
    pub octets: &'a [u8],
    /// The fields of its Template; in V5 with the padding as element 210.
    pub fields: &'a [FieldSpecifier],
}

impl<'a> RawRecord<'a> {
    /// The fields and their values, in the order of the Template.
    pub fn values(&self) -> Values<'a> {
        Values::new(self.fields, self.octets)
    }

    /// The first value of an element.
    pub fn element(
        &self,
        enterprise: EnterpriseNumber,
        id: InformationElementId,
    ) -> Option<&'a [u8]> {
        self.values()
            .find(|(field, _)| field.enterprise == enterprise && field.id == id)
            .map(|(_, value)| value)
    }
}

impl Batch<'_> {
    /// Replaces the raw times of the records by the interval that counts (aggregation §3), and
    /// sets `ENDED`, `CONTINUES` and `active_timeout` of each (§4). To be called once.
    ///
    /// The times stay those of the Exporter's clock: [`shift`](Self::shift) corrects them.
    pub fn settle(&mut self) {
        settle::settle(self);
    }

    /// By how many milliseconds the settled times are to be shifted to be corrected for the
    /// Exporter's clock.
    pub const fn shift(&self) -> i64 {
        self.exporter.shift()
    }

    /// What the inventory says of the Exporter in this Observation Domain.
    pub const fn profile(&self) -> &ExporterProfile {
        self.session.profile
    }

    /// The fields of record `i` that no key and no counter needs.
    ///
    /// Of a reverse half they are those of the data record, not swapped.
    pub fn details(&self, i: usize) -> FlowDetail {
        let (Some(record), Some(raw)) = (self.records.get(i), self.raw(i)) else {
            return FlowDetail::default();
        };
        detail::of(record, &raw)
    }

    /// The first value of an element in the data record of record `i`.
    pub fn element(
        &self,
        i: usize,
        enterprise: EnterpriseNumber,
        id: InformationElementId,
    ) -> Option<&[u8]> {
        self.raw(i)?.element(enterprise, id)
    }

    /// The data record that record `i` came from; two halves of a biflow came from one.
    pub fn raw(&self, i: usize) -> Option<RawRecord<'_>> {
        if i >= self.records.len() {
            return None;
        }
        let data_record = self.origin.scratch.origin(i);
        let (begin, end) = match self.origin.layout.stride() {
            Some(stride) => (data_record * stride, (data_record + 1) * stride),
            None => self.origin.scratch.span(data_record)?,
        };
        Some(RawRecord {
            set: self.origin.set,
            offset: self.origin.offset + begin,
            octets: self.origin.octets.get(begin..end)?,
            fields: self.origin.layout.fields(),
        })
    }

    /// Where the sampling rate of record `i` comes from.
    pub fn sampling_source(&self, i: usize) -> SamplingSource {
        let fallback = &self.origin.fallback;
        let scratch = self.origin.scratch;
        self.origin.plan.map_or(fallback.source, |plan| {
            plan.sampling_source(scratch.origin(i), scratch, fallback)
        })
    }

    /// Which element gives `octets`: 1, else 85, 23, 231, 352.
    pub fn octets_element(&self) -> Option<InformationElementId> {
        match self.origin.plan {
            Some(plan) => plan.counter_elements().0,
            None => Some(ie::OCTET_DELTA_COUNT),
        }
    }

    /// Which element gives `packets`: 2, else 86, 24, 298.
    pub fn packets_element(&self) -> Option<InformationElementId> {
        match self.origin.plan {
            Some(plan) => plan.counter_elements().1,
            None => Some(ie::PACKET_DELTA_COUNT),
        }
    }

    /// What turns fields of the records into names and values.
    pub const fn renderer(&self) -> Renderer<'_> {
        Renderer::new(self.header.version, self.session.templates)
    }

    /// The fields of a Template of the same session: what lists of records refer to (RFC 6313).
    pub fn template_fields(&self, id: TemplateId) -> Option<&[FieldSpecifier]> {
        Some(self.session.templates.get(id)?.layout.fields())
    }
}
