//! Records as V5, V9 and IPFIX say them, and the Templates they are of.

use alloc::vec::Vec;
use core::net::IpAddr;

use flowlog_record::{EnterpriseNumber, InformationElementId, Version};
use flowlog_wire::emit::Netflow5Record;
use flowlog_wire::{FieldSpecifier, TemplateId};

use crate::clock::ExporterClock;
use crate::config::TimeEncoding;
use crate::flow::Metered;

/// AS numbers and prefix lengths say nothing here, but routers send them.
const SOURCE_AS: u16 = 64_500;
const DESTINATION_AS: u16 = 64_501;
const PREFIX: u8 = 24;
const PREFIX6: u8 = 64;
/// 10.0.0.254.
const NEXT_HOP: [u8; 4] = [10, 0, 0, 254];
/// The sampler of every record that was sampled.
pub(crate) const SAMPLER: u8 = 1;

/// Element and length, as in a Template.
type Field = (u16, u16);

const IPV4: &[Field] = &[(8, 4), (12, 4), (15, 4)];
const IPV6: &[Field] = &[(27, 16), (28, 16), (62, 16)];
const INTERFACES: &[Field] = &[(10, 4), (14, 4)];
const COUNTERS: &[Field] = &[(2, 4), (1, 4)];
const COUNTERS_64: &[Field] = &[(2, 8), (1, 8)];
const UPTIMES: &[Field] = &[(22, 4), (21, 4)];
const MILLISECONDS: &[Field] = &[(152, 8), (153, 8)];
const TRANSPORT: &[Field] = &[(7, 2), (11, 2), (6, 1), (4, 1), (5, 1), (16, 4), (17, 4)];
const PREFIXES: &[Field] = &[(9, 1), (13, 1)];
const PREFIXES6: &[Field] = &[(29, 1), (30, 1)];
const STATUS: &[Field] = &[(61, 1), (89, 1)];
const END_REASON: &[Field] = &[(136, 1)];
const SAMPLER_ID: &[Field] = &[(48, 1)];
const SELECTOR_ID: &[Field] = &[(302, 8)];

/// A Template and how its records are written.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub(crate) id: TemplateId,
    pub(crate) fields: Vec<FieldSpecifier>,
    /// Octets of a record.
    pub(crate) length: usize,
}

impl Layout {
    /// Of 20 fields for unsampled IPv4, one more in IPFIX (end reason), one more if sampled.
    pub(crate) fn new(version: Version, time: TimeEncoding, sampled: bool, is_ipv6: bool) -> Self {
        let is_ipfix = version == Version::Ipfix;
        let mut groups = twenty(
            is_ipfix && time == TimeEncoding::Milliseconds,
            is_ipfix,
            is_ipv6,
        );
        if is_ipfix {
            groups.push(END_REASON);
        }
        if sampled {
            groups.push(if is_ipfix { SELECTOR_ID } else { SAMPLER_ID });
        }
        Self::of(if is_ipv6 { TEMPLATE6 } else { TEMPLATE4 }, &groups)
    }

    /// Of exactly 20 fields.
    pub(crate) fn twenty(version: Version) -> Self {
        let is_ipfix = version == Version::Ipfix;
        Self::of(TEMPLATE4, &twenty(is_ipfix, is_ipfix, false))
    }

    fn of(id: TemplateId, groups: &[&[Field]]) -> Self {
        let fields: Vec<FieldSpecifier> = groups
            .iter()
            .flat_map(|group| group.iter().copied())
            .map(specifier)
            .collect();
        let length = fields.iter().map(|field| usize::from(field.length)).sum();
        Self { id, fields, length }
    }

    /// Appends the record.
    pub(crate) fn write(&self, metered: &Metered, clock: &ExporterClock, out: &mut Vec<u8>) {
        for field in &self.fields {
            let length = usize::from(field.length);
            match (field.id.0, metered.flow.source, metered.flow.destination) {
                (27, IpAddr::V6(source), _) => out.extend(source.octets()),
                (28, _, IpAddr::V6(destination)) => out.extend(destination.octets()),
                (62, ..) => out.extend([0; 16]),
                (element, ..) => {
                    let octets = value(element, metered, clock).to_be_bytes();
                    out.extend(
                        octets
                            .get(octets.len().saturating_sub(length)..)
                            .unwrap_or(&[]),
                    );
                }
            }
        }
    }
}

