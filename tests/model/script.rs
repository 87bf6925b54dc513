//! Writes streams: Exporters with their clocks, and what they send when.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use crate::stream::{Content, Datagram, Header, Input, Record};

/// 2023-11-14T12:00:00Z in milliseconds; a multiple of every window.
pub const NOON: i64 = 1_699_963_200_000;
pub const SECOND: i64 = 1000;
pub const MINUTE: i64 = 60_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    V5,
    V9,
    Ipfix,
}

/// An Exporter and its clock.
#[derive(Clone, Copy, Debug)]
pub struct Exporter {
    pub address: IpAddr,
    pub version: Version,
    pub domain: u32,
    /// When it booted, by its own clock.
    pub boot: i64,
    /// By how much its clock is ahead.
    pub ahead: i64,
    /// The sampling word of V5.
    pub sampling: u16,
}

impl Exporter {
    pub fn new(last: u8, version: Version) -> Self {
        Self {
            address: IpAddr::V4(Ipv4Addr::new(192, 0, 2, last)),
            version,
            domain: 7,
            boot: NOON - 86_400_000,
            ahead: 0,
            sampling: 0,
        }
    }

    /// The header of what it sends at `at`.
    pub fn header(&self, at: i64) -> Header {
        let x = at + self.ahead;
        let uptime = u32::try_from((x - self.boot).rem_euclid(1 << 32)).expect("32 bits");
        let seconds = u32::try_from(x.div_euclid(1000)).expect("32 bits");
        let sequence = 0;
        match self.version {
            Version::V5 => Header::V5 {
                uptime,
                seconds,
                nanoseconds: u32::try_from(x.rem_euclid(1000)).expect("small") * 1_000_000,
                sequence,
                engine: u16::try_from(self.domain).expect("16 bits"),
                sampling: self.sampling,
            },
            Version::V9 => Header::V9 {
                uptime,
                seconds,
                sequence,
                source_id: self.domain,
            },
            Version::Ipfix => Header::Ipfix {
                seconds,
                sequence,
                domain: self.domain,
            },
        }
    }
}

#[derive(Debug, Default)]
pub struct Script {
    pub inputs: Vec<Input>,
    sequences: BTreeMap<(IpAddr, u32), u32>,
}

impl Script {
    pub fn new() -> Self {
        Self::default()
    }

    /// `exporter` sends `records` at `at`, and they arrive at once.
    pub fn send(&mut self, exporter: &Exporter, at: i64, records: Vec<Record>) -> &mut Self {
        self.send_late(exporter, at, at, records)
    }

    /// `exporter` sends `records` at `sent`, and they arrive at `at`.
    pub fn send_late(
        &mut self,
        exporter: &Exporter,
        sent: i64,
        at: i64,
        records: Vec<Record>,
    ) -> &mut Self {
        let content = records.into_iter().map(Content::Flow).collect();
        self.push(exporter, sent, at, content)
    }

    /// `exporter` sends options; the scope is the whole of it.
    pub fn options(&mut self, exporter: &Exporter, at: i64, fields: Record) -> &mut Self {
        let scope = match exporter.version {
            Version::V9 => Record::new().with(1, 4, 0),
            _ => Record::new().with(149, 4, exporter.domain.into()),
        };
        self.push(exporter, at, at, vec![Content::Options { scope, fields }])
    }

    pub fn push(
        &mut self,
        exporter: &Exporter,
        sent: i64,
        at: i64,
        content: Vec<Content>,
    ) -> &mut Self {
        let mut header = exporter.header(sent);
        let records = u32::try_from(content.len()).expect("few");
        let sequence = (self.sequences.entry((exporter.address, exporter.domain))).or_default();
        *header.sequence_mut() = *sequence;
        *sequence += match exporter.version {
            Version::V9 => 1,
            Version::V5 | Version::Ipfix => records,
        };
        self.inputs.push(Input::Datagram(Datagram {
            at,
            from: exporter.address,
            header,
            content,
        }));
        self
    }

    /// The datagram `n` inputs ago once more, at `at`.
    pub fn again(&mut self, n: usize, at: i64) -> &mut Self {
        let mut input = self.inputs[self.inputs.len() - 1 - n].clone();
        match &mut input {
            Input::Datagram(datagram) => datagram.at = at,
            Input::Tick(now) | Input::Off(now) => *now = at,
            Input::Restart => {}
        }
        self.inputs.push(input);
        self
    }

    pub fn off(&mut self, now: i64) -> &mut Self {
        self.inputs.push(Input::Off(now));
        self
    }

    pub fn restart(&mut self) -> &mut Self {
        self.inputs.push(Input::Restart);
        self
    }

    pub fn tick(&mut self, now: i64) -> &mut Self {
        self.inputs.push(Input::Tick(now));
        self
    }
}
