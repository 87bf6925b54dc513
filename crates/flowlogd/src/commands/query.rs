//! `flowlogd query`: asks a Logstore of the running daemon over its own API.

mod answer;
mod follow;
mod when;

use flowlog_flowlog::{LogstoreName, ProjectName};
use flowlog_record::Timestamp;
use flowlog_sls::query::Query;
use serde_json::json;

use super::client::{Call, CallError, Client, now};
use super::{Failure, QueryArgs};
use crate::output::{Format, Highlight, Output, say};
use answer::Answer;

/// The most rows that one answer to a search has (SLS, `GetLogs`).
const PAGE: u64 = 100;
/// The most rows of a search for which nothing else is said.
const USUAL_LIMIT: u64 = 100;
/// Where rows begin for which nothing else is said.
const USUAL_FROM: &str = "-1h";

pub(super) fn query(args: &QueryArgs) -> Result<(), Failure> {
    let now = now();
    let period = period(args, now).map_err(Failure::Usage)?;
    let project = ProjectName::new(&*args.project)
        .map_err(|error| Failure::usage(format!("--project {error}")))?;
    let logstore = LogstoreName::new(&*args.logstore)
        .map_err(|error| Failure::usage(format!("--logstore {error}")))?;
    if args.follow {
        // what cannot be followed is said before anybody is asked
        let search = follow::search(&args.query)?;
        let config = args.place.load()?;
        let client = Client::of(&config, Some(project.as_str()))?;
        return follow::follow(&client, &search, logstore.as_str(), args, period.0);
    }
    let config = args.place.load()?;
    let client = Client::of(&config, Some(project.as_str()))?;
    let answer = asked(&client, logstore.as_str(), args, period)?;
    if !answer.is_complete() {
        say("the answer is incomplete: the query took too long; narrow it with --from and --to");
    }
    print(answer, args)
}

/// Begin and end, seconds of the epoch.
fn period(args: &QueryArgs, now: Timestamp) -> Result<(i64, i64), String> {
    let to = when::parse("--to", &args.to, now)?;
    let from = match (&args.last, &args.from) {
        (Some(last), _) => to.saturating_sub(when::span("--last", last)?),
        (None, Some(from)) => when::parse("--from", from, now)?,
        (None, None) if args.follow => now.seconds(),
        (None, None) => when::parse("--from", USUAL_FROM, now)?,
    };
    if from >= to && !args.follow {
        let (from, to) = (args.from.as_deref().unwrap_or(USUAL_FROM), &args.to);
        return Err(format!("--from {from} is not before --to {to}"));
    }
    Ok((from, to))
}

/// The answer, all its pages.
fn asked(
    client: &Client,
    logstore: &str,
    args: &QueryArgs,
    (from, to): (i64, i64),
) -> Result<Answer, Failure> {
    let limit = args.limit.unwrap_or(USUAL_LIMIT);
    let page = |offset: u64| {
        let body = json!({
            "from": from,
            "to": to,
            "query": args.query,
            "line": (limit - offset).clamp(1, PAGE),
            "offset": offset,
            "reverse": args.reverse,
        });
        client.json::<Answer>(&Call::new("POST", &["logstores", logstore, "logs"]).body(&body))
    };
    let mut answer = page(0).map_err(hinted)?;
    while answer.may_have_more(limit) {
        let next = page(answer.rows()).map_err(hinted)?;
        if next.rows() == 0 {
            break;
        }
        answer.append(next);
    }
    Ok(answer)
}

/// What to say of an error, with the argument that mends it.
fn hinted(error: CallError) -> Failure {
    let hint = if error.is("ProjectNotExist") {
        "; name another one with --project"
    } else if error.is("LogStoreNotExist") {
        "; name another one with --logstore"
    } else {
        ""
    };
    match error.into() {
        Failure::Failed(message) => Failure::Failed(message + hint),
        other => other,
    }
}

fn print(answer: Answer, args: &QueryArgs) -> Result<(), Failure> {
    let mut output = output(args);
    if args.format == Format::Json {
        for row in answer.into_rows() {
            output.json(&row)?;
        }
        return Ok(output.finish()?);
    }
    let columns = answer.columns();
    let mut rows = output.rows(columns.iter().cloned());
    for row in answer.into_rows() {
        rows.row(columns.iter().map(|column| answer::text(row.get(column))))?;
    }
    rows.finish()?;
    Ok(output.finish()?)
}

fn output(args: &QueryArgs) -> Output {
    let highlight = args.color.is_wanted().then(|| highlight(&args.query));
    Output::stdout(args.format).highlighted(highlight)
}

/// What the search looks for. A search that is wrong is the Logstore's to refuse.
fn highlight(query: &str) -> Highlight {
    let mut highlight = Highlight::default();
    let Ok(query) = Query::parse(query) else {
        return highlight;
    };
    for term in query.search.terms() {
        let column = (!term.key.is_empty()).then_some(term.key.as_str());
        // of a text with wildcards, what stands before them
        let text = term.term.split(['*', '?']).next().unwrap_or_default();
        highlight.text(column, text.trim());
    }
    highlight
}
