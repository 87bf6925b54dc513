//! The arguments of `resource` and of the commands below it.

use std::net::IpAddr;

use clap::{Args, Subcommand};

use super::Presented;

/// Arguments of `resource`.
#[derive(Clone, Debug, Args)]
pub struct ResourceArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: ResourceCommand,
}

/// The commands below `resource`.
#[derive(Clone, Debug, Subcommand)]
pub enum ResourceCommand {
    /// List the inventory: what is where, and which flow logs cover it.
    #[command(after_help = "Example:\n  flowlogd resource list --config flowlogd.toml")]
    List(ListResourcesArgs),
    /// Say which resources and flow logs records of an Exporter belong to, and why.
    ///
    /// The resources come in the order in which they go before each other. With --source,
    /// --destination, --input or --output it is said of one such record where it belongs.
    #[command(
        after_help = "Examples:\n  flowlogd resource explain 192.0.2.12\n  flowlogd resource explain \
                      192.0.2.12 --source 10.1.2.3 --destination 198.51.100.7 --input 3"
    )]
    Explain(ExplainArgs),
}

/// Arguments of `resource list`.
#[derive(Clone, Debug, Args)]
pub struct ListResourcesArgs {
    /// How it is shown, and of which daemon.
    #[command(flatten)]
    pub presented: Presented,
}

/// Arguments of `resource explain`.
#[derive(Clone, Debug, Args)]
pub struct ExplainArgs {
    /// The Exporter: where its datagrams come from
    #[arg(value_name = "ADDRESS")]
    pub exporter: IpAddr,
    /// The Observation Domain (IPFIX), Source ID (V9) or engine (V5) of its datagrams
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub domain: u32,
    /// The source address of a record
    #[arg(long, value_name = "ADDRESS")]
    pub source: Option<IpAddr>,
    /// The destination address of a record
    #[arg(long, value_name = "ADDRESS")]
    pub destination: Option<IpAddr>,
    /// The input interface of a record, by its SNMP index
    #[arg(long, value_name = "N")]
    pub input: Option<u32>,
    /// The output interface of a record, by its SNMP index
    #[arg(long, value_name = "N")]
    pub output: Option<u32>,
    /// How it is shown, and of which daemon.
    #[command(flatten)]
    pub presented: Presented,
}
