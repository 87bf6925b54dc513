//! The `flowlogd` binary: see the library of the same name.

use std::process::ExitCode;

fn main() -> ExitCode {
    flowlogd::commands::main(std::env::args_os()).into()
}
