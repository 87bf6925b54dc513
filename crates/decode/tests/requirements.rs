//! What the standards ask of a collector in so many words, and no suite of a module tells by itself.
//! `tests/requirements/` in the workspace names these tests beside the sentences that they prove.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::net::{IpAddr, Ipv4Addr};

use flowlog_decode::{Batch, Decoded, Decoder, Outcome, Settings, Visitor};
use flowlog_record::{
    Address, EnterpriseNumber, FlowRecord, HashKey, InformationElementId, Timestamp,
};
use flowlog_wire::emit::{EmitError, MessageBuilder};
use flowlog_wire::{FieldSpecifier, TemplateId, ipfix, netflow9};

const AT: Timestamp = Timestamp(1_700_000_000_000);
const EXPORTER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const ACCEPTED: Outcome = Outcome::Accepted {
    partly_malformed: false,
};

/// Keeps the records that it sees.
#[derive(Default)]
struct Seen(Vec<FlowRecord>);

impl Visitor for Seen {
    fn records(&mut self, batch: &mut Batch<'_>) {
        self.0.extend_from_slice(batch.records);
    }
}

struct Bench {
    decoder: Decoder,
    seen: Seen,
}

impl Bench {
    fn new() -> Self {
        Self {
            decoder: Decoder::new(Settings::default(), HashKey::PUBLIC),
            seen: Seen::default(),
        }
    }

    fn decode(&mut self, octets: &[u8]) -> Decoded {
        self.decoder.decode(AT, EXPORTER, octets, &mut self.seen)
    }

    fn octets(&self) -> Vec<u64> {
        self.seen.0.iter().map(|record| record.octets).collect()
    }
}

