//! An aggregator's state, saved and restored: a planned stop cuts no row.
//!
//! Postcard, behind a version. Rows are saved with their places in the table, as the order in
//! which they leave depends on them; indices, lists and timers are made again from the rows.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use flowlog_record::{FlowLogIndex, HashKey};
use serde::{Deserialize, Serialize};

use crate::aggregator::Aggregator;
use crate::cell::{Cell, TIME_BOUND};
use crate::ends::{Ends, SavedEnds};
use crate::flow_log::FlowLog;
use crate::key::Key;
use crate::outlet::{Account, Shared};
use crate::rows::{Held, Rows, SavedHeld};
use crate::rules::{Limits, Rules};
use crate::slab::{Slab, Slot};
use crate::table::{Side, Table};
use crate::watch::Watch;
use crate::windows::{Holds, Windows};

/// The version of what [`Aggregator::save`] and [`FlowMemory::save`](crate::FlowMemory::save)
/// write.
pub(crate) const VERSION: u32 = 3;

/// Why a saved state cannot be restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestoreError {
    /// It was saved by a version that this one does not know.
    UnknownVersion(u32),
    /// It is damaged.
    Damaged,
}

impl fmt::Display for RestoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownVersion(version) => {
                write!(f, "aggregation state of unknown version {version}")
            }
            Self::Damaged => f.write_str("damaged aggregation state"),
        }
    }
}

impl core::error::Error for RestoreError {}

/// What stands behind the version.
pub(crate) fn behind_version(octets: &[u8]) -> Result<&[u8], RestoreError> {
    let (version, rest): (u32, _) =
        postcard::take_from_bytes(octets).map_err(|_| RestoreError::Damaged)?;
    if version == VERSION {
        Ok(rest)
    } else {
        Err(RestoreError::UnknownVersion(version))
    }
}

#[derive(Serialize, Deserialize)]
struct SavedAggregator {
    shared: Shared,
    logs: Vec<SavedLog>,
}

#[derive(Serialize, Deserialize)]
struct SavedLog {
    flow_log: FlowLogIndex,
    active: bool,
    rules: Rules,
    windows: Windows,
    holds: Holds,
    account: Account,
    v4: SavedRows<crate::key::KeyV4>,
    v6: SavedRows<crate::key::KeyV6>,
    watch: Option<Box<Watch>>,
    late_due: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(bound = "")]
struct SavedRows<K: Key> {
    open: SavedTable<K>,
    late: SavedTable<K>,
    held: SavedHeld<K>,
    ends: SavedEnds,
}

#[derive(Serialize, Deserialize)]
#[serde(bound = "")]
struct SavedTable<K: Key> {
    cells: Vec<(K, [u64; 4])>,
    free: u64,
    side: BTreeMap<Slot, Side>,
    spilled: BTreeMap<Slot, u64>,
    extras: BTreeMap<Slot, Box<[String]>>,
}

impl Aggregator {
    /// Everything that it knows, in octets.
    pub fn save(&self) -> Vec<u8> {
        let logs = self
            .logs
            .iter()
            .map(|(index, log)| SavedLog::of(*index, log));
        let saved = SavedAggregator {
            shared: self.shared.clone(),
            logs: logs.collect(),
        };
        // Nothing in it can fail to be written; were it so, restoring would say so.
        postcard::to_allocvec(&(VERSION, saved)).unwrap_or_default()
    }

    /// The aggregator that was saved; `limits` and `key` may be others.
    ///
    /// # Errors
    /// [`RestoreError`] for octets that this version did not write.
    pub fn restore(octets: &[u8], limits: Limits, key: HashKey) -> Result<Self, RestoreError> {
        let rest = behind_version(octets)?;
        let saved: SavedAggregator =
            postcard::from_bytes(rest).map_err(|_| RestoreError::Damaged)?;
        if saved.shared.now > TIME_BOUND {
            return Err(RestoreError::Damaged);
        }
        let mut aggregator = Self::new(limits, key);
        aggregator.shared = Shared {
            limits,
            ..saved.shared
        };
        for saved in saved.logs {
            if !saved.account.ledger.balances() {
                return Err(RestoreError::Damaged);
            }
            let flow_log = saved.flow_log;
            let mut log = saved.restore(key);
            log.schedule_all(&mut aggregator.shared);
            aggregator.logs.insert(flow_log, Box::new(log));
        }
        aggregator.update_due();
        Ok(aggregator)
    }
}

impl SavedLog {
    fn of(flow_log: FlowLogIndex, log: &FlowLog) -> Self {
        Self {
            flow_log,
            active: log.active,
            rules: log.rules,
            windows: log.windows.clone(),
            holds: log.holds.clone(),
            account: log.account.clone(),
            v4: SavedRows::of(&log.v4),
            v6: SavedRows::of(&log.v6),
            watch: log.watch.clone(),
            late_due: log.late_due,
        }
    }

    fn restore(self, key: HashKey) -> FlowLog {
        let mut log = FlowLog::new(self.flow_log, self.rules.settled(), key);
        log.active = self.active;
        log.v4 = self.v4.restore(&self.windows, key);
        log.v6 = self.v6.restore(&self.windows, key);
        log.windows = self.windows;
        log.holds = self.holds;
        log.account = self.account;
        log.watch = self.watch;
        log.late_due = self.late_due;
        log
    }
}

impl<K: Key> SavedRows<K> {
    fn of(rows: &Rows<K>) -> Self {
        Self {
            open: SavedTable::of(&rows.open),
            late: SavedTable::of(&rows.late),
            held: rows.held.save(),
            ends: rows.ends.save(),
        }
    }

    fn restore(self, windows: &Windows, key: HashKey) -> Rows<K> {
        let mut rows = Rows::new(key);
        rows.open = self.open.restore(windows, key);
        rows.late = self.late.restore(windows, key);
        rows.held = Held::restore(self.held);
        rows.ends = Ends::restore(&self.ends);
        rows
    }
}

impl<K: Key> SavedTable<K> {
    fn of(table: &Table<K>) -> Self {
        let places = table.cells.places();
        Self {
            cells: places.map(|(_, cell)| (cell.key, cell.words())).collect(),
            free: table.cells.first_free(),
            side: table.side.clone(),
            spilled: table.spilled.clone(),
            extras: table.extras.clone(),
        }
    }

    fn restore(self, windows: &Windows, key: HashKey) -> Table<K> {
        let cells = self.cells.into_iter();
        let cells = cells.map(|(key, words)| Cell::from_words(key, words));
        let mut table = Table::restore(Slab::restore(cells, self.free), windows, key);
        table.side = self.side;
        table.spilled = self.spilled;
        table.extras = self.extras;
        table
    }
}
