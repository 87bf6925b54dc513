//! `flowlogd completions`.

use clap::Command;

use super::{CompletionsArgs, Failure};
use crate::output::{Format, Output};

pub(super) fn completions(args: &CompletionsArgs, mut command: Command) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "flowlogd", &mut script);
    let mut output = Output::stdout(Format::Table);
    output.line(String::from_utf8_lossy(&script).trim_end())?;
    Ok(output.finish()?)
}