/// A message of V9 with what `write` puts into it.
fn netflow9(
    sequence: u32,
    write: impl FnOnce(&mut MessageBuilder<'_>) -> Result<(), EmitError>,
) -> Vec<u8> {
    let header = netflow9::Header {
        sys_uptime: 60_000,
        unix_secs: 1_700_000_000,
        sequence,
        ..netflow9::Header::default()
    };
    let mut octets = Vec::new();
    let mut builder = MessageBuilder::netflow9(&mut octets, &header, 1400);
    write(&mut builder).unwrap();
    builder.finish();
    octets
}

/// A message of IPFIX with what `write` puts into it.
fn ipfix(write: impl FnOnce(&mut MessageBuilder<'_>) -> Result<(), EmitError>) -> Vec<u8> {
    let header = ipfix::Header {
        export_time: 1_700_000_000,
        ..ipfix::Header::default()
    };
    let mut octets = Vec::new();
    let mut builder = MessageBuilder::ipfix(&mut octets, &header, 1400);
    write(&mut builder).unwrap();
    builder.finish();
    octets
}

fn id(id: u16) -> TemplateId {
    TemplateId::new(id).unwrap()
}

const fn field(id: u16, length: u16) -> FieldSpecifier {
    FieldSpecifier {
        enterprise: EnterpriseNumber::IANA,
        id: InformationElementId(id),
        length,
    }
}

const OCTETS: FieldSpecifier = field(1, 4);
const PACKETS: FieldSpecifier = field(2, 4);

/// Values of four octets each.
fn record(values: &[u32]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_be_bytes())
        .collect()
}

#[test]
fn template_ids_come_in_any_order_and_say_nothing() {
    let mut bench = Bench::new();
    // Options between flows, the highest id first: each id means what its own record said.
    let decoded = bench.decode(&ipfix(|message| {
        message.template(id(65_535), &[OCTETS, PACKETS])?;
        message.options_template(id(256), &[field(149, 4), field(41, 4)], 1)?;
        message.template(id(1_000), &[PACKETS, OCTETS])?;
        let fields = [field(4, 1), field(5, 1), field(6, 2), OCTETS];
        message.template(id(257), &fields)
    }));
    assert_eq!((decoded.outcome, decoded.templates), (ACCEPTED, 4));
    let decoded = bench.decode(&ipfix(|message| {
        message.record(id(257), &record(&[0x0611_0000, 3]))?;
        message.record(id(256), &record(&[7, 8]))?;
        message.record(id(1_000), &record(&[1, 2]))?;
        message.record(id(65_535), &record(&[1, 2]))
    }));
    assert_eq!((decoded.flows, decoded.options), (3, 1));
    assert_eq!(bench.octets(), [3, 2, 1]);
}

#[test]
fn of_identical_elements_the_first_counts_and_the_others_keep_their_place() {
    let mut bench = Bench::new();
    // The outer header first, then the inner one (RFC 7011 §8).
    let fields = [field(8, 4), field(12, 4), field(8, 4), field(12, 4), OCTETS];
    let _ = bench.decode(&ipfix(|message| message.template(id(256), &fields)));
    let values = [0x0a00_0001, 0x0a00_0002, 0x0b00_0001, 0x0b00_0002, 99];
    let decoded = bench.decode(&ipfix(|message| message.record(id(256), &record(&values))));
    assert_eq!((decoded.outcome, decoded.flows), (ACCEPTED, 1));
    let seen = &bench.seen.0[0];
    assert_eq!(seen.source, Address::from_ipv4_octets([10, 0, 0, 1]));
    assert_eq!(seen.destination, Address::from_ipv4_octets([10, 0, 0, 2]));
    assert_eq!(seen.octets, 99);
}

#[test]
fn a_withdrawal_of_what_is_not_known_changes_nothing() {
    let mut bench = Bench::new();
    let _ = bench.decode(&ipfix(|message| {
        message.template(id(256), &[OCTETS, PACKETS])
    }));
    let decoded = bench.decode(&ipfix(|message| {
        message.withdrawal(id(300))?;
        message.options_withdrawal(id(301))?;
        message.record(id(256), &record(&[5, 6]))
    }));
    assert_eq!(decoded.outcome, ACCEPTED);
    assert_eq!((decoded.withdrawals, decoded.flows), (2, 1));
    assert_eq!(bench.octets(), [5]);
}

#[test]
fn a_message_may_have_many_template_sets() {
    fn write(message: &mut MessageBuilder<'_>) -> Result<(), EmitError> {
        message.template(id(256), &[OCTETS, PACKETS])?;
        message.close_set();
        message.template(id(257), &[PACKETS, OCTETS])?;
        message.record(id(257), &record(&[1, 2]))?;
        message.template(id(258), &[field(5, 4), OCTETS])?;
        message.record(id(258), &record(&[1, 3]))?;
        message.record(id(256), &record(&[4, 1]))
    }
    for octets in [netflow9(0, write), ipfix(write)] {
        let mut bench = Bench::new();
        let decoded = bench.decode(&octets);
        assert_eq!((decoded.outcome, decoded.templates), (ACCEPTED, 3));
        assert_eq!(decoded.sets.received, 6);
        assert_eq!(bench.octets(), [2, 3, 4]);
    }
}

#[test]
fn padding_of_every_set_is_accepted_whatever_its_octets() {
    for padding in [0, 0xff] {
        let mut bench = Bench::new();
        let padded = |mut octets: Vec<u8>, length: usize| {
            let end = octets.len();
            assert!(octets[end - length..].iter().all(|&octet| octet == 0));
            octets[end - length..].fill(padding);
            octets
        };
        let fields = [OCTETS, field(4, 1)];
        let templates = netflow9(0, |message| message.template(id(256), &fields));
        // An Options Template Record of V9 with two fields has 14 octets.
        let fields = [field(1, 4), field(34, 1)];
        let options = netflow9(1, |message| message.options_template(id(257), &fields, 1));
        let flow = netflow9(2, |message| message.record(id(256), &[0, 0, 0, 7, 6]));
        let option = netflow9(3, |message| message.record(id(257), &[0, 0, 0, 1, 9]));
        let datagrams = [
            templates,
            padded(options, 2),
            padded(flow, 3),
            padded(option, 3),
        ];
        let mut counts = (0, 0, 0);
        for datagram in datagrams {
            let decoded = bench.decode(&datagram);
            assert_eq!((decoded.outcome, decoded.sets.decoded), (ACCEPTED, 1));
            counts.0 += decoded.templates;
            counts.1 += decoded.flows;
            counts.2 += decoded.options;
        }
        assert_eq!(counts, (2, 1, 1), "padding of {padding}");
        assert_eq!(bench.octets(), [7]);
    }
}
