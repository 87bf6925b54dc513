//! The fields of records and options data, in one place for Templates and values.
//!
//! A record is described by naming its fields with their values; who takes the names has the
//! Template, who takes the values has the record. They cannot differ.

use core::net::IpAddr;

use flowlog_record::{Action, Direction, EnterpriseNumber, InformationElementId};
use flowlog_wire::FieldSpecifier;

use crate::elements as ie;
use crate::record::Record;
use crate::settings::Carries;

/// Forwarding status (element 89, RFC 7270 §4.12): forwarded and dropped, both for an unknown reason.
const FORWARDED: u8 = 64;
const DROPPED: u8 = 128;
/// Algorithm 1 (elements 35, 304): every nth packet.
const SYSTEMATIC: u8 = 1;
/// The only selector: the one that took every packet.
const SELECTOR: u64 = 1;

/// Takes fields.
pub(crate) trait Fields {
    fn field<const N: usize>(&mut self, element: InformationElementId, value: [u8; N]);
}

/// First and last time as the version says them.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Times {
    /// V9: `SysUptime`.
    Uptime(u32, u32),
    /// IPFIX: milliseconds of the epoch.
    Epoch(u64, u64),
}

/// The fields of a Flow Record.
#[inline]
pub(crate) fn flow(record: &Record, times: Times, carries: Carries, out: &mut impl Fields) {
    match record.source {
        Some(IpAddr::V4(source)) => out.field(ie::SOURCE_IPV4_ADDRESS, source.octets()),
        Some(IpAddr::V6(source)) => out.field(ie::SOURCE_IPV6_ADDRESS, source.octets()),
        None => {}
    }
    match record.destination {
        Some(IpAddr::V4(to)) => out.field(ie::DESTINATION_IPV4_ADDRESS, to.octets()),
        Some(IpAddr::V6(to)) => out.field(ie::DESTINATION_IPV6_ADDRESS, to.octets()),
        None => {}
    }
    let port = u16::to_be_bytes;
    out.field(ie::SOURCE_TRANSPORT_PORT, port(record.source_port));
    out.field(
        ie::DESTINATION_TRANSPORT_PORT,
        port(record.destination_port),
    );
    out.field(ie::PROTOCOL_IDENTIFIER, [record.protocol]);
    out.field(ie::PACKET_DELTA_COUNT, record.packets.to_be_bytes());
    out.field(ie::OCTET_DELTA_COUNT, record.octets.to_be_bytes());
    match times {
        Times::Uptime(first, last) => {
            out.field(ie::FLOW_START_SYS_UP_TIME, first.to_be_bytes());
            out.field(ie::FLOW_END_SYS_UP_TIME, last.to_be_bytes());
        }
        Times::Epoch(first, last) => {
            out.field(ie::FLOW_START_MILLISECONDS, first.to_be_bytes());
            out.field(ie::FLOW_END_MILLISECONDS, last.to_be_bytes());
        }
    }
    optional(record, carries, out);
    match record.direction {
        Direction::Unknown => {}
        Direction::In => out.field(ie::FLOW_DIRECTION, [0]),
        Direction::Out => out.field(ie::FLOW_DIRECTION, [1]),
    }
    match record.exporter {
        IpAddr::V4(exporter) => out.field(ie::EXPORTER_IPV4_ADDRESS, exporter.octets()),
        IpAddr::V6(exporter) => out.field(ie::EXPORTER_IPV6_ADDRESS, exporter.octets()),
    }
}

#[inline]
fn optional(record: &Record, carries: Carries, out: &mut impl Fields) {
    if carries.contains(Carries::TCP_FLAGS) {
        let [_, flags] = record.tcp_flags.to_be_bytes();
        out.field(ie::TCP_CONTROL_BITS, [flags]);
    }
    if carries.contains(Carries::TOS) {
        out.field(ie::IP_CLASS_OF_SERVICE, [record.tos]);
    }
    if carries.contains(Carries::INTERFACES) {
        out.field(
            ie::INGRESS_INTERFACE,
            record.ingress_interface.to_be_bytes(),
        );
        out.field(ie::EGRESS_INTERFACE, record.egress_interface.to_be_bytes());
    }
    if carries.contains(Carries::AS_NUMBERS) {
        out.field(ie::BGP_SOURCE_AS_NUMBER, record.source_as.to_be_bytes());
        out.field(
            ie::BGP_DESTINATION_AS_NUMBER,
            record.destination_as.to_be_bytes(),
        );
    }
    if carries.contains(Carries::ACTION) {
        let status = match record.action {
            Action::Accept => FORWARDED,
            Action::Reject => DROPPED,
        };
        out.field(ie::FORWARDING_STATUS, [status]);
    }
}

/// The options data of V9: sampling of 1 in 1; the first field is the scope.
pub(crate) fn netflow9_options(domain: u32, out: &mut impl Fields) {
    out.field(ie::SCOPE_SYSTEM, domain.to_be_bytes());
    out.field(ie::SAMPLING_INTERVAL, 1_u32.to_be_bytes());
    out.field(ie::SAMPLING_ALGORITHM, [SYSTEMATIC]);
}

/// The options data of IPFIX: one packet taken, none left out; the first field is the scope.
pub(crate) fn ipfix_options(domain: u32, out: &mut impl Fields) {
    out.field(ie::OBSERVATION_DOMAIN_ID, domain.to_be_bytes());
    out.field(ie::SELECTOR_ID, SELECTOR.to_be_bytes());
    out.field(ie::SELECTOR_ALGORITHM, u16::from(SYSTEMATIC).to_be_bytes());
    out.field(ie::SAMPLING_PACKET_INTERVAL, 1_u32.to_be_bytes());
    out.field(ie::SAMPLING_PACKET_SPACE, 0_u32.to_be_bytes());
}

/// Fields as a Template has them.
#[derive(Clone, Debug)]
pub(crate) struct Specifiers {
    fields: [FieldSpecifier; 20],
    count: usize,
}

impl Specifiers {
    pub(crate) const fn new() -> Self {
        let none = FieldSpecifier {
            enterprise: EnterpriseNumber::IANA,
            id: InformationElementId(0),
            length: 0,
        };
        Self {
            fields: [none; 20],
            count: 0,
        }
    }

    pub(crate) fn as_slice(&self) -> &[FieldSpecifier] {
        self.fields.get(..self.count).unwrap_or(&self.fields)
    }
}

impl Fields for Specifiers {
    fn field<const N: usize>(&mut self, element: InformationElementId, _value: [u8; N]) {
        if let Some(field) = self.fields.get_mut(self.count) {
            field.id = element;
            field.length = u16::try_from(N).unwrap_or_default();
            self.count += 1;
        }
    }
}

/// Values as a record has them.
#[derive(Clone, Debug)]
pub(crate) struct Octets {
    octets: [u8; 128],
    length: usize,
}

impl Octets {
    pub(crate) const fn new() -> Self {
        Self {
            octets: [0; 128],
            length: 0,
        }
    }

    pub(crate) const fn clear(&mut self) {
        self.length = 0;
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        self.octets.get(..self.length).unwrap_or(&self.octets)
    }
}

impl Fields for Octets {
    #[inline]
    fn field<const N: usize>(&mut self, _element: InformationElementId, value: [u8; N]) {
        let rest = self.octets.get_mut(self.length..);
        if let Some(place) = rest.and_then(|rest| rest.first_chunk_mut()) {
            *place = value;
            self.length += N;
        }
    }
}

#[cfg(test)]
mod tests;
