//! Our decoder beside `netflow_parser`: the same datagrams, compared by meaning.
//!
//! Compared are the data Sets of a message: how many records each has, and the sums of element 1
//! and element 2 over them. A session (Exporter, version, Observation Domain) is compared as long
//! as both accept everything in it; from the first datagram on that one of them does not take whole,
//! what they know of Templates differs, and comparing further says nothing.
//!
//! Known differences, each of which ends the comparison of its session:
//!
//! | what | ours | theirs |
//! |---|---|---|
//! | a Set or Template that is broken | the rest is decoded, the problem is counted | the message ends there, silently in IPFIX |
//! | Set IDs 0 and 1 in IPFIX | reserved | read as Templates of V9 |
//! | a value of a length that its type has not | the other values count | the Set ends before the record |
//! | V5 with count 0 or above 30 | the records that are there | refused |
//! | octets behind an IPFIX message or V5 packet | not looked at | read as a further message |
//! | a withdrawal and a Template in one Set | in their order | withdrawals first, and not of what is redefined |
//! | Templates after a restart of the Exporter | suspect until announced again | kept |
//! | a withdrawn Template of the other kind | `withdraw all` is by kind | the same, but an ID may be of both kinds |

use std::collections::BTreeMap;
use std::net::IpAddr;

use flowlog_decode::{
    Batch, Decoder, OptionsRecord, Outcome, SetEvent, SetKind, Settings, TemplateEvent, Visitor,
    Withdrawal,
};
use flowlog_record::{EnterpriseNumber, Fields, HashKey, InformationElementId as Element, Version};
use flowlog_wire::{Malformed, message_version};
use netflow_parser::variable_versions::ipfix::lookup::{IANAIPFixField, IPFixField};
use netflow_parser::variable_versions::{ipfix, v9};
use netflow_parser::{FieldValue, NetflowPacket, NetflowParser, V9Field};

use super::script::{Kind, Script};

/// What is compared of a Set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Counted {
    set: u16,
    /// Data records, of Options Templates too; Templates, in a Set of those.
    records: u64,
    /// Sums of elements 1 and 2; `None` when a value is no unsigned integer of at most 64 bits.
    octets: Option<u64>,
    packets: Option<u64>,
}

/// A message as one of both reads it; `None`: not taken whole.
type Reading = Option<Vec<Counted>>;

/// Exporter, version and Observation Domain.
type Session = (IpAddr, u16, Vec<u8>);

/// Where both accept everything, both count the same.
pub fn differential(octets: &[u8]) {
    let Some(script) = Script::read(octets) else {
        return;
    };
    let settings = Settings {
        drop_duplicates: false,
        park: false,
        ..Settings::default()
    };
    let mut decoder = Decoder::new(settings, HashKey::PUBLIC);
    let mut peers: BTreeMap<Session, Option<NetflowParser>> = BTreeMap::new();
    for step in script
        .steps
        .iter()
        .filter(|step| step.kind == Kind::Datagram)
    {
        let mut ours = Ours::default();
        let decoded = decoder.decode(step.at, step.from(), step.octets, &mut ours);
        let Some(session) = session(step.from(), step.octets) else {
            continue;
        };
        let slot = peers.entry(session).or_insert_with(|| Some(peer()));
        let Some(parser) = slot else { continue };
        let sound = Outcome::Accepted {
            partly_malformed: false,
        };
        let ours = (decoded.outcome == sound && decoded.sets.skipped == 0).then_some(ours);
        let theirs = theirs(parser, step.octets);
        let (Some(ours), Some(theirs)) = (ours.and_then(Ours::reading), theirs) else {
            *slot = None;
            continue;
        };
        if ours.len() != theirs.len() {
            *slot = None;
            continue;
        }
        for (ours, theirs) in ours.iter().zip(&theirs) {
            if theirs.set == ours.set && theirs.records < ours.records {
                *slot = None;
                break;
            }
            assert!(same(ours, theirs), "ours {ours:?}, theirs {theirs:?}");
        }
    }
}

fn same(ours: &Counted, theirs: &Counted) -> bool {
    let equal = |ours: Option<u64>, theirs: Option<u64>| match (ours, theirs) {
        (Some(ours), Some(theirs)) => ours == theirs,
        _ => true,
    };
    (ours.set, ours.records) == (theirs.set, theirs.records)
        && equal(ours.octets, theirs.octets)
        && equal(ours.packets, theirs.packets)
}

fn session(from: IpAddr, octets: &[u8]) -> Option<Session> {
    let version = message_version(octets).ok()?;
    let domain = match version {
        Version::V5 => &[],
        Version::V9 => octets.get(16..20)?,
        Version::Ipfix => octets.get(12..16)?,
    };
    Some((from, version.word(), domain.to_vec()))
}

fn peer() -> NetflowParser {
    NetflowParser::builder()
        .with_max_records_per_flowset(usize::from(u16::MAX))
        .with_max_decoded_field_values_per_message(1 << 24)
        .with_max_decoded_field_payload_bytes_per_message(1 << 28)
        .build()
        .expect("a parser")
}

/// Our reading, as it is told.
#[derive(Default)]
struct Ours {
    sets: Vec<Counted>,
    templates: bool,
    withdrawals: bool,
    broken: bool,
}

impl Ours {
    fn reading(self) -> Reading {
        let ordered = self.templates && self.withdrawals;
        (!self.broken && !ordered).then_some(self.sets)
    }

    fn last(&mut self) -> Option<&mut Counted> {
        if self.sets.is_empty() {
            self.sets.push(Counted {
                set: 5,
                ..Counted::new(0)
            });
        }
        self.sets.last_mut()
    }
}

