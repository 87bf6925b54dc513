//! One datagram on its way through the decoder.

mod data;
mod options;

use alloc::boxed::Box;
use alloc::vec;

use flowlog_record::{ExporterProfile, FlowRecord, Sampling, Timestamp, Version};
use flowlog_wire::{
    Malformed, Problem, Set, SetKind as WireKind, Sets, TemplateId, TemplateRecord,
};

use crate::exporter::Exporter;
use crate::header::{Header, Message};
use crate::layout::Layout;
use crate::moment::Moment;
use crate::outcome::{Decoded, Outcome};
use crate::plan::{BATCH, Scratch};
use crate::sampling::{Fallback, Rates, SamplingSource};
use crate::sequence::Step;
use crate::session::Session;
use crate::settings::Settings;
use crate::template::{Announcement, DataKind};
use crate::visitor::{SetEvent, SetKind, TemplateChange, TemplateEvent, Visitor, Withdrawal};

/// Room that is used again for every datagram.
#[derive(Debug)]
pub(crate) struct Buffers {
    pub(crate) records: Box<[FlowRecord]>,
    pub(crate) scratch: Scratch,
    /// V5, as a Template would describe it.
    pub(crate) netflow5: Layout,
}

/// A datagram, and everything that it touches.
pub(crate) struct Passage<'a, V> {
    /// Its header; while Sets that were parked are decoded, that of theirs.
    pub(crate) header: Header,
    pub(crate) exporter: &'a mut Exporter,
    pub(crate) session: &'a mut Session,
    pub(crate) visitor: &'a mut V,
    pub(crate) buffers: &'a mut Buffers,
    pub(crate) settings: &'a Settings,
    /// The number of the datagram in this decoder.
    pub(crate) now: u64,
    pub(crate) tally: &'a mut Tally,
}

/// What has become of the datagram so far.
#[derive(Debug)]
pub(crate) struct Tally {
    decoded: Decoded,
    error: Option<Malformed>,
    /// Data records, for the sequence of IPFIX; `None` when they could not be counted.
    units: Option<u32>,
    /// What the parked Sets of the Exporter cost, and what they may.
    pub(crate) parked_cost: usize,
    pub(crate) parked_limit: usize,
    /// It gave something to remember.
    pub(crate) has_grown: bool,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            decoded: Decoded::new(Outcome::Accepted {
                partly_malformed: false,
            }),
            error: None,
            units: Some(0),
            parked_cost: 0,
            parked_limit: 0,
            has_grown: false,
        }
    }
}

impl Tally {
    /// Parked Sets that are given up.
    pub(crate) fn expire(&mut self, sets: usize) {
        self.decoded.sets.expired += u64::try_from(sets).unwrap_or_default();
        self.decoded.sets.parked -= i64::try_from(sets).unwrap_or_default();
    }

    pub(crate) fn duplicate(&mut self) -> Decoded {
        self.decoded.outcome = Outcome::Duplicate;
        self.decoded
    }

    /// The outcome: a datagram of which nothing was of use is malformed.
    pub(crate) fn decoded(&mut self) -> Decoded {
        let sets = &self.decoded.sets;
        let is_of_use = sets.decoded > 0 || sets.parked > 0 || self.decoded.flows > 0;
        self.decoded.outcome = match self.error {
            Some(malformed) if !is_of_use => Outcome::Malformed(malformed),
            error => Outcome::Accepted {
                partly_malformed: error.is_some(),
            },
        };
        self.decoded
    }

    fn count_units(&mut self, units: usize) {
        let units = u32::try_from(units).unwrap_or(u32::MAX);
        self.units = self.units.map(|sum| sum.saturating_add(units));
    }
}

impl Buffers {
    pub(crate) fn new() -> Self {
        Self {
            records: vec![FlowRecord::EMPTY; BATCH].into_boxed_slice(),
            scratch: Scratch::new(),
            netflow5: Layout::of_netflow5(),
        }
    }
}

