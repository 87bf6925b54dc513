//! What is appended: typed batches of rows, column by column.
//!
//! A [`Batch`] is stored whole or not at all. Each of its [`Group`]s becomes one LogGroup with a
//! cursor of its own; all rows of a group share topic, source and tags. The log does not know
//! what a flow is: a column is a name and [`Values`].

mod builder;
mod encoding;
mod log_group;
mod proto;
mod sent;
mod values;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub(crate) use builder::GroupBuilder;
pub(crate) use encoding::{decode, encode, seal_header};
pub use log_group::{Irregular, Log, LogGroup};
pub(crate) use proto::{write_columns, write_rows};
pub(crate) use sent::from_sent;
pub use values::{Cell, Mask, Values};
pub(crate) use values::{canonical_decimal, is_canonical};

/// The most columns that a LogGroup keeps as columns; what is beyond is kept together.
pub const MAX_COLUMNS: usize = 256;
/// The most rows of one group.
pub const MAX_GROUP_ROWS: usize = 1 << 20;

/// Rows that are appended together: all of them or none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// The Project.
    pub project: Arc<str>,
    /// The Logstore.
    pub logstore: Arc<str>,
    /// Where the rows come from; rows that the Logstore has from there are refused.
    pub origin: Option<Origin>,
    /// The `LogGroup`s, in the order of their cursors.
    pub groups: Vec<Group>,
}

/// The place where rows were numbered: rows of (epoch, flow log, partition) count from 0.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Origin {
    /// The epoch of the data directory that made the rows.
    pub epoch: u64,
    /// The flow log's id, or its name for one from the configuration.
    pub flow_log: Arc<str>,
    /// The partition.
    pub partition: u16,
    /// The lowest number in the batch.
    pub first: u64,
    /// One beyond the greatest number in the batch; every number below it counts as stored.
    pub next: u64,
}

/// Rows with the same topic, source and tags.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// `__topic__`
    pub topic: Arc<str>,
    /// `__source__`
    pub source: Arc<str>,
    /// `__tag__:KEY`, in order.
    pub tags: Vec<(Arc<str>, Arc<str>)>,
    /// `__time__` of each row, seconds of the epoch; its length is the number of rows.
    pub time: Vec<u32>,
    /// The nanoseconds within the second, of every row or (empty) of none.
    pub time_ns: Vec<u32>,
    /// The columns; every one has a value for every row. Names differ.
    pub columns: Vec<Column>,
    /// The number of each row within its [`Origin`]; empty without one.
    pub numbers: Vec<u64>,
    /// What columns cannot say of rows that differ in their keys; `None` for typed rows.
    pub irregular: Option<Box<Irregular>>,
}

/// One key with its value in every row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// The key.
    pub name: Arc<str>,
    /// One value for each row.
    pub values: Values,
}

/// What is wrong with a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidBatch {
    /// A batch without rows.
    #[error("the batch has no rows")]
    Empty,
    /// A column, the nanoseconds or the numbers have another length than the times.
    #[error("a column is not as long as the group has rows")]
    Length,
    /// An index points behind its dictionary.
    #[error("an index points behind its dictionary")]
    Index,
    /// Two columns of a group have the same name.
    #[error("two columns of a group have the same name")]
    DuplicateName,
    /// A name that the Logstore uses itself, or an empty one.
    #[error("a column has a reserved name")]
    ReservedName,
    /// More rows than [`MAX_GROUP_ROWS`] or more columns than [`MAX_COLUMNS`].
    #[error("a group has too many rows or columns")]
    TooLarge,
    /// An origin without numbers, numbers without an origin, or a number outside of it.
    #[error("the numbers of the rows do not fit the origin")]
    Numbers,
}

/// Whether the Logstore keeps something of its own under this name.
pub(crate) fn reserved(name: &str) -> bool {
    name.is_empty()
        || name.starts_with("__tag__:")
        || matches!(
            name,
            "__time__"
                | "__time_ns_part__"
                | "__topic__"
                | "__source__"
                | "__cursor__"
                | "__position__"
                | "__receive_time__"
                | "__tags__"
                | "__key_order__"
                | "__rest__"
        )
}

