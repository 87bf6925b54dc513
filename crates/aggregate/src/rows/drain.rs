//! Rows that leave before they are due: because the flow log was switched off, the input ended, or
//! the table is nearly full.

use alloc::vec::Vec;

use flowlog_record::{ExporterId, Reason};

use super::Rows;
use crate::cell::Marks;
use crate::key::Key;
use crate::outlet::{Leave, Outlet};
use crate::rules::Aging;
use crate::slab::Slot;
use crate::table::Pinned;
use crate::windows::Pane;

/// Where a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    Open(Slot),
    /// By due time and serial.
    Held(i64, u64),
    Late(Slot),
}

impl<K: Key> Rows<K> {
    /// Every row with its Exporter and the start of its period.
    pub(crate) fn each_place(&self, each: &mut dyn FnMut(ExporterId, i64, Place)) {
        for (slot, cell) in self.open.cells.iter() {
            each(cell.key.exporter(), cell.start(), Place::Open(slot));
        }
        for (key, due, serial, start) in self.held.places() {
            each(key.exporter(), start, Place::Held(due, serial));
        }
        for (slot, cell) in self.late.cells.iter() {
            each(cell.key.exporter(), cell.start(), Place::Late(slot));
        }
    }

    /// A row leaves early; `end` is `latest` at the latest.
    pub(crate) fn leave_early(
        &mut self,
        place: Place,
        (reason, latest): (Reason, i64),
        out: &mut Outlet<'_>,
    ) {
        match place {
            Place::Open(slot) => {
                let Some(cell) = self.open.cells.live(slot) else {
                    return;
                };
                let pane = out.terms.windows.at(cell.start());
                let end = cell.last().min(latest);
                if pane == Pane::ALL {
                    self.leave_aging(slot, (reason, end), out);
                    return;
                }
                let leave = Leave {
                    reason,
                    end,
                    pane,
                    late: false,
                };
                self.leave(slot, leave, out);
            }
            Place::Held(due, serial) => self.held.leave_early((due, serial), (reason, latest), out),
            Place::Late(slot) => self.leave_late(slot, (reason, latest), out),
        }
    }

    /// All rows leave: open ones, held ones, late ones, each in order of their place.
    pub(crate) fn leave_all(&mut self, reason: Reason, latest: i64, out: &mut Outlet<'_>) {
        let mut places = Vec::new();
        self.each_place(&mut |_, _, place| places.push(place));
        places.sort_unstable();
        for place in places {
            self.leave_early(place, (reason, latest), out);
        }
        self.forget_hints();
    }

    /// The flow log's aging changes: periods that have begun keep what they had.
    pub(crate) fn pin_aging(&mut self, aging: Option<Aging>) {
        let slots: Vec<Slot> = self.open.cells.iter().map(|(slot, _)| slot).collect();
        for slot in slots {
            let closed = self.open.cells.get(slot);
            if closed.is_some_and(|cell| cell.has(Marks::CLOSED)) {
                continue;
            }
            let side = self.open.side_mut(slot);
            side.pinned.get_or_insert(Pinned { aging });
        }
    }
}
