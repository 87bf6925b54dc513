//! A plan against a naive interpreter: every record of every Template, field by field.

use alloc::vec::Vec;

use flowlog_record::{
    Address, EnterpriseNumber, Fields, FlowRecord, InformationElementId, Sampling, Timestamp,
    Version,
};
use flowlog_wire::{FieldSpecifier, VARIABLE_LENGTH};
use proptest::prelude::*;

use super::{BATCH, Frame, Plan, Scratch};
use crate::layout::Layout;
use crate::moment::Moment;
use crate::netflow5;
use crate::sampling::{Fallback, Rates, SamplerId, SamplingSource};

const X: i64 = 1_700_000_000_000;
const UPTIME: u32 = 4_000_000_000;
const REVERSE: u32 = 29_305;

/// One record: its fields and values in the order of the Template.
type Values<'a> = Vec<(FieldSpecifier, &'a [u8])>;

/// Reads one record by looking every field up, by the words of the design.
struct Naive<'a> {
    version: Version,
    boot: Option<i64>,
    rates: &'a Rates,
    values: Values<'a>,
}

impl Naive<'_> {
    fn find(&self, enterprise: u32, id: u16, fits: impl Fn(u16) -> bool) -> Option<&[u8]> {
        self.values
            .iter()
            .find(|(f, _)| f.enterprise.0 == enterprise && f.id.0 == id && fits(f.length))
            .map(|&(_, value)| value)
    }

    fn int(&self, enterprise: u32, id: u16) -> Option<u64> {
        let value = self.find(enterprise, id, |l| matches!(l, 1..=8 | VARIABLE_LENGTH))?;
        if value.len() > 8 {
            return Some(0);
        }
        Some(
            value
                .iter()
                .fold(0, |sum, &octet| sum * 256 + u64::from(octet)),
        )
    }

    fn exact(&self, enterprise: u32, id: u16, width: usize) -> Option<Vec<u8>> {
        let width16 = u16::try_from(width).unwrap();
        let value = self.find(enterprise, id, |l| l == width16 || l == VARIABLE_LENGTH)?;
        Some(if value.len() == width {
            value.to_vec()
        } else {
            [0].repeat(width)
        })
    }

    fn low<T: TryFrom<u64>>(&self, id: u16, mask: u64) -> Option<T> {
        self.int(0, id).map(|v| T::try_from(v & mask).ok().unwrap())
    }

    fn addresses(&self, record: &mut FlowRecord) {
        let ipv4 = |id| {
            let octets = self.exact(0, id, 4)?;
            Some(Address::from_ipv4_octets(octets.try_into().unwrap()))
        };
        let ipv6 = |id| {
            let octets = self.exact(0, id, 16)?;
            Some(Address::from_ipv6_octets(octets.try_into().unwrap()))
        };
        let (pair4, pair6) = ((ipv4(8), ipv4(12)), (ipv6(27), ipv6(28)));
        let is_there = |pair: (Option<Address>, Option<Address>)| pair.0.or(pair.1).is_some();
        let is_set = |pair: (Option<Address>, Option<Address>)| {
            [pair.0, pair.1].into_iter().flatten().any(|a| !a.is_zero())
        };
        let is_ipv6 = match (is_there(pair4), is_there(pair6)) {
            (false, false) => return,
            (true, false) => false,
            (false, true) => true,
            _ => match self.int(0, 60) {
                Some(4) => false,
                Some(6) => true,
                _ if is_set(pair4) != is_set(pair6) => is_set(pair6),
                _ => self.ipv6_stands_first(),
            },
        };
        let (source, destination) = if is_ipv6 { pair6 } else { pair4 };
        record.fields.set(Fields::IPV6, is_ipv6);
        record.fields.set(Fields::SOURCE, source.is_some());
        record
            .fields
            .set(Fields::DESTINATION, destination.is_some());
        record.source = source.unwrap_or_default();
        record.destination = destination.unwrap_or_default();
    }

    fn ipv6_stands_first(&self) -> bool {
        self.values
            .iter()
            .find_map(|(f, _)| match (f.enterprise.0, f.id.0, f.length) {
                (0, 8 | 12, 4) => Some(false),
                (0, 27 | 28, 16) => Some(true),
                _ => None,
            })
            // Only of variable length: neither stands first.
            .unwrap_or(false)
    }

    fn plain(&self, r: &mut FlowRecord) {
        let mut set = |there: bool, field: Fields| r.fields.set(field, there);
        let source_port = self.low(7, 0xffff).or(
            match (self.low::<u16>(180, 0xffff), self.low::<u16>(182, 0xffff)) {
                (Some(udp), tcp) => Some(udp | tcp.unwrap_or(0)),
                (None, tcp) => tcp,
            },
        );
        let destination_port = self.low(11, 0xffff).or(
            match (self.low::<u16>(181, 0xffff), self.low::<u16>(183, 0xffff)) {
                (Some(udp), tcp) => Some(udp | tcp.unwrap_or(0)),
                (None, tcp) => tcp,
            },
        );
        let ingress = self.low(10, 0xffff_ffff).or(self.low(252, 0xffff_ffff));
        let egress = self.low(14, 0xffff_ffff).or(self.low(253, 0xffff_ffff));
        let icmp = self.low(32, 0xffff).or(self.low(139, 0xffff)).or_else(|| {
            let kind = |kind: u16, code: u16| {
                let kind: u16 = self.low(kind, 0xff)?;
                Some(kind * 256 + self.low::<u16>(code, 0xff).unwrap_or(0))
            };
            kind(176, 177).or(kind(178, 179))
        });
        let duration = self
            .low(161, 0xffff_ffff)
            .or(self.low::<u32>(162, 0xffff_ffff).map(|v| v / 1000));
        set(source_port.is_some(), Fields::SOURCE_PORT);
        set(destination_port.is_some(), Fields::DESTINATION_PORT);
        set(ingress.is_some(), Fields::INGRESS_INTERFACE);
        set(egress.is_some(), Fields::EGRESS_INTERFACE);
        set(icmp.is_some(), Fields::ICMP);
        set(duration.is_some(), Fields::DURATION);
        set(self.int(0, 4).is_some(), Fields::PROTOCOL);
        set(self.int(0, 5).is_some(), Fields::TOS);
        set(self.int(0, 6).is_some(), Fields::TCP_FLAGS);
        set(self.int(0, 61).is_some(), Fields::DIRECTION);
        set(self.int(0, 89).is_some(), Fields::FORWARDING_STATUS);
        set(self.int(0, 136).is_some(), Fields::END_REASON);
        set(self.int(0, 233).is_some(), Fields::FIREWALL_EVENT);
        let is_relayed = [130, 131]
            .iter()
            .any(|&id| self.find(0, id, |l| l > 0).is_some());
        set(is_relayed, Fields::RELAYED);
        r.source_port = source_port.unwrap_or(0);
        r.destination_port = destination_port.unwrap_or(0);
        r.ingress_interface = ingress.unwrap_or(0);
        r.egress_interface = egress.unwrap_or(0);
        r.icmp_type_code = icmp.unwrap_or(0);
        r.duration = duration.unwrap_or(0);
        r.protocol = self.low(4, 0xff).unwrap_or(0);
        r.tos = self.low(5, 0xff).unwrap_or(0);
        r.tcp_flags = self.low(6, 0xffff).unwrap_or(0);
        r.direction = self.low(61, 0xff).unwrap_or(0);
        r.forwarding_status = self.low(89, 0xff).unwrap_or(0);
        r.end_reason = self.low(136, 0xff).unwrap_or(0);
        r.firewall_event = self.low(233, 0xff).unwrap_or(0);
    }

    fn counters(&self, r: &mut FlowRecord, octets: &[(u32, u16)], packets: &[(u32, u16)]) {
        let first =
            |ids: &[(u32, u16)]| ids.iter().find_map(|&(e, id)| Some((id, self.int(e, id)?)));
        if let Some((id, value)) = first(octets) {
            r.octets = value;
            r.fields |= Fields::OCTETS;
            r.fields.set(Fields::OCTETS_TOTAL, id == 85);
        }
        if let Some((id, value)) = first(packets) {
            r.packets = value;
            r.fields |= Fields::PACKETS;
            r.fields.set(Fields::PACKETS_TOTAL, id == 86);
        }
    }

    fn ntp(octets: &[u8], mask: u64) -> i64 {
        let value = u64::from_be_bytes(octets.try_into().unwrap());
        let seconds = i64::try_from(value >> 32).unwrap() - 2_208_988_800;
        let seconds = if seconds < 0 {
            seconds + (1 << 32)
        } else {
            seconds
        };
        seconds * 1000 + i64::try_from(((value & 0xffff_ffff & mask) * 1000) >> 32).unwrap()
    }

    /// The time, and whether it counts from boot.
    fn time(&self, e: u32, ids: [u16; 6]) -> Option<(i64, bool)> {
        let [millis, micros, nanos, seconds, uptime, delta] = ids;
        if let Some(value) = self.int(e, millis) {
            return Some((i64::try_from(value).unwrap_or(i64::MAX), false));
        }
        if let Some(octets) = self.exact(e, micros, 8) {
            return Some((Self::ntp(&octets, !0x7ff), false));
        }
        if let Some(octets) = self.exact(e, nanos, 8) {
            return Some((Self::ntp(&octets, !0), false));
        }
        let low = |id| {
            self.int(e, id)
                .map(|v| u32::try_from(v & 0xffff_ffff).unwrap())
        };
        if let Some(value) = low(seconds) {
            return Some((i64::from(value) * 1000, false));
        }
        if let Some(value) = low(uptime) {
            return Some(match self.version {
                Version::Ipfix => (i64::from(value), true),
                _ => (
                    X - i64::from(UPTIME.wrapping_sub(value).cast_signed()),
                    false,
                ),
            });
        }
        low(delta).map(|v| ((X * 1000 - i64::from(v)).div_euclid(1000), false))
    }

    /// Start and end, and whether they count from an unknown boot.
    fn times(&self, e: u32) -> (Option<i64>, Option<i64>, bool) {
        let start = self.time(e, [152, 154, 156, 150, 22, 158]);
        let end = self.time(e, [153, 155, 157, 151, 21, 159]);
        let (start, end) = match (start, end) {
            (Some((_, true)), Some((_, false))) => (None, end),
            (Some((_, false)), Some((_, true))) => (start, None),
            both => both,
        };
        let is_relative = start.or(end).is_some_and(|(_, relative)| relative);
        let own = self.int(0, 160);
        let boot = match own {
            Some(0) => None,
            Some(boot) => Some(i64::try_from(boot).unwrap_or(i64::MAX)),
            None => self.boot,
        };
        let absolute = |time: (i64, bool)| match (is_relative, boot) {
            (true, Some(boot)) => time.0.saturating_add(boot),
            _ => time.0,
        };
        (
            start.map(absolute),
            end.map(absolute),
            is_relative && boot.is_none(),
        )
    }

    fn set_times(r: &mut FlowRecord, (start, end, relative): (Option<i64>, Option<i64>, bool)) {
        r.fields.set(Fields::START, start.is_some());
        r.fields.set(Fields::END, end.is_some());
        r.fields.set(Fields::SINCE_BOOT, relative);
        r.start = Timestamp(start.unwrap_or(0));
        r.end = Timestamp(end.unwrap_or(0));
    }

    fn observation(&self, r: &mut FlowRecord) {
        let observed = match self.int(0, 323) {
            Some(value) => Some(i64::try_from(value).unwrap_or(i64::MAX)),
            None => self
                .exact(0, 324, 8)
                .map(|octets| Self::ntp(&octets, !0x7ff)),
        };
        r.fields.set(Fields::OBSERVED, observed.is_some());
        r.observed = Timestamp(observed.unwrap_or(0));
    }

    fn sampling(&self) -> Sampling {
        let one_in = |id| self.int(0, id).and_then(Sampling::one_in);
        let ratio = |a: u64, b: u64| Sampling::ratio(a, u32::try_from(b).ok()?);
        let own = one_in(34)
            .or_else(|| one_in(50))
            .or_else(|| ratio(self.int(0, 310)?, self.int(0, 309)?))
            .or_else(|| {
                let taken = self.int(0, 305)?;
                ratio(taken.saturating_add(self.int(0, 306)?), taken)
            })
            .or_else(|| one_in(305));
        let sampler = |id: Option<SamplerId>| self.rates.of_sampler(id?);
        own.or_else(|| sampler(self.int(0, 48).map(SamplerId::Sampler)))
            .or_else(|| sampler(self.int(0, 302).map(SamplerId::Selector)))
            .or_else(|| {
                let named = self.int(0, 48).or_else(|| self.int(0, 302));
                named.map(Sampling::unknown_of)
            })
            .unwrap_or(Sampling::UNKNOWN)
    }

    fn records(&self) -> Vec<FlowRecord> {
        let mut forward = FlowRecord::EMPTY;
        self.addresses(&mut forward);
        self.plain(&mut forward);
        self.counters(
            &mut forward,
            &[(0, 1), (0, 85), (0, 23), (0, 231), (0, 352)],
            &[(0, 2), (0, 86), (0, 24), (0, 298)],
        );
        Self::set_times(&mut forward, self.times(0));
        self.observation(&mut forward);
        forward.sampling = self.sampling();
        let mut all = Vec::from([forward]);
        all.extend(self.reverse(&forward));
        all
    }

    fn reverse(&self, forward: &FlowRecord) -> Option<FlowRecord> {
        let mut r = FlowRecord {
            source: forward.destination,
            destination: forward.source,
            source_port: forward.destination_port,
            destination_port: forward.source_port,
            ingress_interface: forward.egress_interface,
            egress_interface: forward.ingress_interface,
            tcp_flags: 0,
            octets: 0,
            packets: 0,
            ..*forward
        };
        let has = |field| forward.fields.contains(field);
        r.fields.set(Fields::SOURCE, has(Fields::DESTINATION));
        r.fields.set(Fields::DESTINATION, has(Fields::SOURCE));
        r.fields
            .set(Fields::SOURCE_PORT, has(Fields::DESTINATION_PORT));
        r.fields
            .set(Fields::DESTINATION_PORT, has(Fields::SOURCE_PORT));
        r.fields
            .set(Fields::INGRESS_INTERFACE, has(Fields::EGRESS_INTERFACE));
        r.fields
            .set(Fields::EGRESS_INTERFACE, has(Fields::INGRESS_INTERFACE));
        r.fields -= Fields::OCTETS | Fields::PACKETS | Fields::OCTETS_TOTAL | Fields::PACKETS_TOTAL;
        r.fields |= Fields::REVERSE;
        self.counters(
            &mut r,
            &[
                (REVERSE, 1),
                (REVERSE, 85),
                (REVERSE, 23),
                (0, 232),
                (REVERSE, 352),
            ],
            &[(REVERSE, 2), (REVERSE, 86), (REVERSE, 24), (0, 299)],
        );
        if r.is_event() {
            return None;
        }
        if let Some(tos) = self.int(REVERSE, 5) {
            r.tos = u8::try_from(tos & 0xff).unwrap();
            r.fields |= Fields::TOS;
        }
        let flags = self.int(REVERSE, 6);
        r.tcp_flags = flags.map_or(0, |flags| u16::try_from(flags & 0xffff).unwrap());
        r.fields.set(Fields::TCP_FLAGS, flags.is_some());
        let times = self.times(REVERSE);
        if times.0.is_some() && times.1.is_some() {
            Self::set_times(&mut r, times);
        }
        Some(r)
    }
}

