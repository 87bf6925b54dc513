//! What a fleet is like. Times are in milliseconds, probabilities in parts of a million.

use alloc::vec;
use alloc::vec::Vec;
use core::fmt;
use core::net::Ipv4Addr;

use flowlog_record::Version;

use crate::rng::MILLION;

/// Everything that a [`Fleet`](crate::Fleet) does follows from this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetConfig {
    /// Another seed is another fleet of the same kind.
    pub seed: u64,
    /// How many Exporters; at least 1, at most 60,000.
    pub exporters: u32,
    /// The first Exporter speaks the first version, and so on in turn; at least one.
    pub versions: Vec<Version>,
    /// The source address of the first Exporter; the others follow. Hostile octets come from the
    /// address behind the last one.
    pub first_address: Ipv4Addr,
    /// Observation Domain ID, Source ID, engine id (its low octet) of all of them.
    pub observation_domain: u32,
    /// What each of them meters.
    pub traffic: Traffic,
    /// When their caches let go of a flow.
    pub timeouts: Timeouts,
    /// How they export.
    pub export: Export,
    /// What goes wrong.
    pub impairments: Impairments,
}

/// The traffic that one Exporter meters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traffic {
    /// Connections that begin each minute: web, DNS, QUIC, ssh, bulk transfers, pings, scans. They
    /// make about two Flow Records each.
    pub connections_per_minute: u32,
    /// Connections that are open all the time, from 1 to 8 hours each, so that active timeouts
    /// cut them.
    pub long_lived: u32,
    /// How many of a hundred connections are IPv6; V5 has none.
    pub ipv6_percent: u32,
    /// The network of the clients: the first octet and, plus the number of the Exporter, the
    /// second. Servers are in 198.18.0.0/15.
    pub inside: Ipv4Addr,
}

/// When a cache exports a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// A flow that goes on is exported when it has been in the cache that long.
    pub active_ms: u32,
    /// A flow is exported when it had no packet for that long.
    pub inactive_ms: u32,
}

/// How an Exporter sends its records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Export {
    /// Octets of a datagram at most, from 512 to 65,507.
    pub max_datagram: usize,
    /// A record waits that long for others to fill the datagram with.
    pub hold_ms: u32,
    /// Templates and options are sent again after that time ...
    pub templates_every_ms: u32,
    /// ... or after that many datagrams, whatever comes first.
    pub templates_every_datagrams: u32,
    /// One packet of that many is metered; 1 is all. At most 16,383, which V5 can say.
    pub sampling: u32,
    /// How IPFIX says times; V5 and V9 have [`TimeEncoding::SysUptime`] only.
    pub time: TimeEncoding,
    /// How long the Exporters have been up at the start; 2³² − 60,000 shows the wrap of
    /// `SysUptime` after a minute.
    pub uptime_ms: u32,
}

/// How IPFIX says when a flow began and ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeEncoding {
    /// Elements 152 and 153: milliseconds of the epoch.
    Milliseconds,
    /// Elements 22 and 21: milliseconds since the boot, with the boot (160) in options data.
    SysUptime,
}

/// What goes wrong between the packets and the collector; nothing by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Impairments {
    /// Datagrams lost by the network.
    pub loss_ppm: u32,
    /// Datagrams that arrive twice, the copy up to 100 ms later.
    pub duplicate_ppm: u32,
    /// Datagrams that are held back for up to `reorder_ms`.
    pub reorder_ppm: u32,
    /// See `reorder_ppm`.
    pub reorder_ms: u32,
    /// Each Exporter restarts about that often, `None` never. Its cache is lost, its sequence
    /// number and `SysUptime` begin anew.
    pub restart_every_ms: Option<u32>,
    /// How long a restart takes. Packets are not metered meanwhile.
    pub outage_ms: u32,
    /// Each clock is off by up to that, ahead or behind.
    pub skew_ms: u32,
    /// Each clock runs fast or slow by up to that.
    pub drift_ppm: u32,
    /// Hostile datagrams for each million of honest ones; above a million, as many as it says.
    pub hostile_ppm: u32,
}

/// What a [`FleetConfig`] may not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidConfig {
    /// The field.
    pub field: &'static str,
    /// What it may be.
    pub remedy: &'static str,
}

impl Default for FleetConfig {
    fn default() -> Self {
        Self {
            seed: 1,
            exporters: 3,
            versions: vec![Version::V5, Version::V9, Version::Ipfix],
            first_address: Ipv4Addr::new(127, 0, 1, 1),
            observation_domain: 1,
            traffic: Traffic::default(),
            timeouts: Timeouts::default(),
            export: Export::default(),
            impairments: Impairments::default(),
        }
    }
}

impl Default for Traffic {
    fn default() -> Self {
        Self {
            connections_per_minute: 600,
            long_lived: 20,
            ipv6_percent: 10,
            inside: Ipv4Addr::new(10, 0, 0, 0),
        }
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            active_ms: 60_000,
            inactive_ms: 15_000,
        }
    }
}

impl Default for Export {
    fn default() -> Self {
        Self {
            max_datagram: 1400,
            hold_ms: 1000,
            templates_every_ms: 60_000,
            templates_every_datagrams: 1000,
            sampling: 1,
            time: TimeEncoding::Milliseconds,
            uptime_ms: 86_400_000,
        }
    }
}

impl FleetConfig {
    /// Whether a fleet can be like that.
    ///
    /// # Errors
    /// The first field that is out of its range.
    pub fn check(&self) -> Result<(), InvalidConfig> {
        let impairments = &self.impairments;
        let probabilities = [
            impairments.loss_ppm,
            impairments.duplicate_ppm,
            impairments.reorder_ppm,
        ];
        let checks = [
            (
                (1..=60_000).contains(&self.exporters),
                "exporters",
                "1 to 60000",
            ),
            (!self.versions.is_empty(), "versions", "at least one"),
            (
                self.timeouts.active_ms >= 1000 && self.timeouts.inactive_ms >= 1000,
                "timeouts",
                "a second or more",
            ),
            (
                (512..=65_507).contains(&self.export.max_datagram),
                "export.max_datagram",
                "512 to 65507 octets",
            ),
            (
                (1..=16_383).contains(&self.export.sampling),
                "export.sampling",
                "1 to 16383",
            ),
            (
                self.export.templates_every_ms >= 1000,
                "export.templates_every_ms",
                "a second or more",
            ),
            (
                probabilities.iter().all(|&ppm| ppm <= MILLION),
                "impairments",
                "probabilities up to 1000000",
            ),
            (
                impairments
                    .restart_every_ms
                    .is_none_or(|every| every >= 1000),
                "impairments.restart_every_ms",
                "a second or more",
            ),
        ];
        match checks.iter().find(|(holds, _, _)| !holds) {
            Some(&(_, field, remedy)) => Err(InvalidConfig { field, remedy }),
            None => Ok(()),
        }
    }
}

impl fmt::Display for InvalidConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: may be {}", self.field, self.remedy)
    }
}

impl core::error::Error for InvalidConfig {}

#[cfg(test)]
mod tests;
