//! The arguments of every command. The doc comments here are the help that users read.

mod flow_log;
mod logstore;
mod resource;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::Failure;
use crate::config::{Config, Sources};
use crate::output::{Color, Format};

pub use flow_log::{FlowLogArgs, FlowLogProduct, FlowLogVerb};
pub use logstore::{
    CreateLogstoreArgs, DeleteLogstoreArgs, InfoArgs, ListArgs, LogstoreArgs, LogstoreCommand,
    Presented,
};
pub use resource::{ExplainArgs, ListResourcesArgs, ResourceArgs, ResourceCommand};

/// Collects NetFlow V5, V9 and IPFIX, makes flow-log rows of it and answers questions about them.
///
/// Without a command it collects, as "flowlogd run" does.
#[derive(Debug, Parser)]
#[command(
    name = "flowlogd",
    version,
    args_conflicts_with_subcommands = true,
    after_help = "Example: collect on UDP 9995, and look at the rows from another shell\n  \
                  flowlogd\n  flowlogd query '* | select srcaddr, sum(bytes) as b group by srcaddr \
                  order by b desc limit 10'"
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The arguments of "run", when no command is given.
    #[command(flatten)]
    pub run: RunArgs,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Collect: the daemon. Needs no configuration.
    #[command(
        after_help = "Example:\n  flowlogd run --config flowlogd.toml --data /var/lib/flowlogd"
    )]
    Run(RunArgs),
    /// Read a configuration, check it and print what holds, secrets masked.
    #[command(after_help = "Example:\n  flowlogd check-config --connect flowlogd.toml")]
    CheckConfig(CheckConfigArgs),
    /// Decode captures and print every datagram, Template and record. Needs no daemon.
    #[command(after_help = "Example:\n  flowlogd inspect --format json router.pcap")]
    Inspect(InspectArgs),
    /// Run captures through the whole pipeline under their own clock and print the rows.
    ///
    /// Never sleeps, and gives the same octets every time. The last line is the ledger.
    #[command(
        after_help = "Example:\n  flowlogd replay --set flow_log.default.window=5m router.pcap"
    )]
    Replay(ReplayArgs),
    /// Send the datagrams of captures to a collector.
    #[command(
        after_help = "Example:\n  flowlogd send --to 192.0.2.10:9995 --as-recorded router.pcap"
    )]
    Send(SendArgs),
    /// Ask a Logstore of the running daemon.
    #[command(
        after_help = "Examples:\n  flowlogd query --last 15m 'dstport: 443'\n  flowlogd query \
                      --follow 'action: REJECT'\n  flowlogd query --from yesterday --to today \
                      --format csv '* | select dstaddr, sum(bytes) as b group by dstaddr order by b \
                      desc limit 10'"
    )]
    Query(QueryArgs),
    /// List, create, delete and describe the Logstores of the running daemon.
    #[command(
        after_help = "Example:\n  flowlogd logstore create my-project my-logs --ttl 7 --index \
                      host:text,bytes:long"
    )]
    Logstore(LogstoreArgs),
    /// Make, list, change, start, stop and delete flow logs of the running daemon.
    ///
    /// Parameters are those of the control API's operations. A change comes into effect a moment
    /// after the answer; "describe" tells when.
    #[command(
        after_help = "Examples:\n  flowlogd flow-log create vpc ResourceType=VPC \
                      ResourceId=vpc-1 TrafficType=All ProjectName=my-project \
                      LogStoreName=my-logs AggregationInterval=1\n  flowlogd flow-log \
                      deactivate vpc --id fl-0123456789abcdefghijk\n  flowlogd flow-log \
                      describe cen Status=Active --format json"
    )]
    FlowLog(FlowLogArgs),
    /// Look at the inventory: what is where, and whose a record would be. Needs no daemon.
    #[command(after_help = "Example:\n  flowlogd resource explain 192.0.2.12")]
    Resource(ResourceArgs),
    /// Print the completions of a shell, for its directory of completions.
    #[command(after_help = "Example:\n  flowlogd completions bash > \
                            /usr/share/bash-completion/completions/flowlogd")]
    Completions(CompletionsArgs),
    /// Print the manual page, or write the pages of all commands into a directory.
    #[command(after_help = "Example:\n  flowlogd man --output /usr/share/man/man1")]
    Man(ManArgs),
}

/// Where the configuration and the data of the daemon are.
#[derive(Clone, Debug, Default, Args)]
pub struct Place {
    /// The configuration; without it, the defaults
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The data directory; goes before the one of the configuration
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

impl Place {
    /// Where the configuration comes from: defaults, file, environment, flags.
    pub fn sources(&self) -> Sources {
        Sources::default()
            .file(self.config.as_deref())
            .process_environment()
            .flag("--data", "data", self.data.as_deref())
    }

