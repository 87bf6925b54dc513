//! `flowlogd check-config`: reads a configuration as the daemon would, and prints what holds.

use super::{CheckConfigArgs, Failure, Place};
use crate::config;
use crate::output::{Format, Output};

pub(super) fn check_config(args: &CheckConfigArgs) -> Result<(), Failure> {
    let place = Place {
        config: Some(args.file.clone()),
        data: None,
    };
    let config = place.load()?;
    config::certificate(&config).map_err(Failure::usage)?;
    let mut output = Output::stdout(Format::Table);
    output.line(config.to_toml().trim_end())?;
    Ok(output.finish()?)
}
