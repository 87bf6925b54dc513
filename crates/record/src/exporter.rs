//! Who sends: Exporters, their versions and Observation Domains, and what the inventory says of them.

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::{ActiveTimeout, Sampling};

/// The number of an Exporter within one partition; given once, never given again.
///
/// It stands for the source address of the datagrams. An Exporter that was forgotten for lack of
/// room and comes back is a new number: rows that are still open under the old one stay right.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct ExporterId(pub u32);

/// Observation Domain ID (RFC 7011 §3.1), Source ID of V9 (RFC 3954 §5.1), engine of V5
/// (`engine_type · 256 + engine_id`).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct ObservationDomain(pub u32);

impl fmt::Display for ObservationDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The version word of a datagram that can be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Version {
    /// NetFlow V5.
    V5,
    /// NetFlow V9 (RFC 3954).
    V9,
    /// NetFlow V10, IPFIX (RFC 7011).
    Ipfix,
}

impl Version {
    /// The version word on the wire: 5, 9 or 10.
    pub const fn word(self) -> u16 {
        match self {
            Self::V5 => 5,
            Self::V9 => 9,
            Self::Ipfix => 10,
        }
    }
}

/// A sampling rate that the inventory states for an Exporter (`sampling`, `force`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SamplingOverride {
    /// The factor by which counters are multiplied.
    pub sampling: Sampling,
    /// Goes before what the records say, not only where they say nothing.
    pub force: bool,
}

/// What the inventory says of an Exporter's habits; all absent unless a resource says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExporterProfile {
    /// The active timeout, stated instead of learned.
    pub active_timeout: Option<ActiveTimeout>,
    /// Records carry delta counters with the start of the connection, not of the interval.
    pub keeps_start: bool,
    /// Both directions are metered on purpose: records with `flowDirection` 1 are never copies.
    pub counts_egress: bool,
    /// A stated sampling rate.
    pub sampling: Option<SamplingOverride>,
}