/// The name under which the numbers of writers are kept; no flow log is called like that.
const SEQUENCE: &str = "#seqid";

impl Origin {
    /// What a writer has numbered under a key. Two keys are taken for one once in 2⁶⁴.
    pub(crate) fn of_sequence(key: u128, number: u64) -> Self {
        let (high, low) = (
            (key >> 64) & u128::from(u64::MAX),
            key & u128::from(u64::MAX),
        );
        let [high, low] = [high, low].map(|half| u64::try_from(half).unwrap_or_default());
        Self {
            epoch: high.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ low,
            flow_log: SEQUENCE.into(),
            partition: 0,
            first: number,
            next: number.saturating_add(1),
        }
    }

    /// Whether something is the name of what writers number.
    pub(crate) fn is_sequence(flow_log: &str) -> bool {
        flow_log == SEQUENCE
    }
}

impl Batch {
    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.groups.iter().map(Group::rows).sum()
    }

    /// Checks what the types cannot say.
    ///
    /// # Errors
    /// The first [`InvalidBatch`] that holds.
    pub fn validate(&self) -> Result<(), InvalidBatch> {
        if self.rows() == 0 {
            return Err(InvalidBatch::Empty);
        }
        for group in &self.groups {
            group.validate()?;
            let fits = match &self.origin {
                None => group.numbers.is_empty(),
                Some(origin) => {
                    group.numbers.len() == group.rows()
                        && group
                            .numbers
                            .iter()
                            .all(|n| (origin.first..origin.next).contains(n))
                }
            };
            if !fits {
                return Err(InvalidBatch::Numbers);
            }
        }
        Ok(())
    }

    /// Drops the rows whose number is below `known`, and groups that become empty.
    pub(crate) fn drop_below(&mut self, known: u64) {
        for group in &mut self.groups {
            let keep: Vec<bool> = group.numbers.iter().map(|n| *n >= known).collect();
            if keep.contains(&false) {
                group.retain(&keep);
            }
        }
        self.groups.retain(|group| group.rows() > 0);
    }
}

impl Group {
    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.time.len()
    }

    /// About how many octets of memory it takes.
    pub fn octets(&self) -> usize {
        let columns: usize = self.columns.iter().map(|c| 96 + c.values.octets()).sum();
        let irregular = self.irregular.as_ref().map_or(0, |i| i.octets());
        256 + 4 * self.time.len()
            + 4 * self.time_ns.len()
            + 8 * self.numbers.len()
            + columns
            + irregular
    }

    /// The column with this name.
    pub fn column(&self, name: &str) -> Option<&Values> {
        self.columns
            .iter()
            .find(|c| &*c.name == name)
            .map(|c| &c.values)
    }

    fn validate(&self) -> Result<(), InvalidBatch> {
        let rows = self.rows();
        if rows > MAX_GROUP_ROWS || self.columns.len() > MAX_COLUMNS {
            return Err(InvalidBatch::TooLarge);
        }
        let optional = |len: usize| len == 0 || len == rows;
        if !optional(self.time_ns.len()) || self.time_ns.iter().any(|ns| *ns >= 1_000_000_000) {
            return Err(InvalidBatch::Length);
        }
        let mut names: Vec<&str> = Vec::with_capacity(self.columns.len());
        for column in &self.columns {
            if reserved(&column.name) {
                return Err(InvalidBatch::ReservedName);
            }
            column.values.validate(rows)?;
            names.push(&column.name);
        }
        names.sort_unstable();
        if names
            .windows(2)
            .any(|pair| matches!(pair, [a, b] if a == b))
        {
            return Err(InvalidBatch::DuplicateName);
        }
        match &self.irregular {
            Some(irregular) => irregular.validate(rows, self.columns.len()),
            None => Ok(()),
        }
    }

    /// Keeps the rows for which `keep` is true.
    pub(crate) fn retain(&mut self, keep: &[bool]) {
        values::retain(&mut self.time, keep);
        values::retain(&mut self.time_ns, keep);
        values::retain(&mut self.numbers, keep);
        for column in &mut self.columns {
            column.values.retain(keep);
        }
        if let Some(irregular) = &mut self.irregular {
            irregular.retain(keep);
        }
    }
}

#[cfg(test)]
mod tests;