/// Elements that decoding knows, and two that it does not.
const ELEMENTS: [u16; 74] = [
    1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 15, 16, 21, 22, 23, 24, 27, 28, 32, 34, 48, 50, 58, 60,
    61, 85, 86, 89, 130, 131, 136, 139, 150, 151, 152, 153, 154, 155, 156, 157, 158, 159, 160, 161,
    162, 176, 177, 178, 179, 180, 181, 182, 183, 231, 232, 233, 252, 253, 298, 299, 302, 305, 306,
    309, 310, 323, 324, 352, 82, 293, 8, 27,
];
const REVERSE_ELEMENTS: [u16; 16] = [
    1, 2, 5, 6, 23, 24, 85, 86, 150, 151, 152, 153, 21, 22, 352, 9,
];

fn usual_length(id: u16) -> u16 {
    match id {
        8 | 12 | 15 | 10 | 14 | 21 | 22 | 252 | 253 | 130 | 150 | 151 | 161 | 162 | 34 | 50 => 4,
        27 | 28 | 131 => 16,
        7 | 11 | 180..=183 | 32 | 139 => 2,
        4 | 5 | 6 | 60 | 61 | 89 | 136 | 176..=179 | 233 | 9 => 1,
        _ => 8,
    }
}

fn field() -> impl Strategy<Value = FieldSpecifier> {
    let element = prop_oneof![
        8 => prop::sample::select(ELEMENTS.to_vec()).prop_map(|id| (0_u32, id)),
        2 => prop::sample::select(REVERSE_ELEMENTS.to_vec()).prop_map(|id| (REVERSE, id)),
        1 => (9_u32..11, 1_u16..400),
    ];
    let length = prop_oneof![
        10 => Just(None),
        3 => (0_u16..10).prop_map(Some),
        1 => Just(Some(16)),
        1 => Just(Some(40)),
        2 => Just(Some(VARIABLE_LENGTH)),
    ];
    (element, length).prop_map(|((enterprise, id), length)| FieldSpecifier {
        enterprise: EnterpriseNumber(enterprise),
        id: InformationElementId(id),
        length: length.unwrap_or(usual_length(id)),
    })
}

