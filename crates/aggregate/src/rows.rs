//! The open rows of one flow log and family: how a record's parts find their periods.
//!
//! A row lives in one of three places. *Open*: in the table, found by key and window. *Held*: an
//! aging period that is over while its key has gone on to another one in the same window
//! ([`held`]). *Late*: parts for windows that have left, gathered for a minute ([`late`]).

mod aging;
mod drain;
mod due;
mod held;
mod late;
mod quick;
mod windowed;

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use flowlog_record::{HashKey, Reason};

use crate::cell::Marks;
use crate::ends::Ends;
use crate::key::Key;
use crate::ledger::Amount;
use crate::outlet::{Leave, Outlet, Period};
use crate::rates::Share;
use crate::rules::Aging;
use crate::slab::Slot;
use crate::split::Spread;
use crate::table::{Measured, Part, Pinned, Table};
use crate::wheel::Wheel;
use crate::windows::Pane;

pub(crate) use self::drain::Place;
pub(crate) use self::held::{Held, SavedHeld};
pub(crate) use self::quick::{Memo, Stretch};

/// All rows of one family.
#[derive(Debug)]
pub(crate) struct Rows<K: Key> {
    pub(crate) open: Table<K>,
    /// Rows that end with their window, while it has not ended.
    panes: BTreeMap<Pane, Vec<Slot>>,
    /// Rows that ended with their window, by the time when they leave.
    dues: BTreeMap<i64, Vec<Slot>>,
    wheel: Wheel,
    pub(crate) held: Held<K>,
    pub(crate) late: Table<K>,
    pub(crate) ends: Ends,
}

/// One record on its way into rows.
#[derive(Debug)]
pub(crate) struct Incoming<'a, K> {
    pub(crate) key: &'a K,
    pub(crate) measured: &'a Measured,
    spread: Spread,
}

impl<'a, K> Incoming<'a, K> {
    const fn new(key: &'a K, measured: &'a Measured) -> Self {
        Self {
            key,
            measured,
            spread: Spread {
                start: measured.start,
                end: measured.end,
                total: measured.total,
            },
        }
    }

    /// What the record gives to `from..=to`; `None` when that is nothing.
    fn part(&self, from: i64, to: i64) -> Option<Part> {
        let share = Share {
            before: self.spread.until(from.saturating_sub(1)),
            after: self.spread.until(to),
        };
        (share.before != share.after).then_some(Part {
            share,
            is_last: share.after == self.spread.total,
        })
    }

    /// How far the record reaches in a period that it leaves at `to`: its last millisecond there,
    /// or the window's end when it goes on.
    fn reach(&self, to: i64, pane: Pane) -> i64 {
        if to.saturating_add(1) == pane.until && self.measured.end >= pane.until {
            pane.until
        } else {
            to
        }
    }
}

impl<K: Key> Rows<K> {
    pub(crate) fn new(key: HashKey) -> Self {
        Self {
            open: Table::new(key),
            panes: BTreeMap::new(),
            dues: BTreeMap::new(),
            wheel: Wheel::new(),
            held: Held::default(),
            late: Table::new(key),
            ends: Ends::default(),
        }
    }

    /// Adds a share to the rows of its key, whatever that takes.
    #[inline(never)]
    fn take(&mut self, stretch: &Stretch<K>, measured: &Measured, out: &mut Outlet<'_>) {
        let incoming = Incoming::new(&stretch.key, measured);
        if out.terms.rules.window.is_some() {
            self.take_windowed(&incoming, stretch, out);
        } else {
            self.take_aging(&incoming, stretch.hash, out);
        }
    }

    /// Opens a row at `start`, without counters, for this record of the batch.
    fn open_row(
        &mut self,
        (hash, key): (u64, &K),
        (start, record): (i64, u8),
        out: &mut Outlet<'_>,
    ) -> Option<Slot> {
        let slot = self.open.create((hash, key), start, out.terms.windows)?;
        out.opened(key);
        if let Some(extra) = out.extra(record) {
            self.open.extras.insert(slot, extra);
        }
        Some(slot)
    }

    /// Adds counters, flags and presence of a part to an open row.
    fn add(&mut self, slot: Slot, measured: &Measured, part: Part, out: &mut Outlet<'_>) {
        let full = self.open.add(slot, measured, part, out).is_err();
        if full {
            self.flush(slot, out);
            // Without counters, the row holds any part.
            let _empty = self.open.add(slot, measured, part, out);
        }
        out.account.ledger.open += Amount::of(u64::from(part.is_last), part.share.raw());
    }

