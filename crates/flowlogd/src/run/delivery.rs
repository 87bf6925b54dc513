//! Rows on their way from a partition to the Logstore: typed columns, no text per row.
//!
//! Rows of one (flow log, partition) stay in the order of their numbers: one batch carries all that
//! a partition handed over for a flow log, one LogGroup per Exporter (`__source__`).

use std::collections::BTreeMap;
use std::sync::Arc;

use flowlog_flowlog::{
    ColumnType, FlowLog, Inventory, Layout, Names, SLS_TOPIC, Status, Value, row_source, row_time,
};
use flowlog_logstore::batch::{Batch, Column, Group, Origin};
use flowlog_logstore::{Logstore, ManageError, SPOOL};
use flowlog_record::{Address, FlowLogIndex, Row, Timestamp};
use flowlog_sls::index::KeyIndex;

use super::book::Numbered;
use super::columns::ColumnBuilder;
use super::targets;
use crate::config::Config;

/// Rows whose values are read together: what the first cache holds.
const TILE: usize = 64;

/// Into what the rows of one flow log are written, and what they look like.
#[derive(Debug)]
struct Destination {
    flow_log: Arc<str>,
    project: Arc<str>,
    logstore: Arc<str>,
    active: bool,
    /// Whether project and Logstore are made where they are absent; else they must be there.
    made: bool,
    layout: Layout,
    names: Vec<Arc<str>>,
}

/// Turns the rows of one generation of flow logs into batches of the Logstore.
#[derive(Debug)]
pub(crate) struct Delivery {
    inventory: Inventory,
    account: String,
    epoch: u64,
    retention_days: u32,
    /// The place of each is its [`FlowLogIndex`].
    destinations: Vec<Destination>,
}

impl Delivery {
    /// For these flow logs.
    pub(crate) fn new(config: &Config, epoch: u64, numbered: &Numbered) -> Self {
        Self {
            inventory: numbered.inventory.clone(),
            account: config.account.clone(),
            epoch,
            retention_days: config.logstore.retention_days.into(),
            destinations: (numbered.flow_logs.iter())
                .map(|flow_log| {
                    let configured = config.flow_log.iter().any(|it| it.name == *flow_log.id());
                    let made = configured || config.control.create_logstores;
                    Destination::new(flow_log, targets::place(config, flow_log), made)
                })
                .collect(),
        }
    }

    /// Makes the projects and Logstores of the flow logs that are active, where they are absent and
    /// are to be made. Each has an index for all columns of the flow logs that write there, beside
    /// what is indexed already.
    ///
    /// # Errors
    /// What the Logstore says of the first that cannot be made; the others are made all the same.
    pub(crate) fn make_logstores(&self, logstore: &Logstore) -> Result<(), ManageError> {
        let active = self.destinations.iter().filter(|it| it.active);
        let made = active.map(|destination| destination.make(logstore, self.retention_days));
        made.fold(Ok(()), Result::and)
    }

    /// Whether a Logstore of this name that is absent is made; else its rows have no place.
    pub(crate) fn makes(&self, (project, name): (&str, &str)) -> bool {
        self.named(project, name)
            .any(|destination| destination.made)
    }

    fn named(&self, project: &str, name: &str) -> impl Iterator<Item = &Destination> {
        let all = self.destinations.iter();
        all.filter(move |it| *it.project == *project && *it.logstore == *name)
    }

    /// Makes the Logstore of this name, which has rows to take, whatever flow log they are of.
    ///
    /// # Errors
    /// What the Logstore says.
    pub(crate) fn make_logstore(
        &self,
        logstore: &Logstore,
        (project, name): (&str, &str),
    ) -> Result<(), ManageError> {
        let mut named = self.named(project, name);
        named.try_for_each(|destination| destination.make(logstore, self.retention_days))
    }

