//! What is due: windows that end, periods that end for lack of records, rows that leave.
//!
//! A row is due by what it says itself; lists and timers are hints that never come too late, and
//! ask it again. So each row leaves at its due time exactly, however often it moved.

use alloc::vec::Vec;

use flowlog_record::Reason;

use super::Rows;
use super::windowed::aged_hold;
use crate::cell::{Cell, Marks, NEVER};
use crate::key::Key;
use crate::outlet::{Leave, Outlet};
use crate::rules::Aging;
use crate::slab::Slot;
use crate::wheel::{Mark, Taken, Wheel, second_of};
use crate::windows::Pane;

/// A silent Exporter's periods end `InactiveAging + Ta` and this after it was last heard.
const SILENCE_MS: i64 = 30_000;

impl<K: Key> Rows<K> {
    /// Nothing is due before this time.
    pub(crate) fn next_due(&self) -> i64 {
        let pane = self.panes.first_key_value();
        let pane = pane.map_or(i64::MAX, |(pane, _)| pane.until);
        let due = self
            .dues
            .first_key_value()
            .map_or(i64::MAX, |(due, _)| *due);
        pane.min(due).min(self.wheel.next()).min(self.held.next())
    }

    /// Does what is due at `due` or before: windows first, then periods, in order of their place.
    pub(crate) fn fire(&mut self, due: i64, out: &mut Outlet<'_>) {
        while let Some(first) = self.panes.first_entry()
            && first.key().until <= due
        {
            let (pane, slots) = first.remove_entry();
            for slot in slots {
                self.await_hold(slot, pane, out);
            }
        }
        while let Some(first) = self.dues.first_entry()
            && *first.key() <= due
        {
            let (at, mut slots) = first.remove_entry();
            slots.sort_unstable();
            for slot in slots {
                self.leave_window(slot, at, out);
            }
        }
        while let Some(taken) = self.wheel.take(due) {
            match taken {
                Taken::Second(second, slots) => {
                    for slot in slots {
                        self.look_again(slot, second, out);
                    }
                }
                Taken::Row(at, slot) if self.is_valid(slot, second_of(at)) => {
                    self.come_up(slot, at, out);
                }
                Taken::Row(..) => {}
            }
        }
        while self.held.fire(due, out) {}
        self.open.rest();
    }

    /// Lists a row that ends with its window.
    pub(super) fn list(&mut self, slot: Slot, pane: Pane, out: &Outlet<'_>) {
        let Some(cell) = self.open.cells.get_mut(slot) else {
            return;
        };
        if cell.has(Marks::LISTED) {
            return;
        }
        cell.set(Marks::LISTED);
        if out.at >= pane.until {
            self.await_hold(slot, pane, out);
        } else {
            self.panes.entry(pane).or_default().push(slot);
        }
    }

    /// The row's window has ended: it leaves after the hold as it is now.
    fn await_hold(&mut self, slot: Slot, pane: Pane, out: &Outlet<'_>) {
        let Some(cell) = self.open.cells.live(slot) else {
            return;
        };
        let exporters = &out.shared.exporters;
        let hold = exporters.hold(cell.key.exporter(), out.terms.holds, pane.until);
        let due = pane.until.saturating_add(hold);
        self.dues.entry(due).or_default().push(slot);
    }

    /// A row that was listed to leave at `due`.
    fn leave_window(&mut self, slot: Slot, due: i64, out: &mut Outlet<'_>) {
        let Some(cell) = self.open.cells.live(slot).copied() else {
            return;
        };
        let pane = out.terms.windows.at(cell.start());
        let exporters = &out.shared.exporters;
        let hold = exporters.hold(cell.key.exporter(), out.terms.holds, pane.until);
        if pane.until.saturating_add(hold) > due {
            // Another row in the same place.
            return;
        }
        let closes = self.closes(slot, &cell, out).0;
        if cell.has(Marks::CLOSED) || closes < pane.until {
            if let Some(cell) = self.open.cells.get_mut(slot) {
                cell.unset(Marks::LISTED);
            }
            return;
        }
        let leave = Leave {
            reason: Reason::Window,
            end: cell.last(),
            pane,
            late: false,
        };
        self.leave(slot, leave, out);
    }

    /// When the row's period ends for lack of records, and whether by its Exporter's silence.
    fn closes(&self, slot: Slot, cell: &Cell<K>, out: &Outlet<'_>) -> (i64, bool) {
        let threshold = cell.threshold();
        if threshold == NEVER {
            return (i64::MAX, false);
        }
        let inactive = cell.last().saturating_add(threshold);
        let Some(Aging { inactive_ms, .. }) = self.aging_of(slot, out) else {
            return (inactive, false);
        };
        if threshold <= inactive_ms {
            return (inactive, false);
        }
        let heard = out.shared.exporters.get(cell.key.exporter());
        let heard = heard.map_or(i64::MAX, |known| known.heard);
        let silence = inactive_ms
            .saturating_add(timeout_behind(threshold))
            .saturating_add(SILENCE_MS);
        let silent = heard.saturating_add(silence);
        (inactive.min(silent), silent < inactive)
    }

