//! Rows and the ledger of a replay, as the Logstore would return them.

use std::collections::BTreeMap;

use flowlog_aggregate::{Amount, FlowLogLedger};
use flowlog_flowlog::{FlowLog, Inventory, Layout, Names, SLS_TOPIC, row_source, row_time};
use flowlog_pipeline::Ledger;
use flowlog_record::{FlowLogIndex, Row};
use serde_json::{Map, Value, json};

use crate::commands::Failure;
use crate::config::Config;
use crate::output::{Format, Output, say};
use crate::run::Numbered;

/// The columns that every row has beside those of its layout.
const RESERVED: [&str; 3] = ["__time__", "__source__", "__topic__"];

/// Prints rows in the format that was asked for.
pub(super) struct Printer<'a> {
    output: &'a mut Output,
    inventory: Inventory,
    account: String,
    flow_logs: Vec<(FlowLog, Layout)>,
    /// For tables and CSV: the columns of all layouts, and the rows so far.
    columns: Vec<String>,
    held: Vec<Vec<String>>,
}

impl<'a> Printer<'a> {
    pub(super) fn new(output: &'a mut Output, config: &Config, numbered: &Numbered) -> Self {
        let flow_logs: Vec<(FlowLog, Layout)> = numbered
            .flow_logs
            .iter()
            .map(|flow_log| (flow_log.clone(), Layout::for_flow_log(flow_log)))
            .collect();
        let mut columns: Vec<String> = Vec::new();
        let names = flow_logs.iter().flat_map(|(_, layout)| layout.columns());
        for name in names.map(flowlog_flowlog::Column::name).chain(RESERVED) {
            if !columns.iter().any(|known| known == name) {
                columns.push(name.to_owned());
            }
        }
        Self {
            output,
            inventory: numbered.inventory.clone(),
            account: config.account.clone(),
            flow_logs,
            columns,
            held: Vec::new(),
        }
    }

    /// One row.
    pub(super) fn row(&mut self, partition: u16, row: &Row) -> Result<(), Failure> {
        let Some((flow_log, layout)) = self.flow_logs.get(usize::from(row.flow_log.0)) else {
            return Ok(());
        };
        let names = Names {
            inventory: &self.inventory,
            account: &self.account,
            epoch: 0,
            partition: partition.into(),
            flow_log: flow_log.id().as_str(),
        };
        let mut object = Map::new();
        layout.render(row, &names, |column, text| {
            object.insert(column.name().to_owned(), Value::from(text));
        });
        let reserved = [
            row_time(row, row.left_at).seconds.to_string(),
            row_source(row).to_string(),
            SLS_TOPIC.to_owned(),
        ];
        for (name, value) in RESERVED.into_iter().zip(reserved) {
            object.insert(name.to_owned(), Value::from(value));
        }
        if self.output.format() == Format::Json {
            return Ok(self.output.json(&object)?);
        }
        let cells = self.columns.iter().map(|name| {
            object
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        });
        self.held.push(cells.collect());
        Ok(())
    }

    /// The ledger: the last line of JSON; for people, a summary beside the rows.
    pub(super) fn ledger(
        self,
        ledger: &Ledger,
        of: impl Fn(FlowLogIndex) -> FlowLogLedger,
    ) -> Result<(), Failure> {
        let flow_logs: BTreeMap<&str, FlowLogLedger> = (0..)
            .map(FlowLogIndex)
            .zip(&self.flow_logs)
            .map(|(index, (flow_log, _))| (flow_log.id().as_str(), of(index)))
            .collect();
        if self.output.format() == Format::Json {
            return Ok(self.output.json(&ledger_json(ledger, &flow_logs))?);
        }
        let mut rows = self.output.rows(self.columns);
        for cells in self.held {
            rows.row(cells)?;
        }
        rows.finish()?;
        let d = &ledger.datagrams;
        say(format_args!(
            "datagrams: {} accepted ({} of them malformed in part), {} duplicate, {} refused, {} malformed",
            d.accepted, d.partly_malformed, d.duplicate, d.refused, d.malformed
        ));
        for (name, ledger) in &flow_logs {
            say(format_args!(
                "flow log {name}: {} records in, {} rows out, {} late beyond all bounds",
                ledger.matched.records, ledger.rows, ledger.late_dropped.records
            ));
        }
        Ok(())
    }
}

fn ledger_json(ledger: &Ledger, flow_logs: &BTreeMap<&str, FlowLogLedger>) -> Value {
    let (d, s) = (&ledger.datagrams, &ledger.sets);
    json!({
        "kind": "ledger",
        "datagrams": {
            "in": d.total(), "accepted": d.accepted, "duplicate": d.duplicate,
            "refused": d.refused, "malformed": d.malformed, "shed": d.shed,
            "partly_malformed": d.partly_malformed,
        },
        "sets": {
            "in": s.total(), "decoded": s.decoded, "parked": s.parked, "expired": s.expired,
            "skipped": s.skipped,
        },
        "flow_logs": flow_logs.iter().map(|(name, ledger)| {
            ((*name).to_owned(), flow_log_json(ledger))
        }).collect::<Map<_, _>>(),
    })
}

fn flow_log_json(ledger: &FlowLogLedger) -> Value {
    json!({
        "matched": amount_json(&ledger.matched),
        "emitted": amount_json(&ledger.emitted),
        "open": amount_json(&ledger.open),
        "late_dropped": amount_json(&ledger.late_dropped),
        "baseline": amount_json(&ledger.baseline),
        "egress_copy": amount_json(&ledger.egress_copy),
        "event": amount_json(&ledger.event),
        "inactive": amount_json(&ledger.inactive),
        "rows": ledger.rows,
    })
}

/// Sums beyond 64 bits are shown as the greatest number there is.
fn amount_json(amount: &Amount) -> Value {
    json!({
        "records": amount.records,
        "packets": u64::try_from(amount.packets).unwrap_or(u64::MAX),
        "octets": u64::try_from(amount.octets).unwrap_or(u64::MAX),
    })
}
