//! Groups made while scanning: the plain shape `SELECT keys, aggregates FROM log [WHERE …] GROUP BY
//! keys` without a row of it going through SQLite.
//!
//! [`plan`] looks for that shape in the tree of a statement. Where it finds it, the table `log` is
//! replaced by a table of *partial groups*: the columns that are named outside of aggregates, each
//! distinct combination once (mostly), and what the aggregates need to know of its rows. The
//! aggregates of the statement become aggregates over those, everything else stays as it is. A
//! combination may come twice, which is no harm; so the memory of [`table`] is bounded by handing
//! out what it has. [`filter`] is the `WHERE`, column by column.

mod column;
mod filter;
mod plan;
mod table;

use super::TableColumn;
use filter::Filter;

pub(super) use plan::plan;
pub(super) use table::{Groups, Made, NoGroups, Shown};

/// A table of partial groups.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Grouping {
    /// What the table is called.
    pub(super) name: String,
    /// Seconds by which its period is earlier.
    pub(super) earlier: i64,
    /// The columns that are kept as they are.
    pub(super) keys: Vec<Key>,
    /// Further columns, called `#0`, `#1` and so on.
    pub(super) partials: Vec<Partial>,
    pub(super) filter: Filter,
}

/// A column that is kept.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Key {
    pub(super) column: TableColumn,
    /// Only multiples of it are told apart; 1 for all.
    pub(super) step: i64,
}

/// What is known of the rows of a group.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Partial {
    /// How many there are.
    Rows,
    /// How many have a value in the column.
    Count(TableColumn),
    /// The sum of a column of integers, which has to fit 64 bits.
    Sum(TableColumn),
    /// The same, a double where it does not fit.
    Total(TableColumn),
    /// The least value.
    Min(TableColumn),
    /// The greatest value.
    Max(TableColumn),
}

impl Partial {
    /// The column that it is about.
    fn column(&self) -> Option<&TableColumn> {
        match self {
            Self::Rows => None,
            Self::Count(column)
            | Self::Sum(column)
            | Self::Total(column)
            | Self::Min(column)
            | Self::Max(column) => Some(column),
        }
    }
}
