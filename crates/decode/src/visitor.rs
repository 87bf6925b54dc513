//! What a datagram is told to whoever looks at it.

use core::net::IpAddr;

use flowlog_record::{ExporterProfile, ObservationDomain, Timestamp};
use flowlog_wire::{FieldSpecifier, FieldSpecifiers, Malformed, Problem, TemplateId};

use crate::batch::Batch;
use crate::exporter::Exporter;
use crate::header::Header;
use crate::layout::Values;
use crate::sampling::KnownRates;
use crate::template::Templates;
use crate::value::Renderer;

/// Sees a datagram as it is decoded, in the order of its octets.
///
/// All methods but [`records`](Self::records) do nothing by default, and a decoder is compiled
/// for each visitor: what is not looked at costs nothing.
pub trait Visitor {
    /// What the inventory says of an Exporter: asked when a session is first seen, and again
    /// after [`crate::Decoder::profiles_changed`].
    fn profile(&mut self, _exporter: IpAddr, _domain: ObservationDomain) -> ExporterProfile {
        ExporterProfile::default()
    }

    /// The header of a datagram that is going to be decoded, and who sent it.
    fn header(&mut self, _exporter: &Exporter, _header: &Header) {}

    /// The Exporter has restarted: totals begin anew with what arrived at `since` and later.
    fn restart(&mut self, _exporter: &Exporter, _domain: ObservationDomain, _since: Timestamp) {}

    /// A Set, before what is in it.
    fn set(&mut self, _set: SetEvent) {}

    /// A Template Record or Options Template Record; re-sent ones too.
    fn template(&mut self, _template: &TemplateEvent<'_>) {}

    /// A withdrawal.
    fn withdrawal(&mut self, _withdrawal: Withdrawal) {}

    /// Flow Records, at most [`crate::BATCH`] at a time.
    fn records(&mut self, batch: &mut Batch<'_>);

    /// A data record of an Options Template.
    fn options(&mut self, _record: &OptionsRecord<'_>) {}

    /// Options data have told a sampling rate: what is known now in this Observation Domain.
    fn rates(&mut self, _exporter: &Exporter, _domain: ObservationDomain, _rates: KnownRates<'_>) {}

    /// Something is wrong; what is sound is decoded all the same.
    fn malformed(&mut self, _malformed: Malformed) {}
}

/// A Set that fits its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetEvent {
    /// Set ID.
    pub id: u16,
    /// Where it begins, in octets from the start of the datagram.
    pub offset: usize,
    /// Octets with its header.
    pub length: u16,
    /// What is in it.
    pub kind: SetKind,
}

/// What is in a Set, in the light of the Templates known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SetKind {
    /// Template Records.
    Template,
    /// Options Template Records.
    OptionsTemplate,
    /// Data records of a Template.
    Data,
    /// Data records of an Options Template.
    OptionsData,
    /// Data records of a Template that is not known, or not trusted after a restart.
    DataWithoutTemplate,
    /// Nothing that is defined.
    Reserved,
}

impl SetKind {
    /// The word that `inspect` prints.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Template => "template",
            Self::OptionsTemplate => "options_template",
            Self::Data => "data",
            Self::OptionsData => "options_data",
            Self::DataWithoutTemplate => "data_without_template",
            Self::Reserved => "reserved",
        }
    }
}

/// A Template Record or Options Template Record.
#[derive(Clone, Copy, Debug)]
pub struct TemplateEvent<'a> {
    /// The Template.
    pub id: TemplateId,
    /// Where the record begins, in octets from the start of the datagram.
    pub offset: usize,
    /// The fields, scope fields first.
    pub fields: FieldSpecifiers<'a>,
    /// Whether it is an Options Template Record.
    pub is_options: bool,
    /// How many of the fields are scope fields.
    pub scope_field_count: u16,
    /// What it means to the Templates known.
    pub change: TemplateChange,
}

/// What a Template Record means to the Templates known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TemplateChange {
    /// There was none with that ID.
    New,
    /// The same as before.
    Repeated,
    /// Another meaning than before.
    Redefined,
    /// It cannot be used; one with that ID is forgotten.
    Refused(Problem),
}

/// A withdrawal (RFC 7011 §8.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Withdrawal {
    /// Of one Template.
    One(TemplateId),
    /// Of all Templates of the Observation Domain.
    AllTemplates,
    /// Of all Options Templates of the Observation Domain.
    AllOptionsTemplates,
}

/// A data record of an Options Template.
#[derive(Clone, Copy, Debug)]
pub struct OptionsRecord<'a> {
    /// The header of its datagram.
    pub header: &'a Header,
    /// The ID of its Set.
    pub set: u16,
    /// Where it begins, in octets from the start of the datagram.
    pub offset: usize,
    /// Its octets.
    pub octets: &'a [u8],
    /// The fields of the Options Template, scope fields first.
    pub fields: &'a [FieldSpecifier],
    /// How many of the fields are scope fields. In V9 their ids are scope types, not elements.
    pub scope_field_count: u16,
    pub(crate) templates: &'a Templates,
}

impl<'a> OptionsRecord<'a> {
    /// What turns fields of the record into names and values.
    pub const fn renderer(&self) -> Renderer<'a> {
        Renderer::new(self.header.version, self.templates)
    }

    /// The scope fields and their values.
    pub fn scope(&self) -> impl Iterator<Item = (FieldSpecifier, &'a [u8])> + use<'a> {
        self.values().take(usize::from(self.scope_field_count))
    }

    /// The other fields and their values.
    pub fn options(&self) -> impl Iterator<Item = (FieldSpecifier, &'a [u8])> + use<'a> {
        self.values().skip(usize::from(self.scope_field_count))
    }

    fn values(&self) -> Values<'a> {
        Values::new(self.fields, self.octets)
    }
}
