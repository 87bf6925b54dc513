//! The arguments of `logstore` and of the commands below it.

use clap::{Args, Subcommand};

use super::Place;
use crate::output::{Color, Format};

/// Arguments of `logstore`.
#[derive(Clone, Debug, Args)]
pub struct LogstoreArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: LogstoreCommand,
}

/// The commands below `logstore`.
#[derive(Clone, Debug, Subcommand)]
pub enum LogstoreCommand {
    /// List the Logstores of all projects, or of one.
    #[command(after_help = "Example:\n  flowlogd logstore list --format json")]
    List(ListArgs),
    /// Create a Logstore, with its project where there is none.
    ///
    /// Full text is always indexed; SQL needs the keys of --index.
    #[command(
        after_help = "Example:\n  flowlogd logstore create my-project my-logs --ttl 7 --index \
                      host:text,bytes:long"
    )]
    Create(CreateLogstoreArgs),
    /// Delete a Logstore with all its rows. Asks before, on a terminal.
    #[command(after_help = "Example:\n  flowlogd logstore delete my-project my-logs --yes")]
    Delete(DeleteLogstoreArgs),
    /// Describe a Logstore: retention, rows, shards, index.
    #[command(after_help = "Example:\n  flowlogd logstore info flow-logs default")]
    Info(InfoArgs),
}

/// What results look like, and where the daemon is.
#[derive(Clone, Debug, Args)]
pub struct Presented {
    /// What the results look like
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Highlight the headers of tables
    #[arg(long, value_enum, default_value_t)]
    pub color: Color,
    /// Configuration and data.
    #[command(flatten)]
    pub place: Place,
}

/// Arguments of `logstore list`.
#[derive(Clone, Debug, Args)]
pub struct ListArgs {
    /// This project alone
    #[arg(value_name = "PROJECT")]
    pub project: Option<String>,
    /// How it is shown, and of which daemon.
    #[command(flatten)]
    pub presented: Presented,
}

/// Arguments of `logstore create`.
#[derive(Clone, Debug, Args)]
pub struct CreateLogstoreArgs {
    /// The project; it is created where there is none
    #[arg(value_name = "PROJECT")]
    pub project: String,
    /// The Logstore
    #[arg(value_name = "LOGSTORE")]
    pub logstore: String,
    /// How long rows are kept; 3650 is for ever
    #[arg(long, value_name = "DAYS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub ttl: u32,
    /// Shards
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=256))]
    pub shards: u32,
    /// Keys that are indexed, with their types: text, long, double or json
    #[arg(long, value_name = "KEY:TYPE", value_delimiter = ',')]
    pub index: Vec<String>,
    /// Configuration and data.
    #[command(flatten)]
    pub place: Place,
}

/// Arguments of `logstore delete`.
#[derive(Clone, Debug, Args)]
pub struct DeleteLogstoreArgs {
    /// The project
    #[arg(value_name = "PROJECT")]
    pub project: String,
    /// The Logstore
    #[arg(value_name = "LOGSTORE")]
    pub logstore: String,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
    /// Configuration and data.
    #[command(flatten)]
    pub place: Place,
}

/// Arguments of `logstore info`.
#[derive(Clone, Debug, Args)]
pub struct InfoArgs {
    /// The project
    #[arg(value_name = "PROJECT")]
    pub project: String,
    /// The Logstore
    #[arg(value_name = "LOGSTORE")]
    pub logstore: String,
    /// How it is shown, and of which daemon.
    #[command(flatten)]
    pub presented: Presented,
}
