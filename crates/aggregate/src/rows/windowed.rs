//! Records of flow logs with a capture window: windows cut first, aging cuts inside them.

use alloc::boxed::Box;

use flowlog_record::Reason;

use super::held::Over;
use super::{Incoming, Rows, Stretch, period_of};
use crate::cell::{Marks, NEVER};
use crate::key::Key;
use crate::outlet::Outlet;
use crate::slab::Slot;
use crate::table::Part;
use crate::windows::Pane;

impl<K: Key> Rows<K> {
    pub(super) fn take_windowed(
        &mut self,
        incoming: &Incoming<'_, K>,
        stretch: &Stretch<K>,
        out: &mut Outlet<'_>,
    ) {
        let Stretch {
            hash,
            pane,
            from,
            to,
            ..
        } = *stretch;
        let Some(part) = incoming.part(from, to) else {
            return;
        };
        if !stretch.is_open {
            self.take_late(incoming, (pane, from, to), part, out);
            return;
        }
        let mut slot = self.open.find(hash, incoming.key, pane);
        if let Some(over) = slot
            && self
                .open
                .cells
                .get(over)
                .is_some_and(|cell| cell.has(Marks::CLOSED))
        {
            self.hold_closed(over, pane, out);
            slot = None;
        }
        let aging = match slot {
            Some(slot) => self.aging_of(slot, out),
            None => out.terms.rules.aging,
        };
        if aging.is_some() {
            self.take_aged(incoming, (hash, pane), (from, to), out);
        } else {
            self.take_plain(incoming, (hash, slot), ((pane, from, to), part), out);
        }
    }

    /// Without aging a window is one period.
    fn take_plain(
        &mut self,
        incoming: &Incoming<'_, K>,
        (hash, slot): (u64, Option<Slot>),
        ((pane, from, to), part): ((Pane, i64, i64), Part),
        out: &mut Outlet<'_>,
    ) {
        let opened = slot.is_none();
        let begin = (from, incoming.measured.record);
        let slot = slot.or_else(|| self.open_row((hash, incoming.key), begin, out));
        let Some(slot) = slot else {
            return;
        };
        if let Some(cell) = self.open.cells.get_mut(slot) {
            cell.extend(from, incoming.reach(to, pane));
            if opened {
                cell.set_threshold(NEVER, false);
            }
        }
        if opened {
            self.list(slot, pane, out);
        }
        self.add(slot, incoming.measured, part, out);
    }

    /// With aging: what a held period covers goes there, the rest to the open one.
    fn take_aged(
        &mut self,
        incoming: &Incoming<'_, K>,
        (hash, pane): (u64, Pane),
        (from, to): (i64, i64),
        out: &mut Outlet<'_>,
    ) {
        let mut from = from;
        while from <= to {
            if let Some((place, last)) = self.held.covering(incoming.key, pane, from) {
                let last = last.min(to);
                if let Some(part) = incoming.part(from, last) {
                    self.held.add(&place, incoming.measured, part, out);
                }
                from = last.saturating_add(1);
                continue;
            }
            let next = self.held.next_start(incoming.key, pane, from);
            let last = next.map_or(to, |next| to.min(next.saturating_sub(1)));
            from = self.take_uncovered(incoming, (hash, pane), (from, last), out);
        }
    }

    /// What no held period covers: to the open period as far as it lasts, or to a new one. Returns
    /// where the rest begins.
    fn take_uncovered(
        &mut self,
        incoming: &Incoming<'_, K>,
        (hash, pane): (u64, Pane),
        (from, to): (i64, i64),
        out: &mut Outlet<'_>,
    ) -> i64 {
        let found = self.open.find(hash, incoming.key, pane);
        let start = match found.and_then(|slot| self.open.cells.get(slot)) {
            Some(cell) => cell.start(),
            None => from,
        };
        let aging = match found {
            Some(slot) => self.aging_of(slot, out),
            None => out.terms.rules.aging,
        };
        let active = aging.map_or(NEVER, |aging| aging.active_ms);
        // Windows cut first: a period that would end with its window ends as the window does.
        let limit = start.saturating_add(active).min(pane.until);
        let cuts = limit < pane.until;
        if from >= limit {
            self.hold_active(found, (pane, limit), out);
            return from;
        }
        let last = to.min(limit.saturating_sub(1));
        if let Some(part) = incoming.part(from, last) {
            let key = (hash, incoming.key);
            let slot =
                found.or_else(|| self.open_aged(key, (from, incoming.measured.record), pane, out));
            if let Some(slot) = slot {
                let reach = incoming.reach(last, pane);
                self.reach(slot, reach, incoming.measured, out);
                self.add(slot, incoming.measured, part, out);
            }
        }
        if cuts
            && incoming.measured.end >= limit.saturating_sub(1)
            && last >= limit.saturating_sub(1)
        {
            let slot = self.open.find(hash, incoming.key, pane);
            self.hold_active(slot, (pane, limit), out);
        }
        last.saturating_add(1)
    }

    fn open_aged(
        &mut self,
        (hash, key): (u64, &K),
        (from, record): (i64, u8),
        pane: Pane,
        out: &mut Outlet<'_>,
    ) -> Option<Slot> {
        let slot = self.open_row((hash, key), (from, record), out)?;
        if self.held.has(key, pane) {
            self.open.side_mut(slot).held = true;
        }
        Some(slot)
    }

    /// The open period is over by `ActiveAging` at `limit`.
    fn hold_active(
        &mut self,
        slot: Option<Slot>,
        (pane, limit): (Pane, i64),
        out: &mut Outlet<'_>,
    ) {
        let Some(slot) = slot else {
            return;
        };
        let over = Over {
            pane,
            reason: Reason::Active,
            end: limit,
            until: limit,
            due: limit,
        };
        self.hold(slot, over, out);
    }

    /// The period in the table is over by inactivity, and its key goes on.
    fn hold_closed(&mut self, slot: Slot, pane: Pane, out: &mut Outlet<'_>) {
        let Some(cell) = self.open.cells.get(slot) else {
            return;
        };
        let over = Over {
            pane,
            reason: self.closed_reason(slot),
            end: cell.last(),
            until: cell.last().saturating_add(1),
            due: cell.last(),
        };
        self.hold(slot, over, out);
    }

    /// Moves a period that ended at `over.due` from the table to the held ones.
    fn hold(&mut self, slot: Slot, mut over: Over, out: &mut Outlet<'_>) {
        let Some((key, period)) = period_of(&self.open, slot) else {
            return;
        };
        let side = self.open.side.get_mut(&slot);
        let sums: Option<Box<_>> = side.and_then(|side| side.sums.take());
        let hold = aged_hold(&key, over.pane, out);
        over.due = over.due.saturating_add(hold);
        self.held.insert(key, period, sums, over);
        self.open.remove(slot, out.terms.windows);
    }
}

/// How long periods that aging ends inside `pane` are held: as it was when the window began.
pub(super) fn aged_hold<K: Key>(key: &K, pane: Pane, out: &Outlet<'_>) -> i64 {
    let exporters = &out.shared.exporters;
    exporters.hold(key.exporter(), out.terms.holds, pane.from)
}