    /// The configuration that holds.
    ///
    /// # Errors
    /// What is wrong with it, as wrong usage.
    pub fn load(&self) -> Result<Config, Failure> {
        Ok(self.sources().load()?)
    }
}

/// Arguments of `run`.
#[derive(Clone, Debug, Default, Args)]
pub struct RunArgs {
    /// Configuration and data.
    #[command(flatten)]
    pub place: Place,
    /// Add simulated Exporters, so that there are rows within two minutes without a router
    #[arg(long)]
    pub demo: bool,
}

/// Arguments of `check-config`.
#[derive(Clone, Debug, Args)]
pub struct CheckConfigArgs {
    /// The configuration
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Also try each target of its flow logs, and say what is wrong with it
    #[arg(long)]
    pub connect: bool,
}

/// Arguments of `inspect`.
#[derive(Clone, Debug, Args)]
pub struct InspectArgs {
    /// Captures: pcap, pcapng, or text with a datagram a line; "-" is standard input
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Set the reading of another decoder (`netflow_parser`) beside ours
    #[arg(long)]
    pub peer: bool,
    /// What the results look like
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// Arguments of `replay`.
#[derive(Clone, Debug, Args)]
pub struct ReplayArgs {
    /// Captures: pcap, pcapng, or text with a datagram a line; "-" is standard input
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// The configuration; without it, the defaults
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Set a key of the configuration: `flow_log.default.window=5m`. May be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// What the results look like
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

impl ReplayArgs {
    /// The configuration that holds: defaults, file, environment, `--set`.
    ///
    /// # Errors
    /// What is wrong with it, as wrong usage.
    pub fn load(&self) -> Result<Config, Failure> {
        let sources = Sources::default()
            .file(self.config.as_deref())
            .process_environment()
            .set(&self.set)?;
        Ok(sources.load()?)
    }
}

/// Arguments of `send`.
#[derive(Clone, Debug, Args)]
pub struct SendArgs {
    /// Captures: pcap, pcapng, or text with a datagram a line; "-" is standard input
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// The collector; without it, the daemon of the configuration on this machine
    #[arg(long, value_name = "ADDR")]
    pub to: Option<String>,
    /// Datagrams per second; 0 is as fast as possible
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub rate: u32,
    /// With the pauses of the capture instead of a rate
    #[arg(long, conflicts_with = "rate")]
    pub as_recorded: bool,
    /// Send everything so many times
    #[arg(long = "loop", value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub times: u32,
    /// Configuration and data.
    #[command(flatten)]
    pub place: Place,
}

/// Arguments of `query`.
#[derive(Clone, Debug, Args)]
pub struct QueryArgs {
    /// A search, or a search and SQL: 'SEARCH | SELECT …'; "*" is everything
    #[arg(value_name = "SEARCH | SQL", default_value = "*")]
    pub query: String,
    /// The Project
    #[arg(long, value_name = "P", default_value = "flow-logs")]
    pub project: String,
    /// The Logstore
    #[arg(long, value_name = "L", default_value = "default")]
    pub logstore: String,
    /// Rows from this time on: Unix time, RFC 3339, "now", "today", "yesterday", "-15m", "1 hour
    /// ago" or "last hour"; an hour ago unless told, now with --follow
    #[arg(long, value_name = "T", allow_hyphen_values = true)]
    pub from: Option<String>,
    /// Rows before this time, written as --from
    #[arg(
        long,
        value_name = "T",
        default_value = "now",
        allow_hyphen_values = true
    )]
    pub to: String,
    /// Rows of this time before now: "15m", "2 hours" or "day"
    #[arg(long, value_name = "SPAN", conflicts_with_all = ["from", "to"])]
    pub last: Option<String>,
    /// Print rows as they come, until Ctrl-C; a search without SQL. --from means when the
    /// Logstore received them
    #[arg(long, conflicts_with_all = ["to", "reverse"])]
    pub follow: bool,
    /// The most rows of a search; 100 unless told, all with --follow. SQL has LIMIT
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub limit: Option<u64>,
    /// The newest rows of a search first
    #[arg(long)]
    pub reverse: bool,
    /// What the results look like
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Highlight headers and what was found in tables
    #[arg(long, value_enum, default_value_t)]
    pub color: Color,
    /// Configuration and data.
    #[command(flatten)]
    pub place: Place,
}

/// Arguments of `completions`.
#[derive(Clone, Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// Arguments of `man`.
#[derive(Clone, Debug, Args)]
pub struct ManArgs {
    /// Write the pages of all commands into this directory
    #[arg(long, value_name = "DIR")]
    pub output: Option<PathBuf>,
}

#[cfg(test)]
mod tests;
