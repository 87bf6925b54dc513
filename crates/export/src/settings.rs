//! What an Exporting Process speaks, and to whom.

use bitflags::bitflags;
use flowlog_record::ObservationDomain;
use flowlog_wire::netflow5;
use serde::{Deserialize, Serialize};

/// How one flow log is exported to one collector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What is spoken.
    pub protocol: Protocol,
    /// Observation Domain ID, Source ID, or in its low 16 bits engine type and id of V5: one for
    /// each flow log, so that the sequence numbers of several do not mix.
    pub domain: ObservationDomain,
    /// Which of the optional values the rows have.
    pub carries: Carries,
    /// How long a message becomes.
    pub limit: MessageLimit,
    /// When Templates and options are sent again; never on a connection.
    pub refresh: Refresh,
}

/// A version, and what carries it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Protocol {
    /// NetFlow V5 in datagrams.
    Netflow5,
    /// NetFlow V9 in datagrams.
    Netflow9,
    /// IPFIX in datagrams.
    IpfixUdp,
    /// IPFIX on a connection: Templates are sent once on each (RFC 7011 §8.1), and sequence numbers
    /// begin at 0 with each.
    IpfixTcp,
}

bitflags! {
    /// Which optional values the rows of a flow log have: what is not carried has no field in the
    /// Templates of V9 and IPFIX. In V5 every field is there.
    ///
    /// They are part of the Template IDs: an ID never changes its meaning.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct Carries: u8 {
        /// `tcp-flags`
        const TCP_FLAGS = 1 << 0;
        /// `tos`
        const TOS = 1 << 1;
        /// `inport`, `outport`
        const INTERFACES = 1 << 2;
        /// `bgpSourceAsNumber`, `bgpDestinationAsNumber` among the columns of the flow log
        const AS_NUMBERS = 1 << 3;
        /// `action`
        const ACTION = 1 << 4;
    }
}

impl Carries {
    /// What every VPC row has.
    pub const VPC: Self = Self::TCP_FLAGS.union(Self::ACTION);
    /// What every CEN row has: none of them.
    pub const CEN: Self = Self::empty();
    /// What every SAG row has.
    pub const SAG: Self = Self::TCP_FLAGS.union(Self::TOS).union(Self::INTERFACES);
}

/// Octets of a message at most: from 512, which hold any Template with its record, to 65,535.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MessageLimit(u16);

impl MessageLimit {
    /// The default of datagrams: passes where the MTU is 1500, also with IPv6 and in a tunnel.
    pub const DATAGRAM: Self = Self(1_400);
    /// The default on a connection, where a message is no packet.
    pub const CONNECTION: Self = Self(16_384);

    /// `None` below 512. Over UDP more than 65,507 cannot be sent.
    pub const fn new(octets: u16) -> Option<Self> {
        if octets >= 512 {
            Some(Self(octets))
        } else {
            None
        }
    }

    /// The octets.
    pub fn octets(self) -> usize {
        usize::from(self.0)
    }

    /// For how many records of V5 there is room; it may be for more than a message can have.
    pub(crate) fn netflow5_records(self) -> usize {
        (self.octets() - netflow5::HEADER_LENGTH) / netflow5::RECORD_LENGTH
    }
}

/// When Templates and options are sent again over UDP: with the first message after that time, or
/// after that many messages, whatever comes first (RFC 3954 §9, RFC 7011 §8.4).
///
/// A collector that starts, or that lost the datagram, can read nothing before it. Routers wait from
/// 1 to 30 minutes; the default is at the short end, for it costs about 200 octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refresh {
    /// Milliseconds.
    pub every_ms: u32,
    /// Messages with data.
    pub every_messages: u32,
}

impl Default for Refresh {
    /// A minute, or 1000 messages.
    fn default() -> Self {
        Self {
            every_ms: 60_000,
            every_messages: 1_000,
        }
    }
}

impl Settings {
    /// The defaults of a protocol.
    pub fn new(protocol: Protocol, domain: ObservationDomain, carries: Carries) -> Self {
        Self {
            protocol,
            domain,
            carries,
            limit: match protocol {
                Protocol::IpfixTcp => MessageLimit::CONNECTION,
                _ => MessageLimit::DATAGRAM,
            },
            refresh: Refresh::default(),
        }
    }
}