    /// When a row is due next, as it says itself; `None` when it ends with its window.
    fn due(&self, slot: Slot, cell: &Cell<K>, out: &Outlet<'_>) -> Option<i64> {
        let pane = out.terms.windows.at(cell.start());
        if cell.has(Marks::CLOSED) {
            return Some(cell.last().saturating_add(aged_hold(&cell.key, pane, out)));
        }
        let (closes, _) = self.closes(slot, cell, out);
        (closes < pane.until).then_some(closes)
    }

    /// Whether the hint for `second` is the one that the row relies on.
    fn is_valid(&self, slot: Slot, second: i64) -> bool {
        let cell = self.open.cells.live(slot);
        cell.is_some_and(|cell| cell.timer() == Mark::of(second))
    }

    /// The second of a hint has begun: puts the row in for its exact time, if the hint is valid.
    fn look_again(&mut self, slot: Slot, second: i64, out: &Outlet<'_>) {
        if self.is_valid(slot, second) {
            self.set_timer(slot, out);
        }
    }

    /// Sets a timer for the row as it is, or lists it with its window.
    pub(super) fn set_timer(&mut self, slot: Slot, out: &Outlet<'_>) {
        let Some(cell) = self.open.cells.live(slot) else {
            return;
        };
        let mark = if let Some(due) = self.due(slot, cell, out) {
            self.wheel.insert(due, slot, out.at)
        } else {
            let pane = out.terms.windows.at(cell.start());
            self.list(slot, pane, out);
            Mark::NONE
        };
        if let Some(cell) = self.open.cells.get_mut(slot) {
            cell.set_timer(mark);
        }
    }

    /// Sets a timer for a period that may end earlier than it did `before`. One that ends later
    /// needs none: its timer asks again.
    pub(super) fn hurry(&mut self, slot: Slot, before: &Cell<K>, out: &Outlet<'_>) {
        let Some(cell) = self.open.cells.get(slot) else {
            return;
        };
        let ends = |cell: &Cell<K>| cell.last().saturating_add(cell.threshold());
        if cell.threshold() >= before.threshold() && ends(cell) >= ends(before) {
            return;
        }
        let closes = self.closes(slot, cell, out).0;
        let pane = out.terms.windows.at(cell.start());
        if closes >= pane.until || closes >= self.closes(slot, before, out).0 {
            return;
        }
        if !Wheel::covers(cell.timer(), closes, out.at) {
            self.set_timer(slot, out);
        }
    }

    /// A row was put in for `at`: it is due, or will be later.
    fn come_up(&mut self, slot: Slot, at: i64, out: &mut Outlet<'_>) {
        let Some(cell) = self.open.cells.live(slot).copied() else {
            return;
        };
        if self.due(slot, &cell, out).is_none_or(|due| due > at) {
            self.set_timer(slot, out);
            return;
        }
        let pane = out.terms.windows.at(cell.start());
        if cell.has(Marks::CLOSED) {
            self.leave_closed(slot, pane, out);
            return;
        }
        if self.closes(slot, &cell, out).1 {
            self.open.side_mut(slot).silent = true;
        }
        if pane == Pane::ALL {
            let reason = self.closed_reason(slot);
            self.leave_aging(slot, (reason, cell.last()), out);
            return;
        }
        if let Some(cell) = self.open.cells.get_mut(slot) {
            cell.set(Marks::CLOSED);
        }
        let hold = aged_hold(&cell.key, pane, out);
        if cell.last().saturating_add(hold) <= at {
            self.leave_closed(slot, pane, out);
        } else {
            self.set_timer(slot, out);
        }
    }

    fn leave_closed(&mut self, slot: Slot, pane: Pane, out: &mut Outlet<'_>) {
        let Some(cell) = self.open.cells.get(slot) else {
            return;
        };
        let leave = Leave {
            reason: self.closed_reason(slot),
            end: cell.last(),
            pane,
            late: false,
        };
        self.leave(slot, leave, out);
    }

    /// Why a period ended for lack of records.
    pub(super) fn closed_reason(&self, slot: Slot) -> Reason {
        let Some(cell) = self.open.cells.get(slot) else {
            return Reason::Inactive;
        };
        if cell.has(Marks::SIDE) && self.open.side.get(&slot).is_some_and(|side| side.silent) {
            Reason::Idle
        } else if cell.has(Marks::ENDED) {
            Reason::Ended
        } else {
            Reason::Inactive
        }
    }

    /// Puts every row on the lists and timers that it needs, after its cells were restored.
    pub(crate) fn schedule_all(&mut self, out: &Outlet<'_>) {
        let slots: Vec<Slot> = self.open.cells.iter().map(|(slot, _)| slot).collect();
        for slot in slots {
            if let Some(cell) = self.open.cells.get_mut(slot) {
                cell.unset(Marks::LISTED);
            }
            self.set_timer(slot, out);
        }
    }
}

/// `Ta` behind a threshold of `Ta + ⌊Ta/10⌋`; for shorter ones (`Ta + 5 s`) the silence rule never
/// comes first.
const fn timeout_behind(threshold: i64) -> i64 {
    let tenths = threshold.div_euclid(11);
    tenths
        .saturating_mul(10)
        .saturating_add(threshold.rem_euclid(11))
}
