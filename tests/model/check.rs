//! The same inputs through the model and through the pipeline: the same rows.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::collector::Collector;
use crate::encode::Encoder;
use crate::flow_log::{Amount, Rules};
use crate::known::Stated;
use crate::real::Real;
use crate::row::Columns;
use crate::stream::Input;

/// Checks one stream under several flow logs; `Err` says what differs.
pub fn differences(inputs: &[Input], rules: &[Rules], stated: Stated) -> Result<(), String> {
    let mut model = Collector::new(rules, stated);
    let mut real = Real::new(rules, stated);
    let mut encoder = Encoder::default();
    let mut datagrams = 0;
    for (n, input) in inputs.iter().enumerate() {
        match input {
            Input::Tick(now) => model.tick(*now),
            Input::Off(now) => model.deactivate(*now),
            // The collector starts again: no row may tell.
            Input::Restart => {}
            Input::Datagram(datagram) => {
                model.datagram(datagram, &encoder.encode(datagram));
                datagrams += 1;
            }
        }
        real.handle(input, &mut encoder);
        conserved(&model, &real).map_err(|problem| format!("after input {n}: {problem}"))?;
    }
    same("duplicates", &model.duplicates, &real.duplicates())?;
    same(
        "accepted",
        &(datagrams - model.duplicates),
        &real.accepted(),
    )?;
    model.finish();
    real.finish();
    conserved(&model, &real).map_err(|problem| format!("at the end: {problem}"))?;
    for (at, rules) in rules.iter().enumerate() {
        let (expected, rows) = (&model.flow_logs[at], &real.rows[at]);
        let in_flow_log = |problem| format!("flow log {at} {rules:?}: {problem}");
        numbered(at, rows).map_err(in_flow_log)?;
        same_rows(&expected.rows, rows).map_err(in_flow_log)?;
        let ledger = real.ledger(at);
        let emitted = (ledger.emitted.packets, ledger.emitted.octets);
        same("emitted", &expected.emitted, &emitted).map_err(in_flow_log)?;
        same("open", &Amount::default(), &amount(&ledger.open)).map_err(in_flow_log)?;
    }
    Ok(())
}

/// The same as a test wants it.
pub fn check(inputs: &[Input], rules: &[Rules], stated: Stated) {
    if let Err(problem) = differences(inputs, rules, stated) {
        panic!("{problem}");
    }
}

/// After every input: what came in is in a row, open, or counted as lost.
fn conserved(model: &Collector, real: &Real) -> Result<(), String> {
    for (at, expected) in model.flow_logs.iter().enumerate() {
        let ledger = real.ledger(at);
        let named = |problem| format!("flow log {at} {:?}: {problem}", expected.rules);
        if !ledger.balances() {
            return Err(named(format!("the ledger does not balance: {ledger:?}")));
        }
        for (name, expected, real) in [
            ("matched", &expected.matched, &ledger.matched),
            ("baseline", &expected.baseline, &ledger.baseline),
            ("event", &expected.event, &ledger.event),
            ("inactive", &expected.inactive, &ledger.inactive),
            ("late_dropped", &expected.late_dropped, &ledger.late_dropped),
        ] {
            same(name, expected, &amount(real)).map_err(named)?;
        }
        let rows = &real.rows[at];
        if expected.rows.len() != rows.len() {
            same_rows(&expected.rows, rows).map_err(named)?;
        }
        same(
            "rows",
            &u64::try_from(rows.len()).expect("few"),
            &ledger.rows,
        )
        .map_err(named)?;
        let emitted = (ledger.emitted.packets, ledger.emitted.octets);
        if real.sums[at] != emitted {
            let sums = real.sums[at];
            return Err(named(format!(
                "rows sum to {sums:?}, the ledger says {emitted:?}"
            )));
        }
    }
    Ok(())
}

fn amount(amount: &flowlog_aggregate::Amount) -> Amount {
    Amount {
        records: amount.records,
        packets: amount.packets,
        octets: amount.octets,
    }
}

fn number(row: &Columns, column: &str) -> u128 {
    row[column].parse().expect("a number")
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, model: &T, real: &T) -> Result<(), String> {
    if model == real {
        return Ok(());
    }
    Err(format!(
        "{what}: {model:?} by the model, {real:?} in the pipeline"
    ))
}

/// Row ids count from 0 without a gap, in the order in which rows leave.
fn numbered(flow_log: usize, rows: &[Columns]) -> Result<(), String> {
    for (n, row) in rows.iter().enumerate() {
        same("row-id", &format!("0-fl-{flow_log}-0-{n}"), &row["row-id"])?;
    }
    Ok(())
}

/// The same rows, however often each, in whatever order.
fn same_rows(model: &[Columns], real: &[Columns]) -> Result<(), String> {
    let mut balance: BTreeMap<Columns, i64> = BTreeMap::new();
    for row in model {
        *balance.entry(row.clone()).or_default() -= 1;
    }
    for row in real {
        let mut row = row.clone();
        row.remove("row-id");
        *balance.entry(row).or_default() += 1;
    }
    let mut problem = String::new();
    for (row, count) in balance {
        if count != 0 {
            let side = if count < 0 {
                "model alone"
            } else {
                "pipeline alone"
            };
            let _ = write!(problem, "\n{} × {side}: {}", count.abs(), text(&row));
        }
    }
    if problem.is_empty() {
        return Ok(());
    }
    Err(problem)
}

/// The columns that matter in a failure.
fn text(row: &Columns) -> String {
    let shown = [
        "exporter",
        "window",
        "start",
        "end",
        "start-ms",
        "end-ms",
        "srcport",
        "tcp-flags",
        "packets",
        "bytes",
        "packets_raw",
        "bytes_raw",
        "sampling",
        "distribution",
        "late",
        "reason",
    ];
    let mut text = String::new();
    for name in shown {
        let _ = write!(text, "{name}={} ", row[name]);
    }
    text
}

/// The rows of the pipeline alone, by flow log.
pub fn rows(inputs: &[Input], rules: &[Rules], stated: Stated) -> Vec<Vec<Columns>> {
    let mut real = Real::new(rules, stated);
    let mut encoder = Encoder::default();
    for input in inputs {
        real.handle(input, &mut encoder);
    }
    real.finish();
    real.rows
}

/// Checks, and tells the rows of one flow log in the order in which they left, a line each:
///
/// `LEFT key KEY START..END PACKETS/OCTETS REASON`, times in milliseconds after `noon`, LEFT that of
/// the input that let it leave, or `end`.
pub fn told(inputs: &[Input], rules: Rules, stated: Stated, noon: i64) -> Vec<String> {
    check(inputs, &[rules], stated);
    let mut real = Real::new(&[rules], stated);
    let mut encoder = Encoder::default();
    let mut lines = Vec::new();
    for input in inputs {
        let at = real.handle(input, &mut encoder);
        let left = real.rows[0].drain(..);
        lines.extend(left.map(|row| line(&(at - noon).to_string(), &row, noon)));
    }
    real.finish();
    lines.extend(real.rows[0].iter().map(|row| line("end", row, noon)));
    lines
}

fn line(left: &str, row: &Columns, noon: i64) -> String {
    let time = |column: &str| row[column].parse::<i64>().expect("a time") - noon;
    let key = number(row, "srcport").saturating_sub(1000);
    let late = if row["late"] == "true" { " late" } else { "" };
    format!(
        "{left} key {key} {}..{} {}/{} {}{late}",
        time("start-ms"),
        time("end-ms"),
        row["packets_raw"],
        row["bytes_raw"],
        row["reason"],
    )
}
