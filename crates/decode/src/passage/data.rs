//! Data records: batches of Flow Records, and what waits for its Template.

use alloc::boxed::Box;

use flowlog_record::FlowRecord;
use flowlog_wire::{Set, TemplateId};

use super::{Passage, fallback, moment};
use crate::batch::{Batch, Origin, SessionView};
use crate::layout::Layout;
use crate::netflow5;
use crate::park::ParkedSet;
use crate::plan::{Filled, Frame};
use crate::session::Session;
use crate::template::DataKind;
use crate::visitor::{SetKind, Visitor};

/// Octets of padding that a Set of a suspect Template may have (aggregation §3).
const SUSPECT_PADDING: usize = 3;

/// The octets behind the header of a data Set.
#[derive(Clone, Copy)]
pub(super) struct Body<'a> {
    pub(super) id: TemplateId,
    /// Where they begin, in octets from the start of the datagram.
    pub(super) offset: usize,
    pub(super) octets: &'a [u8],
}

impl<V: Visitor> Passage<'_, V> {
    /// A data Set of the datagram.
    pub(super) fn data_set(&mut self, id: TemplateId, set: &Set<'_>) {
        let body = Body {
            id,
            offset: set.body_offset(),
            octets: set.body,
        };
        let kind = self.kind(&body);
        self.set_event(set, kind);
        if kind == SetKind::DataWithoutTemplate {
            self.exporter.stats.sets_without_template += 1;
            self.tally.units = None;
            self.park(&body);
            return;
        }
        let records = self.data(kind, &body);
        self.tally.count_units(records);
    }

    /// Decodes the parked Sets of a Template that was announced.
    pub(super) fn unpark(&mut self, id: TemplateId) {
        if self.session.parked.is_empty() {
            return;
        }
        let (header, shift) = (self.header, self.exporter.shift);
        for parked in self.session.parked.take(id) {
            self.header = parked.header;
            self.exporter.shift = parked.shift;
            self.tally.parked_cost -= parked.cost();
            self.tally.decoded.sets.parked -= 1;
            let body = Body {
                id,
                offset: parked.offset,
                octets: &parked.body,
            };
            let kind = self.kind(&body);
            self.data(kind, &body);
        }
        self.header = header;
        self.exporter.shift = shift;
    }

    /// The records of V5, which lie behind each other.
    pub(super) fn netflow5(&mut self, octets: &[u8]) {
        let mut read = 0;
        while let Some(rest) = octets.get(read..)
            && !rest.is_empty()
        {
            let count = self.netflow5_batch(rest, netflow5::HEADER_LENGTH + read);
            if count == 0 {
                break;
            }
            read += count * netflow5::RECORD_LENGTH;
            self.count_flows(count, count);
            self.tally.count_units(count);
        }
    }

    /// What a data Set is, in the light of the Templates known.
    fn kind(&mut self, body: &Body<'_>) -> SetKind {
        let Some(template) = self.session.templates.get_mut(body.id) else {
            return SetKind::DataWithoutTemplate;
        };
        if template.is_suspect && !fits(&template.layout, body.octets) {
            return SetKind::DataWithoutTemplate;
        }
        template.used = self.now;
        match template.data {
            DataKind::Flows(_) => SetKind::Data,
            DataKind::Options { .. } => SetKind::OptionsData,
        }
    }

    /// Decodes a data Set; returns how many records it had.
    fn data(&mut self, kind: SetKind, body: &Body<'_>) -> usize {
        let before = self.tally.error;
        let records = match kind {
            SetKind::OptionsData => self.options(body),
            _ => self.flows(body),
        };
        let sets = &mut self.tally.decoded.sets;
        if records == 0 && self.tally.error != before {
            sets.skipped += 1;
        } else {
            sets.decoded += 1;
        }
        records
    }

    fn flows(&mut self, body: &Body<'_>) -> usize {
        let (mut read, mut records) = (0, 0);
        while let Some(filled) = self.flow_batch(body, read) {
            read += filled.octets;
            records += filled.data_records;
            self.count_flows(filled.data_records, filled.flow_records);
            if filled.overruns {
                self.record_past_end(body.offset + read);
                break;
            }
        }
        records
    }

    /// The next batch of a Set of which so many octets are read; `None` behind the last record.
    fn flow_batch(&mut self, body: &Body<'_>, read: usize) -> Option<Filled> {
        let Session {
            templates,
            rates,
            boot,
            learned_boot,
            profile,
            ..
        } = &mut *self.session;
        let template = templates.get(body.id)?;
        let DataKind::Flows(plan) = &template.data else {
            return None;
        };
        let octets = body.octets.get(read..)?;
        if octets.len() < template.layout.shortest() {
            return None;
        }
        let frame = Frame {
            moment: moment(&self.header, *boot),
            fallback: fallback(&self.header, profile, rates),
        };
        let buffers = &mut *self.buffers;
        let filled = plan.fill(octets, &frame, &mut buffers.scratch, &mut buffers.records);
        let records = buffers.records.get_mut(..filled.flow_records)?;
        if !records.is_empty() {
            self.visitor.records(&mut Batch {
                exporter: &mut *self.exporter,
                header: &self.header,
                records,
                origin: Origin {
                    set: Some(body.id.get()),
                    layout: &template.layout,
                    plan: Some(plan),
                    octets,
                    offset: body.offset + read,
                    scratch: &buffers.scratch,
                    fallback: frame.fallback,
                },
                session: SessionView {
                    templates,
                    profile,
                    boot: learned_boot,
                },
            });
        }
        Some(filled)
    }

    /// The next batch of V5 records; returns how many it has.
    fn netflow5_batch(&mut self, octets: &[u8], offset: usize) -> usize {
        let Session {
            templates,
            rates,
            learned_boot,
            profile,
            ..
        } = &mut *self.session;
        let fallback = fallback(&self.header, profile, rates);
        let prototype = FlowRecord {
            sampling: fallback.rate,
            ..netflow5::PROTOTYPE
        };
        let buffers = &mut *self.buffers;
        buffers.scratch.clear();
        let moment = moment(&self.header, None);
        let count = netflow5::fill(octets, &moment, &prototype, &mut buffers.records);
        let Some(records) = buffers.records.get_mut(..count) else {
            return 0;
        };
        self.visitor.records(&mut Batch {
            exporter: &mut *self.exporter,
            header: &self.header,
            records,
            origin: Origin {
                set: None,
                layout: &buffers.netflow5,
                plan: None,
                octets,
                offset,
                scratch: &buffers.scratch,
                fallback,
            },
            session: SessionView {
                templates,
                profile,
                boot: learned_boot,
            },
        });
        count
    }

    fn count_flows(&mut self, data_records: usize, flow_records: usize) {
        let decoded = &mut self.tally.decoded;
        decoded.flows += u64::try_from(data_records).unwrap_or_default();
        decoded.flow_records += u64::try_from(flow_records).unwrap_or_default();
    }

    /// Keeps a Set until its Template comes, if there is room.
    fn park(&mut self, body: &Body<'_>) {
        let set = ParkedSet {
            id: body.id.get(),
            header: self.header,
            shift: self.exporter.shift,
            offset: body.offset,
            body: Box::default(),
        };
        let cost = set.cost() + body.octets.len();
        let limit = self.tally.parked_limit;
        if self.settings.park && self.tally.parked_cost + cost > limit {
            self.expire_parked();
        }
        if !self.settings.park || self.tally.parked_cost + cost > limit {
            self.tally.decoded.sets.skipped += 1;
            return;
        }
        self.tally.parked_cost += cost;
        self.tally.decoded.sets.parked += 1;
        self.session.parked.push(ParkedSet {
            body: body.octets.into(),
            ..set
        });
    }

    fn expire_parked(&mut self) {
        let oldest = self.header.at.plus(-self.settings.limits.parked_millis);
        let expired = self.session.parked.expire(oldest);
        self.tally.parked_cost -= expired.octets;
        self.tally.expire(expired.sets);
    }
}

/// Whether octets are whole records of a layout, but for a little padding.
fn fits(layout: &Layout, octets: &[u8]) -> bool {
    let mut rest = octets;
    if let Some(stride) = layout.stride() {
        return rest.len() % stride <= SUSPECT_PADDING;
    }
    while let Some(length) = layout.record_length(rest) {
        rest = rest.get(length..).unwrap_or_default();
    }
    rest.len() <= SUSPECT_PADDING
}
