//! Parts for windows that have left: they gather per key and window for at most a minute and leave
//! as additive rows, or are too late for that (aggregation §4, *Late*).

use alloc::vec::Vec;

use flowlog_record::Reason;

use super::{Incoming, Rows, emit_counters, leave_table};
use crate::cell::Cell;
use crate::key::Key;
use crate::ledger::Amount;
use crate::outlet::{Leave, Outlet};
use crate::slab::Slot;
use crate::table::Part;
use crate::windows::Pane;

/// `allowed_lateness` is never less than this plus the hold: the longest that a record reaches
/// back.
const LEAST_LATENESS_MS: i64 = 6_060_000;

impl<K: Key> Rows<K> {
    /// A part of a window that has left.
    pub(super) fn take_late(
        &mut self,
        incoming: &Incoming<'_, K>,
        (pane, from, to): (Pane, i64, i64),
        part: Part,
        out: &mut Outlet<'_>,
    ) {
        let exporters = &out.shared.exporters;
        let hold = exporters.hold(incoming.key.exporter(), out.terms.holds, pane.until);
        let lateness = out.shared.now.saturating_sub(pane.until);
        let least = LEAST_LATENESS_MS.saturating_add(hold);
        if lateness > out.terms.rules.allowed_lateness_ms.max(least) {
            let amount = Amount::of(u64::from(part.is_last), part.share.raw());
            out.account.ledger.late_dropped += amount;
            return;
        }
        let key = incoming.key;
        let hash = self.late.hash(key, pane.from);
        let slot = match self.late.find(hash, key, pane) {
            Some(slot) => slot,
            None => match self.late.create((hash, key), from, out.terms.windows) {
                Some(slot) => {
                    out.opened(key);
                    if let Some(extra) = out.extra(incoming.measured.record) {
                        self.late.extras.insert(slot, extra);
                    }
                    slot
                }
                None => return,
            },
        };
        if let Some(cell) = self.late.cells.get_mut(slot) {
            cell.extend(from, incoming.reach(to, pane));
        }
        if self.late.add(slot, incoming.measured, part, out).is_err() {
            let end = self.late.cells.get(slot).map_or(to, Cell::last);
            let leave = late(Reason::Cap, end, pane);
            emit_counters(&mut self.late, slot, leave, out);
            let _empty = self.late.add(slot, incoming.measured, part, out);
        }
        out.account.ledger.open += Amount::of(u64::from(part.is_last), part.share.raw());
    }

    /// What has gathered leaves.
    pub(crate) fn flush_late(&mut self, out: &mut Outlet<'_>) {
        let slots: Vec<Slot> = self.late.cells.iter().map(|(slot, _)| slot).collect();
        for slot in slots {
            self.leave_late(slot, (Reason::Window, i64::MAX), out);
        }
        self.late.rest();
    }

    /// One row of what has gathered leaves; `end` is `latest` at the latest.
    pub(super) fn leave_late(
        &mut self,
        slot: Slot,
        (reason, latest): (Reason, i64),
        out: &mut Outlet<'_>,
    ) {
        let Some(cell) = self.late.cells.live(slot) else {
            return;
        };
        let pane = out.terms.windows.at(cell.start());
        let leave = late(reason, cell.last().min(latest), pane);
        leave_table(&mut self.late, slot, leave, out);
    }
}

const fn late(reason: Reason, end: i64, pane: Pane) -> Leave {
    Leave {
        reason,
        end,
        pane,
        late: true,
    }
}
