//! What the tests of this crate share: datagrams put together by hand, and a visitor that keeps
//! what it sees.

use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr};

use flowlog_record::{ExporterProfile, FlowRecord, HashKey, ObservationDomain, Timestamp};
use flowlog_wire::{Malformed, Problem};

use crate::{
    Batch, Decoded, Decoder, Exporter, OptionsRecord, SetEvent, SetKind, Settings, TemplateChange,
    TemplateEvent, Visitor,
};

pub(crate) const EXPORTER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
/// Export time of the datagrams, in seconds.
pub(crate) const EXPORT: u32 = 1_700_000_000;
/// Their arrival: half a second later.
pub(crate) const AT: Timestamp = Timestamp(1_700_000_000_500);
pub(crate) const UPTIME: u32 = 3_600_000;

/// (enterprise, element, length)
pub(crate) type Field = (u32, u16, u16);

/// Octets put together by hand.
#[derive(Clone, Debug, Default)]
pub(crate) struct Octets(pub(crate) Vec<u8>);

impl Octets {
    /// The low `length` octets of a number.
    pub(crate) fn number(mut self, value: u64, length: usize) -> Self {
        self.0.extend_from_slice(&value.to_be_bytes()[8 - length..]);
        self
    }

    pub(crate) fn octets(mut self, octets: &[u8]) -> Self {
        self.0.extend_from_slice(octets);
        self
    }

    fn patch(mut self, at: usize, value: usize) -> Self {
        let value = u16::try_from(value).unwrap().to_be_bytes();
        self.0[at..at + 2].copy_from_slice(&value);
        self
    }
}

/// A header whose numbers the tests choose; the rest is always the same.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head {
    pub(crate) sequence: u32,
    pub(crate) domain: u32,
    pub(crate) export: u32,
    pub(crate) uptime: u32,
}

impl Default for Head {
    fn default() -> Self {
        Self {
            sequence: 0,
            domain: 1,
            export: EXPORT,
            uptime: UPTIME,
        }
    }
}

impl Head {
    pub(crate) fn netflow9(self, sets: &[Octets]) -> Vec<u8> {
        let head = Octets::default()
            .number(9, 2)
            .number(1, 2)
            .number(self.uptime.into(), 4)
            .number(self.export.into(), 4)
            .number(self.sequence.into(), 4)
            .number(self.domain.into(), 4);
        sets.iter().fold(head, |all, set| all.octets(&set.0)).0
    }

    pub(crate) fn ipfix(self, sets: &[Octets]) -> Vec<u8> {
        let head = Octets::default()
            .number(10, 2)
            .number(0, 2)
            .number(self.export.into(), 4)
            .number(self.sequence.into(), 4)
            .number(self.domain.into(), 4);
        let all = sets.iter().fold(head, |all, set| all.octets(&set.0));
        let length = all.0.len();
        all.patch(2, length).0
    }

    /// V5 records of (packets, octets, First, Last).
    pub(crate) fn netflow5(self, records: &[(u32, u32, u32, u32)]) -> Vec<u8> {
        let count = u64::try_from(records.len()).unwrap();
        let head = Octets::default()
            .number(5, 2)
            .number(count, 2)
            .number(self.uptime.into(), 4)
            .number(self.export.into(), 4)
            .number(0, 4)
            .number(self.sequence.into(), 4)
            .number(self.domain.into(), 2)
            .number(0, 2);
        let all = records
            .iter()
            .fold(head, |all, &(packets, octets, first, last)| {
                all.number(0x0a00_0001, 4)
                    .number(0x0a00_0002, 4)
                    .number(0, 4)
                    .number(3, 2)
                    .number(4, 2)
                    .number(packets.into(), 4)
                    .number(octets.into(), 4)
                    .number(first.into(), 4)
                    .number(last.into(), 4)
                    .number(1234, 2)
                    .number(80, 2)
                    .number(0, 1)
                    .number(0x10, 1)
                    .number(6, 1)
                    .octets(&[0; 9])
            });
        all.0
    }
}

/// A Set with its header.
pub(crate) fn set(id: u16, body: &Octets) -> Octets {
    let length = u64::try_from(body.0.len() + 4).unwrap();
    Octets::default()
        .number(id.into(), 2)
        .number(length, 2)
        .octets(&body.0)
}

fn specifiers(octets: Octets, fields: &[Field]) -> Octets {
    fields
        .iter()
        .fold(octets, |octets, &(enterprise, id, length)| {
            if enterprise == 0 {
                octets.number(id.into(), 2).number(length.into(), 2)
            } else {
                octets
                    .number(u64::from(id | 0x8000), 2)
                    .number(length.into(), 2)
                    .number(enterprise.into(), 4)
            }
        })
}

