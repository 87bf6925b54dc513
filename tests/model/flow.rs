//! What a flow log gets: one direction of one record, with everything that was settled.

use std::net::IpAddr;

use crate::split::{Factor, Spread};

/// The key of a SAG row beside its Exporter; absent values share it with 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    pub source: Option<IpAddr>,
    pub destination: Option<IpAddr>,
    pub source_port: u16,
    pub destination_port: u16,
    pub protocol: u8,
    pub tos: u8,
    pub ingress: u32,
    pub egress: u32,
}

/// Which values the record had.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Present {
    pub protocol: bool,
    pub tos: bool,
    pub ingress: bool,
    pub egress: bool,
}

impl Present {
    pub fn or(self, other: Self) -> Self {
        Self {
            protocol: self.protocol | other.protocol,
            tos: self.tos | other.tos,
            ingress: self.ingress | other.ingress,
            egress: self.egress | other.egress,
        }
    }
}

/// Whom to ask for the rate of a record that came without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sampler {
    pub domain: u32,
    pub id: Option<u64>,
}

#[derive(Clone, Debug)]
pub struct Flow {
    /// Tells it from all others.
    pub number: u64,
    pub exporter: IpAddr,
    pub key: Key,
    pub present: Present,
    pub tcp_flags: Option<u16>,
    /// By the Exporter's clock.
    pub start: i64,
    pub end: i64,
    pub packets: u64,
    pub octets: u64,
    pub factor: Option<Factor>,
    pub sampler: Sampler,
    /// It ended: reason 1, 3, 4, 5, FIN or RST.
    pub ended: bool,
    /// An active timeout explains it.
    pub continues: bool,
    /// The Exporter's active timeout when it came.
    pub active_timeout: i64,
    /// Not added: totals without a base.
    pub baseline: bool,
}

impl Flow {
    pub fn is_event(&self) -> bool {
        self.packets == 0 && self.octets == 0
    }

    /// Its counters over the interval that a flow log takes for it.
    pub fn spread(&self, start: i64, end: i64) -> Spread {
        Spread {
            start,
            end,
            packets: self.packets.into(),
            octets: self.octets.into(),
        }
    }
}
