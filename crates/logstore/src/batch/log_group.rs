//! `LogGroup`s as clients send them: rows of keys and octets, each with keys of its own.

use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::builder::GroupBuilder;
use super::{Group, InvalidBatch, values};

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
    pub(super) order: Vec<Vec<u16>>,
    /// For each row the keys without a column: too many, repeated, or named like our own.
    pub(super) rest: Vec<Vec<(Arc<str>, Bytes)>>,
    /// Whether a row has nanoseconds, when some have and some have not.
    pub(super) has_ns: Vec<bool>,
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
        let mut builder = GroupBuilder::new(group.logs.len());
        for log in &group.logs {
            let contents = log.contents.iter().map(|(key, value)| (&**key, &**value));
            builder.row(log.time, log.time_ns, contents);
        }
        Self {
            topic: group.topic,
            source: group.source,
            tags: group.tags,
            ..builder.finish()
        }
    }
}