/// A record's octets; `noise` gives values and lengths, small ones often.
fn record(fields: &[FieldSpecifier], noise: &mut impl Iterator<Item = u8>) -> Vec<u8> {
    let mut octets = Vec::new();
    for field in fields {
        let mut length = field.length;
        if length == VARIABLE_LENGTH {
            let chosen = [0, 1, 2, 4, 8, 9, 16, 4, 8, 16][usize::from(noise.next().unwrap()) % 10];
            if noise.next().unwrap().is_multiple_of(4) {
                octets.extend_from_slice(&[255, 0, chosen]);
            } else {
                octets.push(chosen);
            }
            length = u16::from(chosen);
        }
        // Zeros often, so that samplers are known and families are empty.
        let is_zero = noise.next().unwrap().is_multiple_of(3);
        octets.extend((0..length).map(|_| if is_zero { 0 } else { noise.next().unwrap() }));
    }
    octets
}

fn rates() -> Rates {
    let mut rates = Rates::default();
    rates.announce(
        Some(SamplerId::Sampler(0)),
        Sampling::one_in(100).unwrap(),
        16,
    );
    rates.announce(
        Some(SamplerId::Selector(1)),
        Sampling::one_in(7).unwrap(),
        16,
    );
    rates
}

fn planned(version: Version, layout: &Layout, octets: &[u8], boot: Option<i64>) -> Vec<FlowRecord> {
    let plan = Plan::compile(version, layout);
    let rates = rates();
    let frame = Frame {
        moment: Moment {
            export: Timestamp(X),
            uptime: UPTIME,
            boot: boot.map(Timestamp),
        },
        fallback: Fallback {
            rates: Some(&rates),
            rate: Sampling::UNKNOWN,
            source: SamplingSource::Unknown,
        },
    };
    let mut scratch = Scratch::new();
    let mut records = [FlowRecord::EMPTY; BATCH];
    let (mut all, mut read) = (Vec::new(), 0);
    while octets.len() - read >= layout.shortest() {
        let filled = plan.fill(&octets[read..], &frame, &mut scratch, &mut records);
        assert!(!filled.overruns && filled.octets > 0, "{filled:?}");
        all.extend_from_slice(&records[..filled.flow_records]);
        read += filled.octets;
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn a_plan_reads_what_a_naive_interpreter_reads(
        fields in prop::collection::vec(field(), 1..30),
        version in prop::sample::select(&[Version::V9, Version::Ipfix]),
        boot in prop::option::of(Just(1_600_000_000_000_i64)),
        count in 1_usize..140,
        noise in prop::collection::vec(any::<u8>(), 512),
    ) {
        let Ok(layout) = Layout::new(fields.clone().into_boxed_slice()) else {
            return Ok(());
        };
        let mut noise = noise.iter().copied().cycle();
        let octets: Vec<Vec<u8>> = (0..count).map(|_| record(&fields, &mut noise)).collect();
        let rates = rates();
        let mut expected = Vec::new();
        for octets in &octets {
            let values: Values<'_> = layout.values(octets).collect();
            prop_assert_eq!(values.len(), fields.len());
            expected.extend(Naive { version, boot, rates: &rates, values }.records());
        }
        let read = planned(version, &layout, &octets.concat(), boot);
        prop_assert_eq!(read.len(), expected.len());
        for (read, expected) in read.iter().zip(&expected) {
            prop_assert_eq!(read, expected);
        }
    }

    #[test]
    fn the_short_way_of_v5_reads_what_a_plan_of_its_template_reads(
        octets in prop::collection::vec(any::<u8>(), 0..70 * netflow5::RECORD_LENGTH),
    ) {
        let layout = Layout::of_netflow5();
        let whole = octets.len() / netflow5::RECORD_LENGTH * netflow5::RECORD_LENGTH;
        let expected = planned(Version::V5, &layout, &octets[..whole], None);
        let moment = Moment { export: Timestamp(X), uptime: UPTIME, boot: None };
        let mut records = [FlowRecord::EMPTY; BATCH];
        let mut read = Vec::new();
        for octets in octets[..whole].chunks(BATCH * netflow5::RECORD_LENGTH) {
            let count = netflow5::fill(octets, &moment, &netflow5::PROTOTYPE, &mut records);
            read.extend_from_slice(&records[..count]);
        }
        prop_assert_eq!(read, expected);
    }
}
