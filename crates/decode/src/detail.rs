//! The fields of a record that no key and no counter needs.

use flowlog_record::{
    EnterpriseNumber, Fields, FlowDetail, FlowRecord, InformationElementId as Id,
};

use crate::batch::RawRecord;
use crate::elements as ie;
use crate::plan::{address, unsigned};

/// The details of a record and its data record.
pub(crate) fn of(record: &FlowRecord, raw: &RawRecord<'_>) -> FlowDetail {
    let is_ipv6 = record.fields.contains(Fields::IPV6);
    let (source_mask, destination_mask) = if is_ipv6 {
        (
            ie::SOURCE_IPV6_PREFIX_LENGTH,
            ie::DESTINATION_IPV6_PREFIX_LENGTH,
        )
    } else {
        (
            ie::SOURCE_IPV4_PREFIX_LENGTH,
            ie::DESTINATION_IPV4_PREFIX_LENGTH,
        )
    };
    let inner = Inner::of(raw);
    FlowDetail {
        next_hop: next_hop(record, raw).and_then(address),
        bgp_next_hop: bgp_next_hop(record, raw).and_then(address),
        source_as: integer(raw, ie::BGP_SOURCE_AS_NUMBER),
        destination_as: integer(raw, ie::BGP_DESTINATION_AS_NUMBER),
        source_mask: integer(raw, source_mask),
        destination_mask: integer(raw, destination_mask),
        vlan: integer(raw, ie::VLAN_ID).or_else(|| integer(raw, ie::DOT1Q_VLAN_ID)),
        inner_source: inner.source.and_then(address),
        inner_destination: inner.destination.and_then(address),
        inner_source_port: inner.second(raw, ie::SOURCE_TRANSPORT_PORT),
        inner_destination_port: inner.second(raw, ie::DESTINATION_TRANSPORT_PORT),
        inner_protocol: inner.second(raw, ie::PROTOCOL_IDENTIFIER),
        inner_tcp_flags: inner.second(raw, ie::TCP_CONTROL_BITS),
        inner_tos: inner.second(raw, ie::IP_CLASS_OF_SERVICE),
    }
}

/// The next hop: of the record's family, else of the other.
pub(crate) fn next_hop<'a>(record: &FlowRecord, raw: &RawRecord<'a>) -> Option<&'a [u8]> {
    let ids = [ie::IP_NEXT_HOP_IPV4_ADDRESS, ie::IP_NEXT_HOP_IPV6_ADDRESS];
    of_family(record, raw, ids)
}

/// The BGP next hop: of the record's family, else of the other.
pub(crate) fn bgp_next_hop<'a>(record: &FlowRecord, raw: &RawRecord<'a>) -> Option<&'a [u8]> {
    let ids = [ie::BGP_NEXT_HOP_IPV4_ADDRESS, ie::BGP_NEXT_HOP_IPV6_ADDRESS];
    of_family(record, raw, ids)
}

fn of_family<'a>(record: &FlowRecord, raw: &RawRecord<'a>, ids: [Id; 2]) -> Option<&'a [u8]> {
    let [ipv4, ipv6] = ids.map(|id| raw.element(EnterpriseNumber::IANA, id));
    let ipv4 = ipv4.filter(|octets| octets.len() == 4);
    let ipv6 = ipv6.filter(|octets| octets.len() == 16);
    if record.fields.contains(Fields::IPV6) {
        ipv6.or(ipv4)
    } else {
        ipv4.or(ipv6)
    }
}

/// The second pair of addresses of a record whose Template repeats elements of the key.
#[derive(Default)]
pub(crate) struct Inner<'a> {
    is_there: bool,
    pub(crate) source: Option<&'a [u8]>,
    pub(crate) destination: Option<&'a [u8]>,
}

impl<'a> Inner<'a> {
    pub(crate) fn of(raw: &RawRecord<'a>) -> Self {
        const REPEATED: [Id; 7] = [
            ie::SOURCE_IPV4_ADDRESS,
            ie::SOURCE_IPV6_ADDRESS,
            ie::DESTINATION_IPV4_ADDRESS,
            ie::DESTINATION_IPV6_ADDRESS,
            ie::SOURCE_TRANSPORT_PORT,
            ie::DESTINATION_TRANSPORT_PORT,
            ie::PROTOCOL_IDENTIFIER,
        ];
        let is_there = REPEATED.iter().any(|&id| nth(raw, &[id], 1).is_some());
        if !is_there {
            return Self::default();
        }
        // The second of either family; a header of which only one end is repeated shares the other.
        let second = |ids: &[Id]| nth(raw, ids, 1).or_else(|| nth(raw, ids, 0));
        Self {
            is_there,
            source: second(&[ie::SOURCE_IPV4_ADDRESS, ie::SOURCE_IPV6_ADDRESS]),
            destination: second(&[ie::DESTINATION_IPV4_ADDRESS, ie::DESTINATION_IPV6_ADDRESS]),
        }
    }

    fn second<T: TryFrom<u64>>(&self, raw: &RawRecord<'_>, id: Id) -> Option<T> {
        if !self.is_there {
            return None;
        }
        T::try_from(unsigned(nth(raw, &[id], 1)?)).ok()
    }
}

/// The n-th value of any of these elements.
fn nth<'a>(raw: &RawRecord<'a>, ids: &[Id], n: usize) -> Option<&'a [u8]> {
    raw.values()
        .filter(|(field, _)| field.enterprise == EnterpriseNumber::IANA && ids.contains(&field.id))
        .nth(n)
        .map(|(_, value)| value)
}

/// An integer of one to eight octets that fits.
fn integer<T: TryFrom<u64>>(raw: &RawRecord<'_>, id: Id) -> Option<T> {
    let octets = raw.element(EnterpriseNumber::IANA, id)?;
    if !matches!(octets.len(), 1..=8) {
        return None;
    }
    T::try_from(unsigned(octets)).ok()
}
