//! What was sent, in numbers.

use core::net::IpAddr;
use core::ops::{AddAssign, Sub};

use flowlog_record::Version;

/// Sums over datagrams and the data records in them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Datagrams.
    pub datagrams: u64,
    /// Flow Records; options data is not among them.
    pub records: u64,
    /// Packets of those records, as exported: sampled ones are not multiplied.
    pub packets: u64,
    /// Octets of those records, as exported.
    pub octets: u64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.datagrams += other.datagrams;
        self.records += other.records;
        self.packets += other.packets;
        self.octets += other.octets;
    }
}

impl Sub for Counts {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self {
            datagrams: self.datagrams.saturating_sub(other.datagrams),
            records: self.records.saturating_sub(other.records),
            packets: self.packets.saturating_sub(other.packets),
            octets: self.octets.saturating_sub(other.octets),
        }
    }
}

/// What one Exporter sent, and what the network did to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally {
    /// The source address of its datagrams.
    pub address: IpAddr,
    /// The version that it speaks.
    pub version: Version,
    /// All that it exported.
    pub generated: Counts,
    /// What the network lost of it.
    pub lost: Counts,
    /// Copies of datagrams that the network made; not in `generated`.
    pub duplicates: u64,
    /// Datagrams that the network held back so that later ones overtook them.
    pub delayed: u64,
    /// Times that it restarted: what its cache held then was never exported.
    pub restarts: u64,
}

impl Tally {
    /// What got through, each datagram once: what a collector that loses nothing has decoded.
    pub fn after_loss(&self) -> Counts {
        self.generated - self.lost
    }
}