    /// The batches of what one partition handed over, at most one per flow log; `rows` is in the
    /// order in which they left. Also how many times were clamped to what a Logstore accepts.
    pub(crate) fn batches<'a>(
        &self,
        partition: u16,
        rows: impl Iterator<Item = &'a Row>,
        now: Timestamp,
    ) -> (Vec<Batch>, u64) {
        let mut by_flow_log: BTreeMap<FlowLogIndex, Vec<&Row>> = BTreeMap::new();
        for row in rows {
            by_flow_log.entry(row.flow_log).or_default().push(row);
        }
        let mut batches = Vec::new();
        let mut clamped = 0;
        for (flow_log, rows) in by_flow_log {
            // Every generation has all flow logs of those before it.
            let Some(destination) = self.destinations.get(usize::from(flow_log.0)) else {
                continue;
            };
            let (batch, times) = self.batch(destination, partition, &rows, now);
            clamped += times;
            batches.push(batch);
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
            .into_values()
            .map(|rows| {
                let source = rows.first().map_or(Value::Absent, |row| row_source(row));
                let (group, times) = destination.group(source, &rows, &names, now);
                clamped += times;
                group
            })
            .collect();
        let first = rows.iter().map(|row| row.number).min().unwrap_or(0);
        let next = rows
            .iter()
            .map(|row| row.number)
            .max()
            .map_or(0, |last| last.saturating_add(1));
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

impl Destination {
    fn new(flow_log: &FlowLog, (project, logstore): (Arc<str>, Arc<str>), made: bool) -> Self {
        let layout = Layout::for_flow_log(flow_log);
        Self {
            flow_log: flow_log.id().as_str().into(),
            made: made || *project == *SPOOL,
            project,
            logstore,
            active: flow_log.status() == Status::Active,
            names: layout
                .columns()
                .iter()
                .map(|column| column.name().into())
                .collect(),
            layout,
        }
    }

    fn make(&self, logstore: &Logstore, retention_days: u32) -> Result<(), ManageError> {
        if *self.project == *SPOOL {
            return logstore.ensure_spool(&self.logstore);
        }
        let before = logstore.logstore(&self.project, &self.logstore);
        if before.is_none() && !self.made {
            return Ok(());
        }
        let before = before.and_then(|info| info.index);
        let mut index = before.as_deref().cloned().unwrap_or_default();
        let mut is_whole = before.is_some();
        for (key, kind) in self.index() {
            index.keys.entry(key).or_insert_with(|| {
                is_whole = false;
                kind
            });
        }
        if !is_whole {
            logstore.ensure_logstore(&self.project, &self.logstore, index)?;
        }
        logstore.set_ttl(&self.project, &self.logstore, retention_days)
    }

    /// A field for each column, numbers as `long`, so that `sum(bytes)` works.
    fn index(&self) -> impl Iterator<Item = (String, KeyIndex)> {
        self.layout.columns().iter().map(|column| {
            let kind = match column.column_type() {
                ColumnType::Long => KeyIndex::long(),
                ColumnType::Text => KeyIndex::whole(),
            };
            (column.name().to_owned(), kind)
        })
    }

    fn group(
        &self,
        source: Value<'_>,
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
        let group = Group {
            topic: SLS_TOPIC.into(),
            source: source.to_string().into(),
            time,
            columns: self.columns(rows, names),
            numbers: rows.iter().map(|row| row.number).collect(),
            ..Group::default()
        };
        (group, clamped)
    }

    /// Few rows at a time give their values to all columns: those rows are read from memory once.
    fn columns(&self, rows: &[&Row], names: &Names<'_>) -> Vec<Column> {
        let columns = self.layout.columns();
        let mut builders: Vec<_> = columns
            .iter()
            .map(|_| ColumnBuilder::with_capacity(rows.len()))
            .collect();
        for few in rows.chunks(TILE) {
            for (column, builder) in columns.iter().zip(&mut builders) {
                for row in few {
                    builder.push(column.value(row, names));
                }
            }
        }
        let built = columns.iter().zip(&self.names).zip(builders);
        built
            .filter(|((column, _), builder)| !column.is_optional() || builder.has_values())
            .map(|((_, name), builder)| Column {
                name: Arc::clone(name),
                values: builder.finish(),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests;
