//! `flowlogd query --follow`: rows as a Logstore receives them, by cursor, from all its shards.
//!
//! Guarantees: every row from the start on is read once, also over restarts of the daemon and
//! splits of shards. What is filtered is filtered here, by the evaluation that the Logstore itself
//! uses. Rows come in the order of their shard; shards take turns.

mod row;
mod stop;
mod tail;

use std::time::Duration;

use flowlog_sls::index::IndexConfig;
use flowlog_sls::query::{Query, Search, SearchExpression};

use super::super::client::{Call, CallError, Client};
use super::{Failure, QueryArgs, hinted, output};
use crate::output::{Format, Layout, Output, say};
use row::Row;
use stop::Stop;
use tail::Tail;

/// How long nothing is asked when no shard has more.
const PAUSE: Duration = Duration::from_millis(250);
/// How long nothing is asked after an error, at first and at most.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(10));

/// The search of a query that can be followed.
pub(super) fn search(query: &str) -> Result<SearchExpression, Failure> {
    let parsed =
        Query::parse(query).map_err(|error| Failure::usage(format!("{query}: {error}")))?;
    if let Some(sql) = parsed.sql {
        return Err(Failure::usage(format!(
            "--follow takes a search, and \"| {sql}\" is SQL, whose answer is never complete while \
             rows come; follow \"{}\", or ask again without --follow",
            parsed.search_text
        )));
    }
    Ok(parsed.search)
}

/// Prints rows that the Logstore receives from `from` on, until Ctrl-C or the limit.
pub(super) fn follow(
    client: &Client,
    search: &SearchExpression,
    logstore: &str,
    args: &QueryArgs,
    from: i64,
) -> Result<(), Failure> {
    let stop = Stop::on_signals()?;
    // what is wrong at the start is said; what goes wrong later is tried again
    let search = bound(client, search, logstore)?;
    let from = args.from.as_ref().or(args.last.as_ref()).map(|_| from);
    let mut tail = Tail::begin(client, logstore, from).map_err(hinted)?;
    let mut printer = Printer::new(args);
    let mut backoff = BACKOFF.0;
    while !stop.is_wanted() && !printer.is_done() {
        match tail.turn(&stop, &mut |row| printer.take(&search, &row)) {
            Ok(more) => {
                if backoff > BACKOFF.0 {
                    say("the Logstore answers again");
                }
                backoff = BACKOFF.0;
                printer.print()?;
                if !more {
                    stop.wait(PAUSE);
                }
            }
            Err(error) => {
                printer.print()?;
                if stop.is_wanted() {
                    break;
                }
                if !error.may_pass() {
                    return Err(hinted(error));
                }
                if backoff == BACKOFF.0
                    && let Some(message) = Failure::from(error).message()
                {
                    say(format_args!("trying again: {message}"));
                }
                stop.wait(backoff);
                backoff = (backoff * 2).min(BACKOFF.1);
            }
        }
    }
    printer.finish()
}

/// The search over the index of the Logstore.
fn bound(client: &Client, search: &SearchExpression, logstore: &str) -> Result<Search, Failure> {
    let index = match client.json(&Call::new("GET", &["logstores", logstore, "index"])) {
        Ok(index) => index,
        // without an index everything can be followed, but nothing be searched
        Err(error) if error.is("IndexConfigNotExist") && *search == SearchExpression::All => {
            IndexConfig::default()
        }
        Err(error) => return Err(hinted(error)),
    };
    Search::bind(search, &index).map_err(|error| Failure::failed(error.message.clone()))
}

/// Rows that were found and not printed yet, and how they are printed.
struct Printer {
    output: Output,
    layout: Option<Layout>,
    found: Vec<Row>,
    left: u64,
}

impl Printer {
    fn new(args: &QueryArgs) -> Self {
        Self {
            output: output(args),
            layout: None,
            found: Vec::new(),
            left: args.limit.unwrap_or(u64::MAX),
        }
    }

    fn is_done(&self) -> bool {
        self.left == 0
    }

    fn take(&mut self, search: &Search, row: &Row) {
        if self.left > 0 && row.is_found(search) {
            self.left -= 1;
            self.found.push(row.clone());
        }
    }

    fn print(&mut self) -> Result<(), Failure> {
        let found = std::mem::take(&mut self.found);
        if found.is_empty() {
            return Ok(());
        }
        if self.output.format() == Format::Json {
            for row in found {
                self.output.json(&row.into_object())?;
            }
            return Ok(self.output.flush()?);
        }
        let layout = self.layout_of(&found);
        let columns = layout.columns().to_vec();
        let mut rows = self.output.resume(layout);
        for row in &found {
            rows.row(columns.iter().map(|column| row.cell(column)))?;
        }
        self.layout = Some(rows.pause()?);
        Ok(())
    }

    /// The layout of before while it has all columns, else another one, with a header of its own.
    fn layout_of(&mut self, rows: &[Row]) -> Layout {
        let before = self.layout.take();
        let mut columns = before
            .as_ref()
            .map(|layout| layout.columns().to_vec())
            .unwrap_or_default();
        let known = columns.len();
        for name in rows.iter().flat_map(Row::names) {
            if !columns.iter().any(|column| column == name) {
                columns.push(name.to_owned());
            }
        }
        match before {
            Some(layout) if columns.len() == known => layout,
            _ => Layout::new(columns),
        }
    }

    fn finish(self) -> Result<(), Failure> {
        Ok(self.output.finish()?)
    }
}

/// What a turn over the shards comes to: whether there may be more at once.
type Turn = Result<bool, CallError>;

#[cfg(test)]
mod tests;
