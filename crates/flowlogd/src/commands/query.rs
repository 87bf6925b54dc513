//! `flowlogd query`: asks a Logstore of the running daemon over its own API.

mod answer;
mod client;
mod when;

use std::path::Path;

use flowlog_flowlog::{LogstoreName, ProjectName};
use flowlog_record::Timestamp;

use super::{Failure, QueryArgs};
use crate::config::Config;
use crate::data_directory;
use crate::output::{Format, Output, say};
use answer::Answer;
use client::{Client, Question};

/// The most rows that one answer to a search has (SLS, `GetLogs`).
const PAGE: u64 = 100;

pub(super) fn query(args: &QueryArgs) -> Result<(), Failure> {
    let now = now();
    let from = when::parse("--from", &args.from, now).map_err(Failure::Usage)?;
    let to = when::parse("--to", &args.to, now).map_err(Failure::Usage)?;
    if from >= to {
        let (from, to) = (&args.from, &args.to);
        return Err(Failure::usage(format!(
            "--from {from} is not before --to {to}"
        )));
    }
    let project = ProjectName::new(&*args.project)
        .map_err(|error| Failure::usage(format!("--project {error}")))?;
    let logstore = LogstoreName::new(&*args.logstore)
        .map_err(|error| Failure::usage(format!("--logstore {error}")))?;
    let config = args.place.load()?;
    let client = client(&config, &config.data, &project)?;
    let mut question = Question {
        logstore: logstore.as_str(),
        query: &args.query,
        from,
        to,
        line: args.limit.clamp(1, PAGE),
        offset: 0,
        reverse: args.reverse,
    };
    let mut answer = client.ask(&question, now)?;
    while answer.may_have_more(args.limit) {
        question.offset = answer.rows();
        question.line = (args.limit - question.offset).clamp(1, PAGE);
        // a page may take long; its signature has a time
        let next = client.ask(&question, self::now())?;
        if next.rows() == 0 {
            break;
        }
        answer.append(next);
    }
    if !answer.is_complete() {
        say("the answer is incomplete: the query took too long; narrow it with --from and --to");
    }
    print(answer, args.format)
}

fn client(config: &Config, data: &Path, project: &ProjectName) -> Result<Client, Failure> {
    let endpoint = config.logstore.endpoints.first();
    let endpoint = endpoint.map_or("localhost", String::as_str);
    Ok(Client::new(
        config.logstore.listen,
        format!("{}.{endpoint}", project.as_str()),
        data_directory::credentials(data, config)?,
        config.home_region(),
        config.logstore.query_timeout.duration(),
    ))
}

fn print(answer: Answer, format: Format) -> Result<(), Failure> {
    let mut output = Output::stdout(format);
    if format == Format::Json {
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

fn now() -> Timestamp {
    Timestamp(jiff::Timestamp::now().as_millisecond())
}
