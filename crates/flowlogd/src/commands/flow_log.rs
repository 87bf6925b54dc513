//! `flowlogd flow-log`: the control API of the running daemon from a shell.
//!
//! Which operation a verb is, and which parameters it takes, comes from the API's own table.

mod client;

use flowlog_control::{Operation, Parameter};
use serde_json::{Map, Value};

use super::{Failure, FlowLogArgs, FlowLogVerb};
use crate::output::{Format, Highlight, Output};
use client::Client;

/// What tables show of a flow log, where it has it.
const COLUMNS: [&str; 8] = [
    "FlowLogId",
    "RegionId",
    "Status",
    "ResourceId",
    "CenId",
    "ProjectName",
    "LogStoreName",
    "LogstoreName",
];

/// Which page is asked for, how long it is, and the longest.
const PAGE: &str = "PageNumber";
const SIZE: &str = "PageSize";
const MOST: usize = 50;

pub(super) fn flow_log(args: &FlowLogArgs) -> Result<(), Failure> {
    let config = args.presented.place.load()?;
    let operation = operation(args)?;
    let mut parameters = Vec::new();
    for text in &args.parameters {
        parameters.push(parameter(operation, text)?);
    }
    let is_said = |name| parameters.iter().any(|(known, _)| known == name);
    if operation.parameter("RegionId").is_some() && !is_said("RegionId") {
        let region = args.region.as_deref().unwrap_or(config.home_region());
        parameters.push(("RegionId".to_owned(), region.to_owned()));
    }
    if let Some(id) = &args.id {
        parameters.push(("FlowLogId".to_owned(), id.clone()));
    }
    let client = Client::of(&config)?;
    let answer = client.call(operation, &parameters)?;
    if operation.changes() {
        return say(args, &answer);
    }
    let mut flow_logs = listed(&answer);
    let is_page = |text: &String| text.starts_with(PAGE) || text.starts_with(SIZE);
    if operation.parameter(PAGE).is_some() && !args.parameters.iter().any(is_page) {
        flow_logs = all(&client, operation, &parameters)?;
    }
    show(args, &flow_logs)
}

/// The flow logs of all pages.
fn all(
    client: &Client,
    operation: &Operation,
    parameters: &[(String, String)],
) -> Result<Vec<Value>, Failure> {
    let mut flow_logs = Vec::new();
    for page in 1.. {
        let page =
            [(PAGE, page), (SIZE, MOST)].map(|(name, value)| (name.to_owned(), value.to_string()));
        let parameters = [parameters, &page].concat();
        let next = listed(&client.call(operation, &parameters)?);
        let is_last = next.len() < MOST;
        flow_logs.extend(next);
        if is_last {
            break;
        }
    }
    Ok(flow_logs)
}

/// The flow logs of an answer.
fn listed(answer: &Map<String, Value>) -> Vec<Value> {
    let lists = answer.get("FlowLogs").and_then(Value::as_object);
    let lists = lists.into_iter().flat_map(Map::values);
    lists
        .filter_map(Value::as_array)
        .flatten()
        .cloned()
        .collect()
}

/// The operation that a verb is for a product.
fn operation(args: &FlowLogArgs) -> Result<&'static Operation, Failure> {
    let product = args.product.of_api();
    let mut of_product = Operation::all().filter(|operation| operation.product() == product);
    let verb = match args.verb {
        FlowLogVerb::Create => "create",
        FlowLogVerb::Describe => "describe",
        FlowLogVerb::Modify => "modify",
        FlowLogVerb::Activate => "active",
        FlowLogVerb::Deactivate => "deactive",
        FlowLogVerb::Delete => "delete",
        FlowLogVerb::Associate => "associate",
        FlowLogVerb::Disassociate => "disassociate",
    };
    // CEN writes three of them with a small l.
    let is_it = |name: &str| {
        let name = name.to_ascii_lowercase();
        let end = name.strip_prefix(verb).unwrap_or_default();
        matches!(end, "flowlog" | "flowlogs" | "flowlogattribute")
    };
    let found = of_product.find(|operation| is_it(operation.name()));
    found.ok_or_else(|| Failure::usage(format!("flow logs of {} have no {verb}", product.as_str())))
}

/// `Name=value`, if the operation takes it.
fn parameter(operation: &Operation, text: &str) -> Result<(String, String), Failure> {
    let Some((name, value)) = text.split_once('=') else {
        let problem = format!("`{text}` is no parameter: write NAME=VALUE");
        return Err(Failure::usage(problem));
    };
    let base = name.split('.').next().unwrap_or(name);
    if operation.parameter(base).is_none() {
        let known = operation.parameters().iter().map(Parameter::written);
        let known: Vec<String> = known.collect();
        return Err(Failure::usage(format!(
            "{} takes no {name}; it takes {}",
            operation.name(),
            known.join(", ")
        )));
    }
    Ok((name.to_owned(), value.to_owned()))
}

/// What a change has come to.
fn say(args: &FlowLogArgs, answer: &Map<String, Value>) -> Result<(), Failure> {
    let mut output = output(args);
    let id = answer.get("FlowLogId").and_then(Value::as_str);
    if args.presented.format == Format::Json {
        output.json(answer)?;
    } else {
        output.line(id.or(args.id.as_deref()).unwrap_or("done"))?;
    }
    Ok(output.finish()?)
}

fn show(args: &FlowLogArgs, flow_logs: &[Value]) -> Result<(), Failure> {
    let mut output = output(args);
    if args.presented.format == Format::Json {
        for flow_log in flow_logs {
            output.json(flow_log)?;
        }
        return Ok(output.finish()?);
    }
    let has = |column: &&str| flow_logs.iter().any(|it| it.get(column).is_some());
    let columns: Vec<&str> = match flow_logs {
        [] => COLUMNS.into_iter().take(3).collect(),
        _ => COLUMNS.into_iter().filter(has).collect(),
    };
    let mut rows = output.rows(columns.iter().copied());
    for flow_log in flow_logs {
        let cell = |column: &&str| match flow_log.get(column) {
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => String::new(),
        };
        rows.row(columns.iter().map(cell))?;
    }
    rows.finish()?;
    Ok(output.finish()?)
}

fn output(args: &FlowLogArgs) -> Output {
    let presented = &args.presented;
    let highlight = presented.color.is_wanted().then(Highlight::default);
    Output::stdout(presented.format).highlighted(highlight)
}
