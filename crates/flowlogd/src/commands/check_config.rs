//! `flowlogd check-config`: reads a configuration as the daemon would, and prints what holds; with
//! `--connect` it tries where rows are to go.

use flowlog_sink::{Destination, Spec};

use super::{CheckConfigArgs, Failure, Place};
use crate::config::{self, Config};
use crate::output::{Format, Output};
use crate::run;

pub(super) fn check_config(args: &CheckConfigArgs) -> Result<(), Failure> {
    let place = Place {
        config: Some(args.file.clone()),
        data: None,
    };
    let config = place.load()?;
    config::certificate(&config).map_err(Failure::usage)?;
    let mut output = Output::stdout(Format::Table);
    output.line(config.to_toml().trim_end())?;
    let failed = if args.connect {
        connect(&config, &mut output)?
    } else {
        config::regions(&config).map_err(Failure::usage)?;
        config::clusters(&config).map_err(Failure::usage)?;
        0
    };
    output.finish()?;
    match failed {
        0 => Ok(()),
        1 => Err(Failure::failed("a target takes no rows")),
        more => Err(Failure::failed(format!("{more} targets take no rows"))),
    }
}

/// Tries every target; how many take no rows.
fn connect(config: &Config, output: &mut Output) -> Result<usize, Failure> {
    let tried = run::try_targets(config).map_err(Failure::usage)?;
    output.line("")?;
    if tried.is_empty() {
        output.line("# no flow log of this configuration goes elsewhere")?;
    }
    for (spec, outcome) in &tried {
        let outcome = match outcome {
            Ok(()) => "takes rows".to_owned(),
            Err(problem) => problem.to_string(),
        };
        output.line(format!("# {}: {outcome}", named(spec)))?;
    }
    Ok(tried.iter().filter(|(_, outcome)| outcome.is_err()).count())
}

fn named(spec: &Spec) -> String {
    let flow_log = &spec.flow_log;
    match &spec.to {
        Destination::Sls {
            region,
            project,
            logstore,
        } => format!("flow log {flow_log} to {project}/{logstore} in {region}"),
        Destination::Netflow(collector) => {
            format!("flow log {flow_log} to the collector {}", collector.server)
        }
        Destination::Kafka { cluster } => format!("flow log {flow_log} to the cluster {cluster}"),
    }
}
