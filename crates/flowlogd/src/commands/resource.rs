//! `flowlogd resource`: the inventory, and whose a record would be, by the matching of the daemon.

mod explain;
mod list;

use flowlog_flowlog::{FlowLog, Inventory, Status};
use flowlog_record::FlowLogIndex;

use super::{ExplainArgs, Failure, ListResourcesArgs, Presented, ResourceArgs, ResourceCommand};
use crate::config::Config;
use crate::output::{Highlight, Output};
use crate::run::{Numbered, kept_flow_logs};

pub(super) fn resource(args: &ResourceArgs) -> Result<(), Failure> {
    match &args.command {
        ResourceCommand::List(args) => list::list(args),
        ResourceCommand::Explain(args) => explain::explain(args),
    }
}

/// The inventory of a configuration, and the flow logs: its own, and those that the control API has
/// made in its data directory.
fn world(presented: &Presented) -> Result<(Inventory, Vec<FlowLog>), Failure> {
    let config: Config = presented.place.load()?;
    let made = kept_flow_logs(&config.data).map_err(|problem| {
        let data = config.data.display();
        Failure::failed(format!(
            "the flow logs of the control API in {data} cannot be read: {problem}"
        ))
    })?;
    let none = (Vec::new(), Vec::new());
    let numbered = Numbered::with(&config, &made, none)
        .map_err(|problem| Failure::usage(problem.to_string()))?;
    Ok((numbered.inventory, numbered.flow_logs))
}

fn output(presented: &Presented) -> Output {
    let highlight = presented.color.is_wanted().then(Highlight::default);
    Output::stdout(presented.format).highlighted(highlight)
}

/// The ids of flow logs, those that are switched off marked; `-` for none.
fn named(flow_logs: &[FlowLog], which: &[FlowLogIndex]) -> String {
    let which = which.iter();
    let names: Vec<String> = which
        .filter_map(|index| flow_logs.get(usize::from(index.0)))
        .map(|flow_log| match flow_log.status() {
            Status::Active => flow_log.id().to_string(),
            Status::Inactive => format!("{} (inactive)", flow_log.id()),
        })
        .collect();
    joined(&names)
}

/// What there are of some things; `-` for none.
fn joined<T: ToString>(things: &[T]) -> String {
    if things.is_empty() {
        return "-".to_owned();
    }
    let things: Vec<String> = things.iter().map(ToString::to_string).collect();
    things.join(" ")
}