/// A Template Set (0 in V9, 2 in IPFIX) with one Template Record.
pub(crate) fn template(set_id: u16, id: u16, fields: &[Field]) -> Octets {
    let count = u64::try_from(fields.len()).unwrap();
    let record = Octets::default().number(id.into(), 2).number(count, 2);
    set(set_id, &specifiers(record, fields))
}

/// An Options Template Set of IPFIX with one record.
pub(crate) fn options_template(id: u16, scopes: u16, fields: &[Field]) -> Octets {
    let count = u64::try_from(fields.len()).unwrap();
    let record = Octets::default()
        .number(id.into(), 2)
        .number(count, 2)
        .number(scopes.into(), 2);
    set(3, &specifiers(record, fields))
}

/// An Options Template Set of V9 with one record, padded to four octets.
pub(crate) fn netflow9_options_template(id: u16, scopes: &[Field], options: &[Field]) -> Octets {
    let length = |fields: &[Field]| u64::try_from(fields.len() * 4).unwrap();
    let record = Octets::default()
        .number(id.into(), 2)
        .number(length(scopes), 2)
        .number(length(options), 2);
    set(
        1,
        &specifiers(specifiers(record, scopes), options).octets(&[0; 2]),
    )
}

/// A data Set of numbers of these lengths.
pub(crate) fn data(id: u16, values: &[(u64, usize)]) -> Octets {
    let body = values
        .iter()
        .fold(Octets::default(), |all, &(value, length)| {
            all.number(value, length)
        });
    set(id, &body)
}

/// Keeps what it sees.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Settles before it keeps.
    pub(crate) settles: bool,
    pub(crate) profile: ExporterProfile,
    pub(crate) records: Vec<FlowRecord>,
    /// The shift of each record's datagram.
    pub(crate) shifts: Vec<i64>,
    pub(crate) sets: Vec<SetKind>,
    pub(crate) changes: Vec<TemplateChange>,
    pub(crate) problems: Vec<Problem>,
    pub(crate) options: usize,
    pub(crate) restarts: usize,
    pub(crate) profiles_asked: usize,
}

impl Visitor for Seen {
    fn profile(&mut self, _: IpAddr, _: ObservationDomain) -> ExporterProfile {
        self.profiles_asked += 1;
        self.profile
    }

    fn restart(&mut self, _: &Exporter, _: ObservationDomain, _: Timestamp) {
        self.restarts += 1;
    }

    fn set(&mut self, set: SetEvent) {
        self.sets.push(set.kind);
    }

    fn template(&mut self, template: &TemplateEvent<'_>) {
        self.changes.push(template.change);
    }

    fn records(&mut self, batch: &mut Batch<'_>) {
        if self.settles {
            batch.settle();
        }
        self.records.extend_from_slice(batch.records);
        let shift = batch.shift();
        self.shifts.extend(batch.records.iter().map(|_| shift));
    }

    fn options(&mut self, _: &OptionsRecord<'_>) {
        self.options += 1;
    }

    fn malformed(&mut self, malformed: Malformed) {
        self.problems.push(malformed.problem);
    }
}

/// A decoder and what its visitor has seen.
#[derive(Debug)]
pub(crate) struct Bench {
    pub(crate) decoder: Decoder,
    pub(crate) seen: Seen,
}

impl Default for Bench {
    fn default() -> Self {
        Self::new(Settings::default())
    }
}

impl Bench {
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            decoder: Decoder::new(settings, HashKey::PUBLIC),
            seen: Seen::default(),
        }
    }

    /// One whose records are settled.
    pub(crate) fn settling() -> Self {
        let mut bench = Self::default();
        bench.seen.settles = true;
        bench
    }

    pub(crate) fn decode(&mut self, datagram: &[u8]) -> Decoded {
        self.decode_at(AT, datagram)
    }

    pub(crate) fn decode_at(&mut self, at: Timestamp, datagram: &[u8]) -> Decoded {
        self.decode_from(EXPORTER, at, datagram)
    }

    pub(crate) fn decode_from(&mut self, from: IpAddr, at: Timestamp, datagram: &[u8]) -> Decoded {
        self.decoder.decode(at, from, datagram, &mut self.seen)
    }

    /// The Exporter heard last.
    pub(crate) fn exporter(&self) -> &Exporter {
        self.decoder.exporters().last().unwrap()
    }
}
