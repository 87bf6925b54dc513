//! `exporter-sim`: simulated Exporters that send to a collector in real time.
//!
//! The only part of this crate with a socket and a clock. Ends with one line per Exporter and one
//! for all, `key=value` each, of what was sent.

mod args;
mod blast;
mod sender;
mod traffic;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

use args::Args;

fn main() -> ExitCode {
    let args = Args::parse();
    let result = if args.blast {
        blast::run(&args)
    } else {
        traffic::run(&args)
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nowhere is left to say that stderr is gone.
            let _ = writeln!(io::stderr(), "exporter-sim: {error}");
            ExitCode::FAILURE
        }
    }
}
