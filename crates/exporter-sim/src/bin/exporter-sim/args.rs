//! The command line.

use std::net::{Ipv4Addr, SocketAddr};

use clap::{Parser, ValueEnum};
use flowlog_exporter_sim::{Export, FleetConfig, Impairments, TimeEncoding, Timeouts, Traffic};
use flowlog_record::Version;

/// Flow Records that a connection makes, times ten: what the kinds of connections come to.
const RECORDS_PER_TEN_CONNECTIONS: u64 = 22;
/// Milliseconds after which `SysUptime` wraps.
const WRAP_MS: u64 = 1 << 32;

/// Simulated NetFlow and IPFIX Exporters that send to a collector.
///
/// Each Exporter meters simulated connections in a flow cache and exports what a router would; the
/// same seed gives the same traffic. Against a collector on this machine each has an address of
/// its own. At the end it says what was sent, and what got through the impairments.
#[derive(Debug, Parser)]
#[command(
    name = "exporter-sim",
    disable_version_flag = true, // --version is that of NetFlow
    after_help = "Example:\n  exporter-sim --to 127.0.0.1:9995 --version 9 --exporters 4 --rate 500 --loss 1"
)]
pub(crate) struct Args {
    /// The collector.
    #[arg(long, default_value = "127.0.0.1:9995", value_name = "ADDR")]
    pub(crate) to: SocketAddr,
    /// What the Exporters speak, in turn.
    #[arg(long, value_delimiter = ',', default_values = ["5", "9", "10"], value_name = "LIST")]
    version: Vec<VersionArg>,
    /// How many Exporters.
    #[arg(long, default_value_t = 3, value_name = "N")]
    pub(crate) exporters: u32,
    /// Connections of each Exporter that are open all the time; with --blast different flows.
    #[arg(long, default_value_t = 20, value_name = "N")]
    pub(crate) flows: u32,
    /// Flow Records a second of all Exporters, approximately; exactly with --blast.
    #[arg(long, default_value_t = 100, value_name = "N")]
    pub(crate) rate: u32,
    /// How long.
    #[arg(long, default_value_t = 60, value_name = "S")]
    pub(crate) seconds: u32,
    /// Another seed is other traffic of the same kind.
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(crate) seed: u64,
    /// Send records of random flows at --rate, without a cache and without impairments.
    #[arg(long)]
    pub(crate) blast: bool,
    /// Records a datagram with --blast; by default what 1472 octets hold.
    #[arg(long, value_name = "N")]
    pub(crate) records_per_datagram: Option<u16>,
    /// The source address of the first Exporter, if the collector is on this machine.
    #[arg(long, default_value = "127.0.1.1", value_name = "IPV4")]
    pub(crate) first_address: Ipv4Addr,
    /// Of a hundred connections, how many are IPv6.
    #[arg(long, default_value_t = 10, value_name = "PERCENT")]
    ipv6: u32,
    /// Active timeout of the caches.
    #[arg(long, default_value_t = 60, value_name = "S")]
    active: u32,
    /// Inactive timeout of the caches.
    #[arg(long, default_value_t = 15, value_name = "S")]
    inactive: u32,
    /// One packet of that many is metered.
    #[arg(long, default_value_t = 1, value_name = "N")]
    sampling: u32,
    /// Templates and options are sent again after that time.
    #[arg(long, default_value_t = 60, value_name = "S")]
    templates_every: u32,
    /// IPFIX says times since the boot, and the boot in options data.
    #[arg(long)]
    since_boot: bool,
    /// `SysUptime` wraps after that time.
    #[arg(long, value_name = "S")]
    wrap_after: Option<u32>,
    /// Datagrams lost.
    #[arg(long, default_value = "0", value_parser = parts_of_a_million, value_name = "PERCENT")]
    loss: u32,
    /// Datagrams doubled.
    #[arg(long, default_value = "0", value_parser = parts_of_a_million, value_name = "PERCENT")]
    duplicate: u32,
    /// Datagrams held back for up to --reorder-ms.
    #[arg(long, default_value = "0", value_parser = parts_of_a_million, value_name = "PERCENT")]
    reorder: u32,
    /// See --reorder.
    #[arg(long, default_value_t = 500, value_name = "MS")]
    reorder_ms: u32,
    /// Each Exporter restarts about that often.
    #[arg(long, value_name = "S")]
    restart_every: Option<u32>,
    /// How long a restart takes.
    #[arg(long, default_value_t = 10, value_name = "S")]
    outage: u32,
    /// Each clock is off by up to that.
    #[arg(long, default_value_t = 0, value_name = "MS")]
    skew: u32,
    /// Each clock runs fast or slow by up to that many parts of a million.
    #[arg(long, default_value_t = 0, value_name = "PPM")]
    drift: u32,
    /// Hostile datagrams beside a hundred honest ones, from an address of their own.
    #[arg(long, default_value = "0", value_parser = parts_of_a_million, value_name = "PERCENT")]
    hostile: u32,
}