/// The Templates for IPv4 and IPv6.
const TEMPLATE4: TemplateId = TemplateId::FIRST;
const TEMPLATE6: TemplateId = template_id(257);
/// Options Templates: the sampler, and the boot time.
pub(crate) const SAMPLER_TEMPLATE: TemplateId = template_id(258);
pub(crate) const BOOT_TEMPLATE: TemplateId = template_id(259);

const fn template_id(id: u16) -> TemplateId {
    match TemplateId::new(id) {
        Some(id) => id,
        None => TemplateId::FIRST,
    }
}

/// The fields of the Template that [`Blaster`](crate::Blaster) sends: 20, as a router has them;
/// IPFIX with 64-bit counters and absolute milliseconds.
pub fn blast_fields(version: Version) -> Vec<FieldSpecifier> {
    Layout::twenty(version).fields
}

fn twenty(millis: bool, wide: bool, is_ipv6: bool) -> Vec<&'static [Field]> {
    [
        if is_ipv6 { IPV6 } else { IPV4 },
        INTERFACES,
        if wide { COUNTERS_64 } else { COUNTERS },
        if millis { MILLISECONDS } else { UPTIMES },
        TRANSPORT,
        if is_ipv6 { PREFIXES6 } else { PREFIXES },
        STATUS,
    ]
    .to_vec()
}

/// An IANA field.
pub(crate) const fn specifier((element, length): Field) -> FieldSpecifier {
    FieldSpecifier {
        enterprise: EnterpriseNumber::IANA,
        id: InformationElementId(element),
        length,
    }
}

/// The value of an element of at most eight octets.
fn value(element: u16, metered: &Metered, clock: &ExporterClock) -> u64 {
    let flow = &metered.flow;
    match element {
        1 => metered.octets,
        2 => metered.packets,
        4 => u64::from(flow.protocol),
        5 => u64::from(flow.tos),
        6 => u64::from(metered.tcp_flags),
        7 => u64::from(flow.source_port),
        8 => address(flow.source),
        9 | 13 => u64::from(PREFIX),
        10 => u64::from(flow.input),
        11 => u64::from(flow.destination_port),
        12 => address(flow.destination),
        14 => u64::from(flow.output),
        15 => u64::from(u32::from_be_bytes(NEXT_HOP)),
        16 => u64::from(SOURCE_AS),
        17 => u64::from(DESTINATION_AS),
        21 => u64::from(clock.uptime(metered.end)),
        22 => u64::from(clock.uptime(metered.start)),
        29 | 30 => u64::from(PREFIX6),
        48 | 302 => u64::from(SAMPLER),
        89 => u64::from(flow.forwarding),
        136 => u64::from(metered.reason.number()),
        152 => millis(clock.shown_millis(metered.start)),
        153 => millis(clock.shown_millis(metered.end)),
        _ => 0,
    }
}

fn address(address: IpAddr) -> u64 {
    match address {
        IpAddr::V4(address) => u64::from(address.to_bits()),
        IpAddr::V6(_) => 0,
    }
}

/// Milliseconds of the epoch, on which no Exporter is before 1970.
pub(crate) fn millis(shown: i64) -> u64 {
    u64::try_from(shown).unwrap_or_default()
}

/// The record in V5.
pub(crate) fn netflow5(metered: &Metered, clock: &ExporterClock) -> Netflow5Record {
    let flow = &metered.flow;
    let octets = |address| match address {
        IpAddr::V4(address) => address.octets(),
        IpAddr::V6(_) => [0; 4],
    };
    Netflow5Record {
        source: octets(flow.source),
        destination: octets(flow.destination),
        next_hop: NEXT_HOP,
        input: flow.input,
        output: flow.output,
        packets: u32::try_from(metered.packets).unwrap_or(u32::MAX),
        octet_count: u32::try_from(metered.octets).unwrap_or(u32::MAX),
        first: clock.uptime(metered.start),
        last: clock.uptime(metered.end),
        source_port: flow.source_port,
        destination_port: flow.destination_port,
        tcp_flags: metered.tcp_flags,
        protocol: flow.protocol,
        tos: flow.tos,
        source_as: SOURCE_AS,
        destination_as: DESTINATION_AS,
        source_mask: PREFIX,
        destination_mask: PREFIX,
    }
}

#[cfg(test)]
mod tests;
