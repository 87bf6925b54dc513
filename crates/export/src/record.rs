//! What is exported of one row.

use core::net::IpAddr;

use flowlog_record::{Action, Direction, Timestamp};

/// One row, as far as it is exported. Numbers that a row does not have are 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// Source address; `None` for `-`.
    pub source: Option<IpAddr>,
    /// Destination address; `None` for `-`.
    pub destination: Option<IpAddr>,
    /// Source port.
    pub source_port: u16,
    /// Destination port; of ICMP `type · 256 + code`.
    pub destination_port: u16,
    /// Protocol.
    pub protocol: u8,
    /// The column `packets`, scaled by sampling; not `packets_raw`.
    pub packets: u64,
    /// The column `bytes`, scaled by sampling; not `bytes_raw`.
    pub octets: u64,
    /// First millisecond.
    pub first: Timestamp,
    /// Last millisecond, inclusive, as collectors take it. The end of a row that goes on is that of its
    /// window, an exclusive bound: its last millisecond is the one before. A collector with windows
    /// would count a part of the row in the next otherwise.
    pub last: Timestamp,
    /// The Exporter whose records the row was made of.
    pub exporter: IpAddr,
    /// Direction; [`Direction::Unknown`] for `-`.
    pub direction: Direction,
    /// Sent if [`Carries::ACTION`](crate::Carries::ACTION).
    pub action: Action,
    /// Sent in V5, else if [`Carries::TCP_FLAGS`](crate::Carries::TCP_FLAGS).
    pub tcp_flags: u16,
    /// Sent in V5, else if [`Carries::TOS`](crate::Carries::TOS).
    pub tos: u8,
    /// Sent in V5, else if [`Carries::INTERFACES`](crate::Carries::INTERFACES).
    pub ingress_interface: u32,
    /// As `ingress_interface`.
    pub egress_interface: u32,
    /// Sent in V5, else if [`Carries::AS_NUMBERS`](crate::Carries::AS_NUMBERS).
    pub source_as: u32,
    /// As `source_as`.
    pub destination_as: u32,
}

impl Record {
    /// A record of which nothing is known but who exported it: what filling begins from.
    pub const fn of(exporter: IpAddr) -> Self {
        Self {
            source: None,
            destination: None,
            source_port: 0,
            destination_port: 0,
            protocol: 0,
            packets: 0,
            octets: 0,
            first: Timestamp(0),
            last: Timestamp(0),
            exporter,
            direction: Direction::Unknown,
            action: Action::Accept,
            tcp_flags: 0,
            tos: 0,
            ingress_interface: 0,
            egress_interface: 0,
            source_as: 0,
            destination_as: 0,
        }
    }

    /// Whether it has no counters: a row with the reason `event`.
    pub const fn is_event(&self) -> bool {
        self.packets == 0 && self.octets == 0
    }

    /// Whether it has TCP flags beyond the low 8.
    pub(crate) const fn has_upper_flags(&self) -> bool {
        self.tcp_flags > 0xff
    }
}