    /// The flow reaches `last` in an aging period, whose start never moves back.
    fn reach(&mut self, slot: Slot, last: i64, measured: &Measured, out: &Outlet<'_>) {
        let Some(before) = self.open.cells.get(slot).copied() else {
            return;
        };
        let fresh = before.is_empty();
        if !fresh && last < before.last() {
            return;
        }
        let mut threshold = measured.threshold;
        if before.has(Marks::SIDE)
            && let Some(pinned) = self.pinned(slot)
        {
            threshold = measured.outlook.threshold(pinned.aging);
        }
        if let Some(cell) = self.open.cells.get_mut(slot) {
            cell.reach(last);
            cell.set_threshold(threshold, measured.outlook.ended);
        }
        if fresh {
            self.set_timer(slot, out);
        } else {
            self.hurry(slot, &before, out);
        }
    }

    /// Counters that are full leave as a row of their own; the period goes on.
    fn flush(&mut self, slot: Slot, out: &mut Outlet<'_>) {
        let Some(cell) = self.open.cells.get(slot).copied() else {
            return;
        };
        let leave = Leave {
            reason: Reason::Cap,
            end: cell.last(),
            pane: out.terms.windows.at(cell.start()),
            late: false,
        };
        emit_counters(&mut self.open, slot, leave, out);
    }

    /// The aging that was pinned when the flow log's changed.
    fn pinned(&self, slot: Slot) -> Option<Pinned> {
        self.open.side.get(&slot).and_then(|side| side.pinned)
    }

    /// The aging under which the row's period began.
    fn aging_of(&self, slot: Slot, out: &Outlet<'_>) -> Option<Aging> {
        let cell = self.open.cells.get(slot);
        if cell.is_some_and(|cell| cell.has(Marks::SIDE))
            && let Some(pinned) = self.pinned(slot)
        {
            return pinned.aging;
        }
        out.terms.rules.aging
    }

    /// Octets that the tables take.
    pub(crate) fn octets(&self) -> usize {
        self.open.octets().saturating_add(self.late.octets())
    }

    #[cfg(test)]
    pub(crate) fn hints(&self) -> usize {
        self.wheel.len()
    }

    /// Without rows, nothing is due.
    fn forget_hints(&mut self) {
        self.panes.clear();
        self.dues.clear();
        self.wheel = Wheel::new();
    }

    /// Takes a row out of the table and lets it leave.
    fn leave(&mut self, slot: Slot, leave: Leave, out: &mut Outlet<'_>) {
        leave_table(&mut self.open, slot, leave, out);
    }
}

/// What a cell and its side say, as a period on its way out.
pub(crate) fn period_of<K: Key>(table: &Table<K>, slot: Slot) -> Option<(K, Period)> {
    let cell = table.cells.live(slot)?;
    let period = Period {
        start: cell.start(),
        last: cell.last(),
        packets: cell.packets,
        octets: cell.octets,
        records: table.records(slot),
        tcp_flags: cell.key.flags(),
        presence: cell.presence(),
        code: cell.sampling(),
        extra: table.extras.get(&slot).cloned(),
    };
    Some((cell.key.without_flags(), period))
}

/// Takes a row out of `table` and lets it leave.
fn leave_table<K: Key>(table: &mut Table<K>, slot: Slot, leave: Leave, out: &mut Outlet<'_>) {
    let Some((key, period)) = period_of(table, slot) else {
        return;
    };
    let side = table.side.get(&slot).filter(|_| !table.side.is_empty());
    let sums = side.and_then(|side| side.sums.as_deref());
    out.leave(&key, &period, sums, leave);
    table.remove(slot, out.terms.windows);
}

/// The counters of a row leave; the row stays, empty.
fn emit_counters<K: Key>(table: &mut Table<K>, slot: Slot, leave: Leave, out: &mut Outlet<'_>) {
    let Some((key, period)) = period_of(table, slot) else {
        return;
    };
    let mut sums = None;
    if let Some(side) = table.side.get_mut(&slot) {
        sums = side.sums.take();
    }
    out.emit(&key, &period, sums.as_deref(), leave);
    table.spilled.remove(&slot);
    if let Some(cell) = table.cells.get_mut(slot) {
        cell.clear_counters();
    }
}