impl<V: Visitor> Passage<'_, V> {
    /// What is behind the header.
    pub(crate) fn message(&mut self, message: &Message<'_>) {
        if let Some(malformed) = message.error() {
            self.malformed(malformed);
            self.tally.units = None;
        }
        match message {
            Message::V5(message) => self.netflow5(message.record_octets()),
            Message::V9(message) => self.sets(message.sets()),
            Message::Ipfix(message) => self.sets(message.sets()),
        }
    }

    /// Enters the sequence number and the counts of the Exporter.
    pub(crate) fn account(&mut self) {
        let (session, stats) = (&mut *self.session, &mut self.exporter.stats);
        let decoded = &mut self.tally.decoded;
        stats.malformed += u64::from(self.tally.error.is_some());
        stats.flows += decoded.flows;
        stats.options += decoded.options;
        stats.templates += decoded.templates;
        stats.withdrawals += decoded.withdrawals;
        stats.skipped_sets += decoded.sets.skipped;
        let units = match self.header.version {
            Version::V9 => Some(1),
            Version::V5 | Version::Ipfix => self.tally.units,
        };
        match session.sequence.observe(self.header.sequence, units) {
            Step::Next => {}
            Step::Gap(missed) => {
                let records = records_in(session, &self.header, missed);
                stats.gaps += 1;
                stats.missed += u64::from(missed);
                stats.missed_records += records;
                decoded.missed = missed.into();
                decoded.missed_records = records;
            }
            Step::Late(filled) => {
                stats.reordered += 1;
                stats.missed = stats.missed.saturating_sub(u64::from(filled));
                decoded.found = filled.into();
                decoded.found_records = records_in(session, &self.header, filled);
            }
            Step::Restart => stats.sequence_restarts += 1,
        }
        session.datagrams += 1;
        session.records += decoded.flows + decoded.options;
    }

    fn sets(&mut self, sets: Sets<'_>) {
        for set in sets {
            match set {
                Ok(set) => self.set(&set),
                Err(malformed) => {
                    self.malformed(malformed);
                    self.tally.units = None;
                }
            }
        }
    }

    fn set(&mut self, set: &Set<'_>) {
        self.tally.decoded.sets.received += 1;
        match set.kind(self.header.version) {
            WireKind::Template => self.templates(set, SetKind::Template),
            WireKind::OptionsTemplate => self.templates(set, SetKind::OptionsTemplate),
            WireKind::Data(id) => self.data_set(id, set),
            WireKind::Reserved => {
                self.set_event(set, SetKind::Reserved);
                if let Some(malformed) = set.error(self.header.version) {
                    self.malformed(malformed);
                }
                self.tally.decoded.sets.skipped += 1;
            }
        }
    }

    /// A Template Set: counted as decoded unless nothing in it was of use.
    fn templates(&mut self, set: &Set<'_>, kind: SetKind) {
        let version = self.header.version;
        self.set_event(set, kind);
        let (mut is_of_use, mut is_broken) = (false, false);
        if set.withdraws_all(version) {
            self.withdraw_all(kind);
            is_of_use = true;
        }
        for record in set.templates(version) {
            let taken = match record {
                Ok(record) if record.is_withdrawal => {
                    self.withdraw(record.id);
                    true
                }
                Ok(record) => self.announce(&record, kind),
                Err(malformed) => {
                    self.malformed(malformed);
                    false
                }
            };
            is_of_use |= taken;
            is_broken |= !taken;
        }
        let sets = &mut self.tally.decoded.sets;
        if is_broken && !is_of_use {
            sets.skipped += 1;
        } else {
            sets.decoded += 1;
        }
    }

    /// A Template Record; whether the Template can be used.
    fn announce(&mut self, record: &TemplateRecord<'_>, kind: SetKind) -> bool {
        let is_options = kind == SetKind::OptionsTemplate;
        let announced = Announcement {
            id: record.id,
            fields: record.fields,
            scope_field_count: is_options.then_some(record.scope_field_count),
        };
        let version = self.header.version;
        let change = self
            .session
            .templates
            .announce(version, &announced, self.now);
        self.tally.decoded.templates += 1;
        self.visitor.template(&TemplateEvent {
            id: record.id,
            offset: record.offset,
            fields: record.fields,
            is_options,
            scope_field_count: record.scope_field_count,
            change,
        });
        self.tally.has_grown |= change != TemplateChange::Repeated;
        self.exporter.stats.redefinitions += u64::from(change == TemplateChange::Redefined);
        if let TemplateChange::Refused(problem) = change {
            let offset = record.offset;
            self.malformed(Malformed { offset, problem });
            return false;
        }
        self.unpark(record.id);
        true
    }

    fn withdraw(&mut self, id: TemplateId) {
        self.session.templates.remove(id);
        self.tally.has_grown = true;
        self.tally.decoded.withdrawals += 1;
        self.visitor.withdrawal(Withdrawal::One(id));
    }

    fn withdraw_all(&mut self, kind: SetKind) {
        let options = kind == SetKind::OptionsTemplate;
        self.session
            .templates
            .remove_where(|template| matches!(template.data, DataKind::Options { .. }) == options);
        self.tally.has_grown = true;
        self.tally.decoded.withdrawals += 1;
        self.visitor.withdrawal(if options {
            Withdrawal::AllOptionsTemplates
        } else {
            Withdrawal::AllTemplates
        });
    }

    fn set_event(&mut self, set: &Set<'_>, kind: SetKind) {
        self.visitor.set(SetEvent {
            id: set.id,
            offset: set.offset,
            length: set.length,
            kind,
        });
    }

    fn malformed(&mut self, malformed: Malformed) {
        self.tally.error.get_or_insert(malformed);
        self.visitor.malformed(malformed);
    }

    fn record_past_end(&mut self, offset: usize) {
        self.tally.units = None;
        self.malformed(Malformed {
            offset,
            problem: Problem::RecordPastEnd,
        });
    }
}

/// What so many units of the sequence number may have held: data records.
fn records_in(session: &Session, header: &Header, units: u32) -> u64 {
    match header.version {
        Version::V9 => session.records_in(units),
        Version::V5 | Version::Ipfix => u64::from(units),
    }
}

/// The clocks of a header.
fn moment(header: &Header, boot: Option<Timestamp>) -> Moment {
    Moment {
        export: header.export_time,
        uptime: header.uptime.unwrap_or_default(),
        boot,
    }
}

/// What records without a rate of their own fall back to (aggregation §5).
fn fallback<'a>(header: &Header, profile: &ExporterProfile, rates: &'a Rates) -> Fallback<'a> {
    let stated = profile.sampling;
    if let Some(stated) = stated.filter(|stated| stated.force) {
        return Fallback {
            rates: None,
            rate: stated.sampling,
            source: SamplingSource::Forced,
        };
    }
    let interval = header
        .sampling_parts()
        .map(|(_, interval)| u64::from(interval));
    let (rate, source) = if let Some(rate) = rates.only() {
        (rate, SamplingSource::Options)
    } else if let Some(rate) = interval.and_then(Sampling::one_in) {
        (rate, SamplingSource::Header)
    } else if let Some(stated) = stated {
        (stated.sampling, SamplingSource::Stated)
    } else {
        (Sampling::UNKNOWN, SamplingSource::Unknown)
    };
    Fallback {
        rates: Some(rates),
        rate,
        source,
    }
}
