//! Flows, and the records that a cache makes of them.

use core::net::IpAddr;

use crate::clock::Micros;

/// ICMP, TCP, UDP.
pub(crate) const ICMP: u8 = 1;
pub(crate) const TCP: u8 = 6;
pub(crate) const UDP: u8 = 17;
/// ICMP of IPv6.
pub(crate) const ICMP6: u8 = 58;

/// What all packets of a unidirectional flow share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flow {
    pub(crate) source: IpAddr,
    pub(crate) destination: IpAddr,
    pub(crate) source_port: u16,
    /// Of ICMP `type · 256 + code`, as routers have it.
    pub(crate) destination_port: u16,
    pub(crate) protocol: u8,
    pub(crate) tos: u8,
    pub(crate) input: u16,
    pub(crate) output: u16,
    /// Forwarding status (element 89).
    pub(crate) forwarding: u8,
}

impl Flow {
    pub(crate) const fn is_ipv6(&self) -> bool {
        self.source.is_ipv6()
    }
}

/// Why a cache exported a flow (element 136).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EndReason {
    Idle,
    Active,
    EndOfFlow,
    Forced,
}

impl EndReason {
    /// The value of element 136.
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Idle => 1,
            Self::Active => 2,
            Self::EndOfFlow => 3,
            Self::Forced => 4,
        }
    }
}

/// What a cache says of a flow when it exports it; times are true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Metered {
    pub(crate) flow: Flow,
    /// Time of the first packet.
    pub(crate) start: Micros,
    /// Time of the last packet.
    pub(crate) end: Micros,
    pub(crate) packets: u64,
    pub(crate) octets: u64,
    pub(crate) tcp_flags: u8,
    pub(crate) reason: EndReason,
}