impl Counted {
    fn new(set: u16) -> Self {
        Self {
            set,
            records: 0,
            octets: Some(0),
            packets: Some(0),
        }
    }

    fn add(&mut self, octets: Option<u64>, packets: Option<u64>) {
        let sum =
            |sum: Option<u64>, value: Option<u64>| sum.zip(value).map(|(a, b)| a.wrapping_add(b));
        self.records += 1;
        self.octets = sum(self.octets, octets);
        self.packets = sum(self.packets, packets);
    }
}

impl Visitor for Ours {
    fn set(&mut self, set: SetEvent) {
        self.broken |= matches!(set.kind, SetKind::DataWithoutTemplate | SetKind::Reserved);
        self.sets.push(Counted::new(set.id));
    }

    fn template(&mut self, _template: &TemplateEvent<'_>) {
        self.templates = true;
        if let Some(set) = self.last() {
            set.records += 1;
        }
    }

    fn withdrawal(&mut self, _withdrawal: Withdrawal) {
        self.withdrawals = true;
    }

    fn records(&mut self, batch: &mut Batch<'_>) {
        for place in 0..batch.records.len() {
            let record = batch.records[place];
            if record.fields.contains(Fields::REVERSE) {
                continue;
            }
            let sent = |id| batch.element(place, EnterpriseNumber::IANA, Element(id));
            let (octets, packets) = (sent(1).map(unsigned), sent(2).map(unsigned));
            let is_v5 = batch.header.version == Version::V5;
            let octets = if is_v5 {
                Some(Some(record.octets))
            } else {
                octets
            };
            let packets = if is_v5 {
                Some(Some(record.packets))
            } else {
                packets
            };
            if let Some(Some(octets)) = octets {
                assert_eq!(record.octets, octets, "element 1 is what counts");
            }
            if let Some(Some(packets)) = packets {
                assert_eq!(record.packets, packets, "element 2 is what counts");
            }
            if let Some(set) = self.last() {
                set.add(octets.unwrap_or(Some(0)), packets.unwrap_or(Some(0)));
            }
        }
    }

    fn options(&mut self, _record: &OptionsRecord<'_>) {
        if let Some(set) = self.last() {
            set.records += 1;
        }
    }

    fn malformed(&mut self, _malformed: Malformed) {
        self.broken = true;
    }
}

/// A value of 1 to 8 octets.
fn unsigned(octets: &[u8]) -> Option<u64> {
    let sum = |sum: u64, octet: &u8| sum << 8 | u64::from(*octet);
    (1..=8)
        .contains(&octets.len())
        .then(|| octets.iter().fold(0, sum))
}

/// Their reading.
fn theirs(parser: &mut NetflowParser, octets: &[u8]) -> Reading {
    let result = parser.parse_bytes(octets);
    if result.packets.len() > 1 || result.error.is_some() {
        return None;
    }
    match result.packets.first()? {
        NetflowPacket::V5(packet) => {
            let mut counted = Counted::new(5);
            for flow in &packet.flowsets {
                counted.add(Some(flow.d_octets.into()), Some(flow.d_pkts.into()));
            }
            Some(vec![counted])
        }
        NetflowPacket::V9(packet) => packet.flowsets.iter().map(v9_set).collect(),
        NetflowPacket::IPFix(packet) => packet.flowsets.iter().map(ipfix_set).collect(),
        _ => None,
    }
}

fn v9_set(set: &v9::FlowSet) -> Option<Counted> {
    let mut counted = Counted::new(set.header.flowset_id);
    match &set.body {
        v9::FlowSetBody::Template(sent) => counted.records = sent.templates.len() as u64,
        v9::FlowSetBody::OptionsTemplate(sent) => counted.records = sent.templates.len() as u64,
        v9::FlowSetBody::Data(data) => {
            for record in &data.fields {
                let value = |id| first(record, |field| *field == id);
                counted.add(value(V9Field::InBytes), value(V9Field::InPkts));
            }
        }
        v9::FlowSetBody::OptionsData(data) => counted.records = data.fields.len() as u64,
        v9::FlowSetBody::NoTemplate(_) | v9::FlowSetBody::Empty => return None,
    }
    Some(counted)
}

fn ipfix_set(set: &ipfix::FlowSet) -> Option<Counted> {
    use ipfix::FlowSetBody as Body;
    let mut counted = Counted::new(set.header.header_id);
    match &set.body {
        Body::Template(_) | Body::OptionsTemplate(_) => counted.records = 1,
        Body::Templates(sent) => counted.records = sent.len() as u64,
        Body::OptionsTemplates(sent) => counted.records = sent.len() as u64,
        Body::Data(data) => {
            for record in &data.fields {
                let value = |id: u16| {
                    first(record, |field| match field {
                        IPFixField::IANA(known) => *known == IANAIPFixField::from(id),
                        // The enterprise bit with number 0 is IANA's registry.
                        IPFixField::Enterprise {
                            enterprise_number: 0,
                            field_number,
                        } => *field_number == id,
                        _ => false,
                    })
                };
                counted.add(value(1), value(2));
            }
        }
        Body::OptionsData(data) => counted.records = data.fields.len() as u64,
        // A withdrawal alone; ours counts no record there either.
        Body::Empty => {}
        _ => return None,
    }
    Some(counted)
}

/// The first value of an element, 0 without one; `None` when it is no unsigned integer.
fn first<F>(record: &[(F, FieldValue)], is_it: impl Fn(&F) -> bool) -> Option<u64> {
    match record.iter().find(|(field, _)| is_it(field)) {
        Some((_, value)) => value.as_u64(),
        None => Some(0),
    }
}
