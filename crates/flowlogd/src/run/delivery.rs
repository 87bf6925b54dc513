//! Rows on their way from a partition to the Logstore: typed columns, no text per row.
//!
//! Rows of one (flow log, partition) stay in the order of their numbers; one batch carries all
//! that a partition handed over for a flow log, one LogGroup per Exporter (`__source__`).

use std::collections::BTreeMap;
use std::sync::Arc;

use flowlog_flowlog::{ColumnType, FlowLog, Inventory, Layout, Names, SLS_TOPIC, row_time};
use flowlog_logstore::batch::{Batch, Column, Group, Origin};
use flowlog_record::{Address, FlowLogIndex, Row, Timestamp};
use flowlog_sls::index::{IndexConfig, KeyIndex};

use super::columns::ColumnBuilder;

/// The most rows of one batch: larger hand-overs become several, in order.
const MAX_BATCH_ROWS: usize = 65_536;

/// Where the rows of one flow log go, and what they look like.
#[derive(Debug)]
struct Destination {
    flow_log: Arc<str>,
    project: Arc<str>,
    logstore: Arc<str>,
    layout: Layout,
    names: Vec<Arc<str>>,
}

/// Turns rows into batches of the Logstore.
#[derive(Debug)]
pub(crate) struct Delivery {
    inventory: Arc<Inventory>,
    account: Arc<str>,
    epoch: u64,
    destinations: Vec<Destination>,
}

impl Delivery {
    /// For these flow logs, whose place is their [`FlowLogIndex`].
    pub(crate) fn new(
        inventory: Arc<Inventory>,
        account: &str,
        epoch: u64,
        flow_logs: &[FlowLog],
    ) -> Self {
        let destinations = flow_logs.iter().map(Destination::new).collect();
        Self {
            inventory,
            account: account.into(),
            epoch,
            destinations,
        }
    }

    /// The batches of what one partition handed over; `rows` is in the order in which they left.
    /// Also how many times were clamped to what a Logstore accepts.
    pub(crate) fn batches(
        &self,
        partition: u16,
        rows: &[Row],
        now: Timestamp,
    ) -> (Vec<Batch>, u64) {
        let mut by_flow_log: BTreeMap<FlowLogIndex, Vec<&Row>> = BTreeMap::new();
        for row in rows {
            by_flow_log.entry(row.flow_log).or_default().push(row);
        }
        let mut batches = Vec::new();
        let mut clamped = 0;
        for (flow_log, rows) in by_flow_log {
            let Some(destination) = self.destinations.get(usize::from(flow_log.0)) else {
                continue;
            };
            for rows in rows.chunks(MAX_BATCH_ROWS) {
                let (batch, times) = self.batch(destination, partition, rows, now);
                clamped += times;
                batches.push(batch);
            }
        }
        (batches, clamped)
    }

    fn batch(
        &self,
        destination: &Destination,
        partition: u16,
        rows: &[&Row],
        now: Timestamp,
    ) -> (Batch, u64) {
        let mut by_exporter: BTreeMap<Address, Vec<&Row>> = BTreeMap::new();
        for row in rows {
            by_exporter.entry(row.exporter).or_default().push(row);
        }
        let names = Names {
            inventory: &self.inventory,
            account: &self.account,
            epoch: self.epoch,
            partition: u32::from(partition),
            flow_log: &destination.flow_log,
        };
        let mut clamped = 0;
        let groups = by_exporter
            .into_iter()
            .map(|(exporter, rows)| {
                let (group, times) = destination.group(exporter, &rows, &names, now);
                clamped += times;
                group
            })
            .collect();
        let first = rows.iter().map(|row| row.number).min().unwrap_or(0);
        let next = rows
            .iter()
            .map(|row| row.number)
            .max()
            .map_or(0, |last| last + 1);
        let batch = Batch {
            project: Arc::clone(&destination.project),
            logstore: Arc::clone(&destination.logstore),
            origin: Some(Origin {
                epoch: self.epoch,
                flow_log: Arc::clone(&destination.flow_log),
                partition,
                first,
                next,
            }),
            groups,
        };
        (batch, clamped)
    }
}

/// The index of the Logstore of a flow log: a field for each of its columns, numbers as `long`, so
/// that `sum(bytes)` works.
pub(crate) fn index(flow_log: &FlowLog) -> IndexConfig {
    let layout = Layout::for_flow_log(flow_log);
    let keys = layout.columns().iter().map(|column| {
        let key = match column.column_type() {
            ColumnType::Long => KeyIndex::long(),
            ColumnType::Text => KeyIndex::whole(),
        };
        (column.name().to_owned(), key)
    });
    IndexConfig {
        keys: keys.collect(),
        ..IndexConfig::default()
    }
}

impl Destination {
    fn new(flow_log: &FlowLog) -> Self {
        let layout = Layout::for_flow_log(flow_log);
        Self {
            flow_log: flow_log.id().as_str().into(),
            project: flow_log.project().as_str().into(),
            logstore: flow_log.logstore().as_str().into(),
            names: layout
                .columns()
                .iter()
                .map(|column| column.name().into())
                .collect(),
            layout,
        }
    }

    fn group(
        &self,
        exporter: Address,
        rows: &[&Row],
        names: &Names<'_>,
        now: Timestamp,
    ) -> (Group, u64) {
        let mut clamped = 0;
        let time = rows
            .iter()
            .map(|row| {
                let time = row_time(row, now);
                clamped += u64::from(time.clamped);
                u32::try_from(time.seconds).unwrap_or(0)
            })
            .collect();
        let columns = self
            .layout
            .columns()
            .iter()
            .zip(&self.names)
            .map(|(column, name)| {
                let mut builder = ColumnBuilder::with_capacity(rows.len());
                for row in rows {
                    builder.push(column.value(row, names));
                }
                Column {
                    name: Arc::clone(name),
                    values: builder.finish(),
                }
            });
        let group = Group {
            topic: SLS_TOPIC.into(),
            source: exporter.to_string().into(),
            time,
            columns: columns.collect(),
            numbers: rows.iter().map(|row| row.number).collect(),
            ..Group::default()
        };
        (group, clamped)
    }
}
