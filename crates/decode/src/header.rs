//! The header of a datagram, in one shape for the three versions.

use core::net::IpAddr;

use flowlog_record::{ObservationDomain, Timestamp, Version};
use flowlog_wire::{Malformed, ipfix, message_version, netflow5, netflow9};
use serde::{Deserialize, Serialize};

/// What the header of a datagram says, and when and whence it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Its version.
    pub version: Version,
    /// Source address of the datagram.
    pub exporter: IpAddr,
    /// Arrival time `A`.
    pub at: Timestamp,
    /// Octets of the datagram.
    pub length: usize,
    /// Observation Domain, Source ID, or engine.
    pub domain: ObservationDomain,
    /// Sequence number: V5 flows, V9 datagrams, IPFIX data records.
    pub sequence: u32,
    /// Export time `X`: seconds in V9 and IPFIX; in V5 with nanoseconds, rounded down.
    pub export_time: Timestamp,
    /// `SysUptime` of V5 and V9, in milliseconds.
    pub uptime: Option<u32>,
    /// Count of V5 and V9, as sent.
    pub count: Option<u16>,
    /// Message length of IPFIX, as sent.
    pub message_length: Option<u16>,
    /// Residual nanoseconds of V5, as sent.
    pub export_nanos: Option<u32>,
    /// The sampling field of V5: mode in the upper two bits, interval in the lower fourteen.
    pub sampling: Option<u16>,
}

/// A datagram whose header could be read.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Message<'a> {
    V5(netflow5::Message<'a>),
    V9(netflow9::Message<'a>),
    Ipfix(ipfix::Message<'a>),
}

impl<'a> Message<'a> {
    pub(crate) fn parse(octets: &'a [u8]) -> Result<Self, Malformed> {
        Ok(match message_version(octets)? {
            Version::V5 => Self::V5(netflow5::Message::parse(octets)?),
            Version::V9 => Self::V9(netflow9::Message::parse(octets)?),
            Version::Ipfix => Self::Ipfix(ipfix::Message::parse(octets)?),
        })
    }

    /// What is wrong with its lengths, though its header could be read.
    pub(crate) fn error(&self) -> Option<Malformed> {
        match self {
            Self::V5(message) => message.error(),
            Self::V9(_) => None,
            Self::Ipfix(message) => message.error(),
        }
    }

    /// Its header, with arrival time and source beside it.
    pub(crate) fn header(&self, at: Timestamp, exporter: IpAddr, length: usize) -> Header {
        let header = Header {
            version: Version::V5,
            exporter,
            at,
            length,
            domain: ObservationDomain(0),
            sequence: 0,
            export_time: Timestamp(0),
            uptime: None,
            count: None,
            message_length: None,
            export_nanos: None,
            sampling: None,
        };
        match self {
            Self::V5(message) => header.netflow5(&message.header()),
            Self::V9(message) => header.netflow9(&message.header()),
            Self::Ipfix(message) => header.ipfix(&message.header()),
        }
    }
}

impl Header {
    /// Mode of sampling, and interval, of V5.
    pub const fn sampling_parts(&self) -> Option<(u16, u16)> {
        match self.sampling {
            Some(sampling) => Some((sampling >> 14, sampling & 0x3fff)),
            None => None,
        }
    }

    fn netflow5(self, header: &netflow5::Header) -> Self {
        let millis = i64::from(header.unix_nsecs / 1_000_000);
        let engine = u16::from_be_bytes([header.engine_type, header.engine_id]);
        Self {
            version: Version::V5,
            domain: ObservationDomain(u32::from(engine)),
            sequence: header.flow_sequence,
            export_time: seconds(header.unix_secs).plus(millis),
            uptime: Some(header.sys_uptime),
            count: Some(header.count),
            export_nanos: Some(header.unix_nsecs),
            sampling: Some(header.sampling_interval),
            ..self
        }
    }

    fn netflow9(self, header: &netflow9::Header) -> Self {
        Self {
            version: Version::V9,
            domain: ObservationDomain(header.source_id),
            sequence: header.sequence,
            export_time: seconds(header.unix_secs),
            uptime: Some(header.sys_uptime),
            count: Some(header.count),
            ..self
        }
    }

    fn ipfix(self, header: &ipfix::Header) -> Self {
        Self {
            version: Version::Ipfix,
            domain: ObservationDomain(header.observation_domain),
            sequence: header.sequence,
            export_time: seconds(header.export_time),
            message_length: Some(header.length),
            ..self
        }
    }
}

fn seconds(seconds: u32) -> Timestamp {
    Timestamp(i64::from(seconds) * 1000)
}
