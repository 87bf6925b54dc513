//! A collector: our decoder, and what it saw.

use std::net::{IpAddr, Ipv4Addr};

use flowlog_decode::{Batch, Decoder, Exporter, Header, Outcome, Settings as Decoding, Visitor};
use flowlog_export::{Carries, Message, Protocol, Record, Settings};
use flowlog_record::{
    Action, Direction, EnterpriseNumber, Fields, FlowRecord, HashKey, InformationElementId,
    Sampling, Timestamp, Version,
};
use flowlog_wire::Malformed;

const FROM: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 99));

/// What of a record is compared; `None` for what has no field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Flow {
    source: Option<IpAddr>,
    destination: Option<IpAddr>,
    ports: (u16, u16),
    protocol: u8,
    packets: u64,
    octets: u64,
    times: (i64, i64),
    exporter: Option<IpAddr>,
    direction: Option<u8>,
    forwarding_status: Option<u8>,
    tcp_flags: Option<u16>,
    tos: Option<u8>,
    interfaces: Option<(u32, u32)>,
    as_numbers: Option<(u32, u32)>,
    pub(crate) is_unsampled: bool,
}

impl Flow {
    /// What a collector should see of a row that needs no narrowing and no splitting.
    pub(crate) fn of(row: &Record, settings: &Settings) -> Self {
        let is_v5 = settings.protocol == Protocol::Netflow5;
        let carries = |what| is_v5 || settings.carries.contains(what);
        let status = match row.action {
            Action::Accept => 64,
            Action::Reject => 128,
        };
        Self {
            source: row.source,
            destination: row.destination,
            ports: (row.source_port, row.destination_port),
            protocol: row.protocol,
            packets: row.packets,
            octets: row.octets,
            times: (row.first.millis(), row.last.millis()),
            exporter: (!is_v5).then_some(row.exporter),
            direction: match row.direction {
                _ if is_v5 => None,
                Direction::Unknown => None,
                Direction::In => Some(0),
                Direction::Out => Some(1),
            },
            forwarding_status: (!is_v5 && carries(Carries::ACTION)).then_some(status),
            tcp_flags: carries(Carries::TCP_FLAGS).then_some(row.tcp_flags),
            tos: carries(Carries::TOS).then_some(row.tos),
            interfaces: carries(Carries::INTERFACES)
                .then_some((row.ingress_interface, row.egress_interface)),
            as_numbers: carries(Carries::AS_NUMBERS).then_some((row.source_as, row.destination_as)),
            is_unsampled: true,
        }
    }

    fn read(batch: &Batch<'_>, place: usize, record: &FlowRecord) -> Self {
        let has = |field| record.fields.contains(field);
        let sent = |id| batch.element(place, EnterpriseNumber::IANA, InformationElementId(id));
        let number = |id| sent(id).map(unsigned);
        let ipv4 = |id| sent(id).map(|o| IpAddr::from(<[u8; 4]>::try_from(o).unwrap()));
        let ipv6 = |id| sent(id).map(|o| IpAddr::from(<[u8; 16]>::try_from(o).unwrap()));
        Self {
            source: ipv4(8).or(ipv6(27)),
            destination: ipv4(12).or(ipv6(28)),
            ports: (record.source_port, record.destination_port),
            protocol: record.protocol,
            packets: record.packets,
            octets: record.octets,
            times: (record.start.millis(), record.end.millis()),
            exporter: ipv4(130).or(ipv6(131)),
            direction: has(Fields::DIRECTION).then_some(record.direction),
            forwarding_status: has(Fields::FORWARDING_STATUS).then_some(record.forwarding_status),
            tcp_flags: has(Fields::TCP_FLAGS).then_some(record.tcp_flags),
            tos: has(Fields::TOS).then_some(record.tos),
            interfaces: has(Fields::INGRESS_INTERFACE)
                .then_some((record.ingress_interface, record.egress_interface)),
            as_numbers: number(16).zip(number(17)),
            is_unsampled: record.sampling == Sampling::NONE,
        }
    }
}

fn unsigned(octets: &[u8]) -> u32 {
    octets
        .iter()
        .fold(0, |sum, octet| sum << 8 | u32::from(*octet))
}

/// Decodes message after message, and fails at anything that is not as it should be.
pub(crate) struct Receiver {
    decoder: Decoder,
    pub(crate) flows: Vec<Flow>,
    /// Restarts that it took the process for having had.
    pub(crate) restarts: u32,
    /// It may miss Templates and numbers.
    pub(crate) is_late: bool,
}

impl Default for Receiver {
    fn default() -> Self {
        Self {
            decoder: Decoder::new(Decoding::default(), HashKey::PUBLIC),
            flows: Vec::new(),
            restarts: 0,
            is_late: false,
        }
    }
}

impl Receiver {
    /// The number of the message, and how many its version says it has.
    pub(crate) fn read(&mut self, at: Timestamp, message: Message<'_>) -> (u32, u32) {
        let mut seen = Seen::default();
        let decoded = self.decoder.decode(at, FROM, message.octets, &mut seen);
        let accepted = Outcome::Accepted {
            partly_malformed: false,
        };
        assert_eq!((decoded.outcome, seen.malformed), (accepted, None));
        if !self.is_late {
            assert_eq!(decoded.missed, 0, "nothing is missing");
            assert_eq!(decoded.sets.decoded, decoded.sets.received);
            assert_eq!(decoded.flow_records, u64::from(message.flow_records));
        }
        self.flows.append(&mut seen.flows);
        self.restarts += seen.restarts;
        let header = seen.header.unwrap();
        let units = match header.version {
            Version::V9 => 1,
            Version::V5 | Version::Ipfix => u32::try_from(decoded.flows + decoded.options).unwrap(),
        };
        (header.sequence, units)
    }

    /// Packets and octets.
    pub(crate) fn sums(&self) -> (u128, u128) {
        self.flows.iter().fold((0, 0), |(packets, octets), flow| {
            (
                packets + u128::from(flow.packets),
                octets + u128::from(flow.octets),
            )
        })
    }
}

#[derive(Default)]
struct Seen {
    flows: Vec<Flow>,
    header: Option<Header>,
    malformed: Option<Malformed>,
    restarts: u32,
}

impl Visitor for Seen {
    fn header(&mut self, _exporter: &Exporter, header: &Header) {
        self.header = Some(*header);
    }

    fn restart(
        &mut self,
        _exporter: &Exporter,
        _domain: flowlog_record::ObservationDomain,
        _since: Timestamp,
    ) {
        self.restarts += 1;
    }

    fn records(&mut self, batch: &mut Batch<'_>) {
        for place in 0..batch.records.len() {
            let record = batch.records[place];
            self.flows.push(Flow::read(batch, place, &record));
        }
    }

    fn malformed(&mut self, malformed: Malformed) {
        self.malformed = Some(malformed);
    }
}
