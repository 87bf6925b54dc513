//! The commands of the program: their arguments, their dispatch, and what they end with.
//!
//! Results go to standard output, everything else to standard error. Exit status: 0 done, 1 failed,
//! 2 wrong usage or configuration. A reader that went away (`| head`) ends a command quietly.

mod arguments;
mod check_config;
mod client;
mod completions;
mod connection;
mod failure;
mod flow_log;
mod logstore;
mod manual;
mod query;
mod resource;
mod send;

use std::ffi::OsString;

use clap::{CommandFactory, Parser};

pub use arguments::{
    CheckConfigArgs, Cli, Command, CompletionsArgs, CreateLogstoreArgs, DeleteLogstoreArgs,
    ExplainArgs, FlowLogArgs, FlowLogProduct, FlowLogVerb, InfoArgs, InspectArgs, ListArgs,
    ListResourcesArgs, LogstoreArgs, LogstoreCommand, ManArgs, Place, Presented, QueryArgs,
    ReplayArgs, ResourceArgs, ResourceCommand, RunArgs, SendArgs,
};
pub use failure::Failure;

use crate::output::say;
use crate::telemetry::log;
use crate::{inspect, replay, run};

/// Runs the command that the arguments name (the first is the program) and gives the exit status.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(usage) => {
            // help and version come this way as well; that nobody reads them is no failure
            drop(usage.print());
            return u8::try_from(usage.exit_code()).unwrap_or(2);
        }
    };
    match dispatch(cli) {
        Ok(()) => 0,
        Err(failure) => {
            if let Some(message) = failure.message() {
                say(format_args!("error: {message}"));
            }
            failure.status()
        }
    }
}

fn dispatch(cli: Cli) -> Result<(), Failure> {
    match cli.command.unwrap_or(Command::Run(cli.run)) {
        Command::Run(args) => collect(&args),
        Command::CheckConfig(args) => check_config::check_config(&args),
        Command::Inspect(args) => inspect::inspect(&args),
        Command::Replay(args) => replay::replay(&args),
        Command::Send(args) => send::send(&args),
        Command::Query(args) => query::query(&args),
        Command::Logstore(args) => logstore::logstore(&args),
        Command::FlowLog(args) => flow_log::flow_log(&args),
        Command::Resource(args) => resource::resource(&args),
        Command::Completions(args) => completions::completions(&args, Cli::command()),
        Command::Man(args) => manual::manual(&args, Cli::command()),
    }
}

/// The daemon, with its messages where the configuration wants them.
fn collect(args: &RunArgs) -> Result<(), Failure> {
    let sources = args.place.sources();
    let config = sources.load()?;
    log::install(&config.log).map_err(|problem| Failure::failed(problem.to_string()))?;
    run::run(&sources, config, args.demo).map_err(|error| {
        if error.is_configuration() {
            Failure::usage(error.to_string())
        } else {
            Failure::failed(error.to_string())
        }
    })
}
