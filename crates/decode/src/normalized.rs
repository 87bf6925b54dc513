//! A Flow Record as `inspect` prints it: the values that the plan decoded, before times are
//! settled and without the inventory.

use alloc::string::{String, ToString};
use core::net::{IpAddr, Ipv6Addr};

use flowlog_record::{
    Address, EnterpriseNumber, Fields, FlowDetail, FlowRecord, InformationElementId, Sampling,
    element,
};
use serde::{Serialize, Serializer};

use crate::batch::{Batch, RawRecord};
use crate::detail;
use crate::elements as ie;
use crate::plan::{address, unsigned};
use crate::sampling::SamplingSource;
use crate::value::Value;

/// The meaning of one data record; absent is unknown.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the names are those that `inspect` prints")]
pub struct Normalized {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub src: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dst: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inner: Option<Inner>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub src_port: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dst_port: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_ie: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub packets: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub packets_ie: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tcp_flags: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tos: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_if: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub out_if: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub src_as: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dst_as: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub src_mask: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dst_mask: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_hop: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bgp_next_hop: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vlan: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rev_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rev_packets: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "rate")]
    pub sampling: Option<Sampling>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sampling_from: Option<&'static str>,
}

/// The second header of an encapsulated flow.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names are those that `inspect` prints")]
pub struct Inner {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub src: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dst: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub src_port: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dst_port: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tcp_flags: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tos: Option<u8>,
}

impl Normalized {
    /// The meaning of record `i` of a batch, which must not be settled yet; `None` for a reverse
    /// half, whose counters stand in the forward one.
    pub fn of(batch: &Batch<'_>, i: usize) -> Option<Self> {
        let record = batch.records.get(i)?;
        if record.fields.contains(Fields::REVERSE) {
            return None;
        }
        let detail = batch.details(i);
        let source = batch.sampling_source(i);
        let is_known = record.sampling.is_known();
        Some(Self {
            sampling: is_known.then_some(record.sampling),
            sampling_from: (is_known && source == SamplingSource::Options).then_some("options"),
            bytes_ie: other_element(batch.octets_element(), ie::OCTET_DELTA_COUNT),
            packets_ie: other_element(batch.packets_element(), ie::PACKET_DELTA_COUNT),
            rev_bytes: reverse(batch, i, [ie::OCTET_DELTA_COUNT, ie::OCTET_TOTAL_COUNT]),
            rev_packets: reverse(batch, i, [ie::PACKET_DELTA_COUNT, ie::PACKET_TOTAL_COUNT]),
            ..Self::of_record(record).with_detail(&detail, record, &batch.raw(i)?)
        })
    }

    fn of_record(record: &FlowRecord) -> Self {
        let has = |field| record.fields.contains(field);
        let is_absolute = !has(Fields::SINCE_BOOT);
        Self {
            src: has(Fields::SOURCE).then(|| text(record.source, has(Fields::IPV6))),
            dst: has(Fields::DESTINATION).then(|| text(record.destination, has(Fields::IPV6))),
            src_port: has(Fields::SOURCE_PORT).then_some(record.source_port),
            dst_port: has(Fields::DESTINATION_PORT).then_some(record.destination_port),
            protocol: has(Fields::PROTOCOL).then_some(record.protocol),
            bytes: has(Fields::OCTETS).then_some(record.octets),
            packets: has(Fields::PACKETS).then_some(record.packets),
            tcp_flags: has(Fields::TCP_FLAGS).then_some(record.tcp_flags),
            tos: has(Fields::TOS).then_some(record.tos),
            in_if: has(Fields::INGRESS_INTERFACE).then_some(record.ingress_interface),
            out_if: has(Fields::EGRESS_INTERFACE).then_some(record.egress_interface),
            direction: has(Fields::DIRECTION).then_some(record.direction),
            start_ms: (is_absolute && has(Fields::START)).then_some(record.start.millis()),
            end_ms: (is_absolute && has(Fields::END)).then_some(record.end.millis()),
            event_ms: has(Fields::OBSERVED).then_some(record.observed.millis()),
            ..Self::default()
        }
    }

    fn with_detail(self, detail: &FlowDetail, record: &FlowRecord, raw: &RawRecord<'_>) -> Self {
        let second = detail::Inner::of(raw);
        let inner = Inner {
            src: second.source.and_then(address_text),
            dst: second.destination.and_then(address_text),
            src_port: detail.inner_source_port,
            dst_port: detail.inner_destination_port,
            protocol: detail.inner_protocol,
            tcp_flags: detail.inner_tcp_flags,
            tos: detail.inner_tos,
        };
        Self {
            inner: (inner != Inner::default()).then_some(inner),
            src_as: detail.source_as,
            dst_as: detail.destination_as,
            src_mask: detail.source_mask,
            dst_mask: detail.destination_mask,
            next_hop: detail::next_hop(record, raw).and_then(address_text),
            bgp_next_hop: detail::bgp_next_hop(record, raw).and_then(address_text),
            vlan: detail.vlan,
            ..self
        }
    }
}

fn text(address: Address, is_ipv6: bool) -> String {
    if is_ipv6 {
        ipv6_text(address.octets())
    } else {
        address.to_string()
    }
}

fn address_text(octets: &[u8]) -> Option<String> {
    match <[u8; 16]>::try_from(octets) {
        Ok(octets) => Some(ipv6_text(octets)),
        Err(_) => Some(address(octets)?.to_string()),
    }
}

fn ipv6_text(octets: [u8; 16]) -> String {
    Value::Address(IpAddr::V6(Ipv6Addr::from_octets(octets))).to_string()
}

/// The name of the element that gives a counter, if it is not the usual one.
fn other_element(
    id: Option<InformationElementId>,
    usual: InformationElementId,
) -> Option<&'static str> {
    let id = id.filter(|&id| id != usual)?;
    element(EnterpriseNumber::IANA, id).map(|element| element.name)
}

/// The first of two reverse elements (RFC 5103).
fn reverse(batch: &Batch<'_>, i: usize, ids: [InformationElementId; 2]) -> Option<u64> {
    ids.into_iter()
        .find_map(|id| batch.element(i, EnterpriseNumber::REVERSE, id))
        .filter(|octets| matches!(octets.len(), 1..=8))
        .map(unsigned)
}

/// A whole number where the rate is one.
#[expect(
    clippy::ref_option,
    reason = "serde calls it with a reference to the field"
)]
fn rate<S: Serializer>(rate: &Option<Sampling>, serializer: S) -> Result<S::Ok, S::Error> {
    let rate = rate.unwrap_or_default();
    if rate.denominator() == 1 {
        return serializer.serialize_u64(rate.numerator());
    }
    let half = |value: u64| f64::from(u32::try_from(value & 0xffff_ffff).unwrap_or_default());
    let numerator = half(rate.numerator() >> 32) * 4_294_967_296.0 + half(rate.numerator());
    serializer.serialize_f64(numerator / f64::from(rate.denominator()))
}
