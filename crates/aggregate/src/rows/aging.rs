//! Records of flow logs without a window: one open period per key, nothing is ever late.

use flowlog_record::Reason;

use super::{Incoming, Rows};
use crate::cell::{Cell, NEVER};
use crate::key::Key;
use crate::outlet::{Leave, Outlet};
use crate::slab::Slot;
use crate::windows::Pane;

impl<K: Key> Rows<K> {
    pub(super) fn take_aging(
        &mut self,
        incoming: &Incoming<'_, K>,
        hash: u64,
        out: &mut Outlet<'_>,
    ) {
        let mut from = incoming.measured.start;
        while from <= incoming.measured.end {
            from = match self.open.find(hash, incoming.key, Pane::ALL) {
                Some(slot) => self.continue_period(slot, incoming, from, out),
                None => self.begin_period(hash, incoming, from, out),
            };
        }
    }

    /// Into the open period as far as it lasts. Returns where the rest begins.
    fn continue_period(
        &mut self,
        slot: Slot,
        incoming: &Incoming<'_, K>,
        from: i64,
        out: &mut Outlet<'_>,
    ) -> i64 {
        let active = self
            .aging_of(slot, out)
            .map_or(NEVER, |aging| aging.active_ms);
        let start = self.open.cells.get(slot).map_or(from, Cell::start);
        let limit = start.saturating_add(active);
        if from >= limit {
            self.leave_aging(slot, (Reason::Active, limit), out);
            return from;
        }
        self.fill(slot, incoming, (from, limit), out)
    }

    /// Into a new period, which does not begin before the end of the one that left. Returns where
    /// the rest begins.
    fn begin_period(
        &mut self,
        hash: u64,
        incoming: &Incoming<'_, K>,
        from: i64,
        out: &mut Outlet<'_>,
    ) -> i64 {
        let left = self.ends.get(hash, out.shared.now);
        let start = left.map_or(from, |left| left.max(from));
        let active = out.terms.rules.aging.map_or(NEVER, |aging| aging.active_ms);
        let limit = start.saturating_add(active);
        let last = incoming.measured.end.min(limit.saturating_sub(1));
        if incoming.part(from, last).is_none() {
            return last.saturating_add(1);
        }
        match self.open_row((hash, incoming.key), (start, incoming.measured.record), out) {
            Some(slot) => self.fill(slot, incoming, (from, limit), out),
            None => i64::MAX,
        }
    }

    /// Adds what the record has up to `limit`, where the period ends if the record reaches it.
    fn fill(
        &mut self,
        slot: Slot,
        incoming: &Incoming<'_, K>,
        (from, limit): (i64, i64),
        out: &mut Outlet<'_>,
    ) -> i64 {
        let measured = incoming.measured;
        let last = measured.end.min(limit.saturating_sub(1));
        if let Some(part) = incoming.part(from, last) {
            self.reach(slot, last, measured, out);
            self.add(slot, measured, part, out);
        }
        if measured.end >= limit.saturating_sub(1) {
            self.leave_aging(slot, (Reason::Active, limit), out);
        }
        last.saturating_add(1)
    }

    /// A period of a pure aging log leaves when it ends.
    pub(super) fn leave_aging(
        &mut self,
        slot: Slot,
        (reason, end): (Reason, i64),
        out: &mut Outlet<'_>,
    ) {
        let Some(cell) = self.open.cells.live(slot) else {
            return;
        };
        let hash = self.open.hash(&cell.key, Pane::ALL.from);
        let most = out.shared.limits.rows / 2;
        self.ends.insert(hash, end, out.at, most);
        let leave = Leave {
            reason,
            end,
            pane: Pane::ALL,
            late: false,
        };
        self.leave(slot, leave, out);
    }
}
