//! `flowlogd resource explain`.

use flowlog_flowlog::{Because, Claim, FlowLog, Inventory, MatchTable, Mode};
use flowlog_record::{
    Action, Address, Direction, Fields, FlowLogIndex, FlowRecord, ObservationDomain, Placed,
    ResourceIndex,
};

use super::list::selector;
use super::{ExplainArgs, Failure, joined, named, world};
use crate::output::Output;

/// What is explained, and by what.
struct Explainer<'a> {
    args: &'a ExplainArgs,
    inventory: &'a Inventory,
    flow_logs: &'a [FlowLog],
    table: MatchTable,
}

pub(super) fn explain(args: &ExplainArgs) -> Result<(), Failure> {
    let (inventory, flow_logs) = world(&args.presented)?;
    let table = MatchTable::compile(&inventory, &flow_logs, Mode::Open)
        .map_err(|problem| Failure::usage(problem.to_string()))?;
    let explainer = Explainer {
        args,
        inventory: &inventory,
        flow_logs: &flow_logs,
        table,
    };
    let mut output = super::output(&args.presented);
    match explainer.record() {
        None => explainer.show_claims(&mut output)?,
        Some(record) => explainer.show_places(&record, &mut output)?,
    }
    Ok(output.finish()?)
}

impl Explainer<'_> {
    fn domain(&self) -> ObservationDomain {
        ObservationDomain(self.args.domain)
    }

    fn id(&self, index: ResourceIndex) -> &str {
        let resource = self.inventory.resource(index);
        resource.map_or("-", |resource| resource.id.as_str())
    }

    /// Every resource that the Exporter's records can belong to.
    fn show_claims(&self, output: &mut Output) -> Result<(), Failure> {
        let world = (self.inventory, self.flow_logs);
        let claims = self
            .table
            .explain(world, (self.args.exporter, self.domain()));
        let mut rows = output.rows(["resource", "kind", "because", "records", "flow_logs"]);
        for claim in &claims {
            let kind = self.inventory.resource(claim.resource).map(|it| it.kind);
            rows.row([
                self.id(claim.resource).to_owned(),
                kind.map_or_else(String::new, |kind| kind.to_string()),
                self.because(claim),
                records(claim),
                named(self.flow_logs, &claim.flow_logs),
            ])?;
        }
        Ok(rows.finish()?)
    }

    fn because(&self, claim: &Claim) -> String {
        match claim.because {
            Because::Named {
                selector: by,
                owner,
            } if owner == claim.resource => {
                format!("names the Exporter: {}", selector(&by))
            }
            Because::Named {
                selector: by,
                owner,
            } => {
                format!(
                    "is part of {}, which names the Exporter: {}",
                    self.id(owner),
                    selector(&by)
                )
            }
            Because::AnyExporter => "names no Exporter, so any may see it".to_owned(),
            Because::Unclaimed => "no other resource names the Exporter".to_owned(),
        }
    }

    /// The record that the arguments describe, if they do.
    fn record(&self) -> Option<FlowRecord> {
        let args = self.args;
        let mut record = FlowRecord::default();
        if let Some(source) = args.source {
            record.source = Address::from(source);
            record.fields |= Fields::SOURCE;
        }
        if let Some(destination) = args.destination {
            record.destination = Address::from(destination);
            record.fields |= Fields::DESTINATION;
        }
        if let Some(input) = args.input {
            record.ingress_interface = input;
            record.fields |= Fields::INGRESS_INTERFACE;
        }
        if let Some(output) = args.output {
            record.egress_interface = output;
            record.fields |= Fields::EGRESS_INTERFACE;
        }
        (record.fields != Fields::default()).then_some(record)
    }

    /// Where the hot path puts a record.
    fn show_places(&self, record: &FlowRecord, output: &mut Output) -> Result<(), Failure> {
        let (exporter, domain) = (self.args.exporter, self.domain());
        let scope = self.table.scope(exporter, domain);
        let mut places: Vec<(FlowLogIndex, Placed)> = Vec::new();
        let records = [*record];
        let mut take = |flow_log, placed: &[Placed]| {
            places.extend(placed.iter().map(|&placed| (flow_log, placed)));
        };
        scope.place_batch(&records, &mut |_| None, &mut take);
        scope.each_inactive(&records, &mut |_| None, &mut take);
        let mut rows = output.rows(["flow_log", "resource", "direction", "action"]);
        for (flow_log, placed) in &places {
            rows.row([
                named(self.flow_logs, &[*flow_log]),
                self.id(placed.resource).to_owned(),
                direction(placed.direction).to_owned(),
                action(placed.action).to_owned(),
            ])?;
        }
        Ok(rows.finish()?)
    }
}

/// Which of the Exporter's records.
fn records(claim: &Claim) -> String {
    let addresses = || format!("from or to {}", joined(&claim.prefixes));
    let interfaces = || format!("through interface {}", joined(&claim.facing));
    match (claim.prefixes.is_empty(), claim.facing.is_empty()) {
        (true, true) => "all".to_owned(),
        (false, true) => addresses(),
        (true, false) => interfaces(),
        (false, false) => format!("{}, {}", addresses(), interfaces()),
    }
}

const fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::In => "in",
        Direction::Out => "out",
        Direction::Unknown => "-",
    }
}

const fn action(action: Action) -> &'static str {
    match action {
        Action::Accept => "ACCEPT",
        Action::Reject => "REJECT",
    }
}
