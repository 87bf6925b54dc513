//! `flowlogd man`.

use clap::Command;
use clap_mangen::Man;

use super::{Failure, ManArgs};
use crate::output::{Format, Output};

pub(super) fn manual(args: &ManArgs, command: Command) -> Result<(), Failure> {
    let Some(directory) = &args.output else {
        let mut page = Vec::new();
        Man::new(command).render(&mut page)?;
        let mut output = Output::stdout(Format::Table);
        output.line(String::from_utf8_lossy(&page).trim_end())?;
        return Ok(output.finish()?);
    };
    let unwritable = |problem| {
        let directory = directory.display();
        Failure::failed(format!(
            "the pages cannot be written to {directory}: {problem}"
        ))
    };
    std::fs::create_dir_all(directory).map_err(unwritable)?;
    clap_mangen::generate_to(command, directory).map_err(unwritable)
}
