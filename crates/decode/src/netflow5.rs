//! NetFlow V5: records of one known layout, decoded without a plan.

use flowlog_record::{Address, EnterpriseNumber, Fields, FlowRecord, InformationElementId};
use flowlog_wire::FieldSpecifier;

use crate::elements as ie;
use crate::moment::{Moment, Uptimes};

/// Octets of the header.
pub(crate) const HEADER_LENGTH: usize = flowlog_wire::netflow5::HEADER_LENGTH;
/// Octets of a record.
pub(crate) const RECORD_LENGTH: usize = flowlog_wire::netflow5::RECORD_LENGTH;

/// What every V5 record has.
const FIELDS: Fields = Fields::SOURCE
    .union(Fields::DESTINATION)
    .union(Fields::SOURCE_PORT)
    .union(Fields::DESTINATION_PORT)
    .union(Fields::PROTOCOL)
    .union(Fields::TOS)
    .union(Fields::TCP_FLAGS)
    .union(Fields::INGRESS_INTERFACE)
    .union(Fields::EGRESS_INTERFACE)
    .union(Fields::OCTETS)
    .union(Fields::PACKETS)
    .union(Fields::START)
    .union(Fields::END);

/// A V5 record as a Template would describe it: what the cold paths and `inspect` go by.
pub(crate) static TEMPLATE: [FieldSpecifier; 20] = [
    field(ie::SOURCE_IPV4_ADDRESS, 4),
    field(ie::DESTINATION_IPV4_ADDRESS, 4),
    field(ie::IP_NEXT_HOP_IPV4_ADDRESS, 4),
    field(ie::INGRESS_INTERFACE, 2),
    field(ie::EGRESS_INTERFACE, 2),
    field(ie::PACKET_DELTA_COUNT, 4),
    field(ie::OCTET_DELTA_COUNT, 4),
    field(ie::FLOW_START_SYS_UP_TIME, 4),
    field(ie::FLOW_END_SYS_UP_TIME, 4),
    field(ie::SOURCE_TRANSPORT_PORT, 2),
    field(ie::DESTINATION_TRANSPORT_PORT, 2),
    field(ie::PADDING_OCTETS, 1),
    field(ie::TCP_CONTROL_BITS, 1),
    field(ie::PROTOCOL_IDENTIFIER, 1),
    field(ie::IP_CLASS_OF_SERVICE, 1),
    field(ie::BGP_SOURCE_AS_NUMBER, 2),
    field(ie::BGP_DESTINATION_AS_NUMBER, 2),
    field(ie::SOURCE_IPV4_PREFIX_LENGTH, 1),
    field(ie::DESTINATION_IPV4_PREFIX_LENGTH, 1),
    field(ie::PADDING_OCTETS, 2),
];

const fn field(id: InformationElementId, length: u16) -> FieldSpecifier {
    FieldSpecifier {
        enterprise: EnterpriseNumber::IANA,
        id,
        length,
    }
}

/// Fills a batch from records that lie behind each other; returns how many there were.
pub(crate) fn fill(
    octets: &[u8],
    moment: &Moment,
    prototype: &FlowRecord,
    records: &mut [FlowRecord],
) -> usize {
    let (whole, _) = octets.as_chunks::<RECORD_LENGTH>();
    let uptimes = moment.uptimes();
    let prototype = *prototype;
    for (record, octets) in records.iter_mut().zip(whole) {
        *record = flow_record(octets, uptimes, &prototype);
    }
    whole.len().min(records.len())
}

/// What every record begins from.
pub(crate) const PROTOTYPE: FlowRecord = FlowRecord {
    fields: FIELDS,
    ..FlowRecord::EMPTY
};

#[inline]
fn flow_record(o: &[u8; RECORD_LENGTH], uptimes: Uptimes, prototype: &FlowRecord) -> FlowRecord {
    let long = |[a, b, c, d]: [u8; 4]| u32::from_be_bytes([a, b, c, d]);
    // Neighbours are read and written as one.
    let interfaces = long([o[12], o[13], o[14], o[15]]);
    let ports = long([o[32], o[33], o[34], o[35]])
        .rotate_left(16)
        .to_le_bytes();
    FlowRecord {
        source: Address::from_ipv4_octets([o[0], o[1], o[2], o[3]]),
        destination: Address::from_ipv4_octets([o[4], o[5], o[6], o[7]]),
        start: uptimes.at(long([o[24], o[25], o[26], o[27]])),
        end: uptimes.at(long([o[28], o[29], o[30], o[31]])),
        octets: u64::from(long([o[20], o[21], o[22], o[23]])),
        packets: u64::from(long([o[16], o[17], o[18], o[19]])),
        ingress_interface: interfaces >> 16,
        egress_interface: interfaces & 0xffff,
        source_port: u16::from_le_bytes([ports[0], ports[1]]),
        destination_port: u16::from_le_bytes([ports[2], ports[3]]),
        tcp_flags: u16::from(o[37]),
        protocol: o[38],
        tos: o[39],
        ..*prototype
    }
}