/// A version as people say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum VersionArg {
    #[value(name = "5")]
    V5,
    #[value(name = "9")]
    V9,
    #[value(name = "10", alias = "ipfix")]
    Ipfix,
}

impl Args {
    /// The versions, in turn.
    pub(crate) fn versions(&self) -> Vec<Version> {
        let version = |version: &VersionArg| match version {
            VersionArg::V5 => Version::V5,
            VersionArg::V9 => Version::V9,
            VersionArg::Ipfix => Version::Ipfix,
        };
        self.version.iter().map(version).collect()
    }

    /// The fleet that they describe.
    pub(crate) fn fleet(&self) -> FleetConfig {
        let export = Export::default();
        FleetConfig {
            seed: self.seed,
            exporters: self.exporters,
            versions: self.versions(),
            first_address: self.first_address,
            observation_domain: 1,
            traffic: Traffic {
                connections_per_minute: self.connections_per_minute(),
                long_lived: self.flows,
                ipv6_percent: self.ipv6,
                ..Traffic::default()
            },
            timeouts: Timeouts {
                active_ms: millis(self.active),
                inactive_ms: millis(self.inactive),
            },
            export: Export {
                templates_every_ms: millis(self.templates_every),
                sampling: self.sampling,
                time: if self.since_boot {
                    TimeEncoding::SysUptime
                } else {
                    TimeEncoding::Milliseconds
                },
                uptime_ms: self.wrap_after.map_or(export.uptime_ms, up_before_wrap),
                ..export
            },
            impairments: self.impairments(),
        }
    }

    fn impairments(&self) -> Impairments {
        Impairments {
            loss_ppm: self.loss,
            duplicate_ppm: self.duplicate,
            reorder_ppm: self.reorder,
            reorder_ms: self.reorder_ms,
            restart_every_ms: self.restart_every.map(millis),
            outage_ms: millis(self.outage),
            skew_ms: self.skew,
            drift_ppm: self.drift,
            hostile_ppm: self.hostile,
        }
    }

    /// What makes about `rate` records a second together with the connections that stay.
    fn connections_per_minute(&self) -> u32 {
        let exporters = u64::from(self.exporters.max(1));
        let wanted = u64::from(self.rate) * 60 / exporters;
        let from_long_lived = u64::from(self.flows) * 2 * 60 / u64::from(self.active.max(1));
        let rest = wanted.saturating_sub(from_long_lived);
        u32::try_from(rest * 10 / RECORDS_PER_TEN_CONNECTIONS).unwrap_or(u32::MAX)
    }
}

fn millis(seconds: u32) -> u32 {
    seconds.saturating_mul(1000)
}

/// How long an Exporter has been up whose `SysUptime` wraps after so many seconds.
fn up_before_wrap(seconds: u32) -> u32 {
    let up = WRAP_MS.saturating_sub(u64::from(seconds) * 1000);
    u32::try_from(up).unwrap_or(u32::MAX)
}

/// A percentage with up to four decimals, as parts of a million.
fn parts_of_a_million(text: &str) -> Result<u32, String> {
    let wrong = || format!("{text:?} is no percentage such as 1 or 0.05");
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if decimals.len() > 4 || !decimals.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(wrong());
    }
    let whole: u32 = whole.parse().map_err(|_| wrong())?;
    let decimals: u32 = format!("{decimals:0<4}").parse().map_err(|_| wrong())?;
    whole
        .checked_mul(10_000)
        .and_then(|parts| parts.checked_add(decimals))
        .ok_or_else(wrong)
}

#[cfg(test)]
mod tests;
