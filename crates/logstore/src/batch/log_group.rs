//! `LogGroup`s as clients send them: rows of keys and octets, each with keys of its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{Column, Group, InvalidBatch, MAX_COLUMNS, Values, reserved, values};

/// Rows as a client sends them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogGroup {
    /// `__topic__`
    pub topic: Arc<str>,
    /// `__source__`
    pub source: Arc<str>,
    /// `__tag__:KEY`, in order.
    pub tags: Vec<(Arc<str>, Arc<str>)>,
    /// The rows.
    pub logs: Vec<Log>,
}

/// One row as a client sends it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// Seconds of the epoch.
    pub time: u32,
    /// Nanoseconds within the second.
    pub time_ns: Option<u32>,
    /// Keys and values in the client's order; a key may occur more than once.
    pub contents: Vec<(Arc<str>, Bytes)>,
}

/// What columns cannot say: the order of a row's keys, and keys that have no column.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Irregular {
    /// For each row the columns in the order of its keys, [`Irregular::REST`] for the next one of
    /// `rest`; empty when the order is that of the columns, with the rest behind them.
    order: Vec<Vec<u16>>,
    /// For each row the keys without a column: too many, repeated, or named like our own.
    rest: Vec<Vec<(Arc<str>, Bytes)>>,
    /// Whether a row has nanoseconds, when some have and some have not.
    has_ns: Vec<bool>,
}

impl Irregular {
    /// Stands for the next key without a column.
    pub(crate) const REST: u16 = u16::MAX;

    /// The order of a row's keys, empty for the columns' own.
    pub(crate) fn order(&self, row: usize) -> &[u16] {
        self.order.get(row).map_or(&[], Vec::as_slice)
    }

    /// A row's keys without a column.
    pub(crate) fn rest(&self, row: usize) -> &[(Arc<str>, Bytes)] {
        self.rest.get(row).map_or(&[], Vec::as_slice)
    }

    /// Whether a row's nanoseconds were sent.
    pub(crate) fn has_ns(&self, row: usize) -> bool {
        self.has_ns.get(row).is_none_or(|has| *has)
    }

    pub(super) fn octets(&self) -> usize {
        let order: usize = self.order.iter().map(|row| 24 + 2 * row.len()).sum();
        let rest = |row: &Vec<(Arc<str>, Bytes)>| -> usize {
            row.iter()
                .map(|(key, value)| 64 + key.len() + value.len())
                .sum()
        };
        order + self.has_ns.len() + self.rest.iter().map(|row| 24 + rest(row)).sum::<usize>()
    }

    pub(super) fn validate(&self, rows: usize, columns: usize) -> Result<(), InvalidBatch> {
        let optional = |len: usize| len == 0 || len == rows;
        if !(optional(self.order.len()) && optional(self.rest.len()) && optional(self.has_ns.len()))
        {
            return Err(InvalidBatch::Length);
        }
        for row in 0..rows {
            let order = self.order(row);
            let rest = order.iter().filter(|at| **at == Self::REST).count();
            let known = order
                .iter()
                .all(|at| *at == Self::REST || usize::from(*at) < columns);
            if !known || (!order.is_empty() && rest != self.rest(row).len()) {
                return Err(InvalidBatch::Index);
            }
        }
        Ok(())
    }

    pub(super) fn retain(&mut self, keep: &[bool]) {
        values::retain(&mut self.order, keep);
        values::retain(&mut self.rest, keep);
        values::retain(&mut self.has_ns, keep);
    }
}

impl From<LogGroup> for Group {
    /// Turns rows into columns; nothing is lost, neither order nor repetitions.
    fn from(group: LogGroup) -> Self {
        let mut builder = Builder::new(group.logs.len());
        for log in &group.logs {
            builder.add(log);
        }
        let (columns, irregular) = builder.finish();
        Self {
            topic: group.topic,
            source: group.source,
            tags: group.tags,
            time: group.logs.iter().map(|log| log.time).collect(),
            time_ns: if group.logs.iter().any(|log| log.time_ns.is_some()) {
                group
                    .logs
                    .iter()
                    .map(|log| log.time_ns.unwrap_or(0))
                    .collect()
            } else {
                Vec::new()
            },
            columns,
            numbers: Vec::new(),
            irregular,
        }
    }
}

struct Building {
    name: Arc<str>,
    dictionary: Vec<Bytes>,
    places: BTreeMap<Bytes, u32>,
    index: Vec<u32>,
}

struct Builder {
    rows: usize,
    row: usize,
    columns: Vec<Building>,
    names: BTreeMap<Arc<str>, usize>,
    irregular: Irregular,
}

impl Builder {
    fn new(rows: usize) -> Self {
        Self {
            rows,
            row: 0,
            columns: Vec::new(),
            names: BTreeMap::new(),
            irregular: Irregular::default(),
        }
    }

    fn add(&mut self, log: &Log) {
        let mut order = Vec::with_capacity(log.contents.len());
        let mut rest = Vec::new();
        for (key, value) in &log.contents {
            let place = self.column(key).filter(|at| self.set(*at, value));
            if let Some(Ok(at)) = place.map(u16::try_from) {
                order.push(at);
            } else {
                order.push(Irregular::REST);
                rest.push((Arc::clone(key), value.clone()));
            }
        }
        let regular = order.is_sorted();
        self.irregular
            .order
            .push(if regular { Vec::new() } else { order });
        self.irregular.rest.push(rest);
        self.irregular.has_ns.push(log.time_ns.is_some());
        self.row += 1;
    }

    /// The column for a key, made when there is room.
    fn column(&mut self, key: &Arc<str>) -> Option<usize> {
        if let Some(at) = self.names.get(key) {
            return Some(*at);
        }
        let at = self.columns.len();
        if at >= MAX_COLUMNS || reserved(key) {
            return None;
        }
        self.columns.push(Building {
            name: Arc::clone(key),
            dictionary: Vec::new(),
            places: BTreeMap::new(),
            index: vec![Values::NO_KEY; self.rows],
        });
        self.names.insert(Arc::clone(key), at);
        Some(at)
    }

    /// Sets the value of this row; `false` when it has one.
    fn set(&mut self, at: usize, value: &Bytes) -> bool {
        let Some(column) = self.columns.get_mut(at) else {
            return false;
        };
        let Some(cell) = column.index.get_mut(self.row) else {
            return false;
        };
        if *cell != Values::NO_KEY {
            return false;
        }
        let next = u32::try_from(column.dictionary.len()).unwrap_or(Values::NO_KEY);
        *cell = *column.places.entry(value.clone()).or_insert(next);
        if *cell == next {
            column.dictionary.push(value.clone());
        }
        true
    }

    fn finish(self) -> (Vec<Column>, Option<Box<Irregular>>) {
        let mut irregular = self.irregular;
        if irregular.order.iter().all(Vec::is_empty) {
            irregular.order = Vec::new();
        }
        if irregular.rest.iter().all(Vec::is_empty) {
            irregular.rest = Vec::new();
        }
        if irregular.has_ns.iter().all(|has| *has) || !irregular.has_ns.contains(&true) {
            irregular.has_ns = Vec::new();
        }
        let columns = self.columns.into_iter().map(|column| Column {
            name: column.name,
            values: Values::Octets {
                dictionary: column.dictionary,
                index: column.index,
            },
        });
        let columns = columns.collect();
        let plain = irregular == Irregular::default();
        (columns, (!plain).then(|| Box::new(irregular)))
    }
}
