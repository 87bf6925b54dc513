//! The quick way, for nearly all records: the whole record goes to an open row that is there, and
//! moves no timer forward. Whatever is not as simple returns `false` and takes the long way, which
//! gives the same rows.

use flowlog_record::{FlowRecord, Sampling};

use super::Rows;
use crate::cell::{Marks, NEVER, PROPORTIONAL, SUMS, presence_of};
use crate::key::Key;
use crate::ledger::Amount;
use crate::measure::{Outlook, measure};
use crate::outlet::Outlet;
use crate::rates::UNSAMPLED;
use crate::rules::Aging;
use crate::slab::Slot;
use crate::split::Counted;
use crate::windows::Pane;

/// What a record has in one window, or in all of time, on its way to a row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stretch<K> {
    pub(crate) key: K,
    pub(crate) hash: u64,
    pub(crate) pane: Pane,
    /// The record's first and last millisecond in the window.
    pub(crate) from: i64,
    pub(crate) to: i64,
    /// Its share.
    pub(crate) raw: Counted,
    /// The record's first and last millisecond.
    pub(crate) start: i64,
    pub(crate) end: i64,
    /// A row that may be the right one, found by hash alone.
    pub(crate) slot: Slot,
    /// The record's place in the batch.
    pub(crate) record: u8,
    /// The code of its sampling.
    pub(crate) code: u8,
    /// The rows of the window still wait for records.
    pub(crate) is_open: bool,
    /// The record's last part.
    pub(crate) is_last: bool,
}

impl<K: Copy> Stretch<K> {
    /// The same for a row of this key.
    #[inline]
    pub(crate) const fn of<L: Copy>(&self, key: L, hash: u64) -> Stretch<L> {
        Stretch {
            key,
            hash,
            pane: self.pane,
            from: self.from,
            to: self.to,
            raw: self.raw,
            start: self.start,
            end: self.end,
            slot: self.slot,
            record: self.record,
            code: self.code,
            is_open: self.is_open,
            is_last: self.is_last,
        }
    }

    /// How far the record reaches in the window: its last millisecond there, or the window's end
    /// when it goes on.
    #[inline]
    const fn reach(&self) -> i64 {
        if self.end >= self.pane.until {
            self.pane.until
        } else {
            self.to
        }
    }
}

impl<K: Key> Rows<K> {
    /// Takes a batch: looks all up, touches all, then updates, so that the memory of one row is on
    /// its way while the next is looked for.
    pub(crate) fn take_batch(
        &mut self,
        batch: &mut [Stretch<K>],
        records: &[FlowRecord],
        out: &mut Outlet<'_>,
    ) {
        for stretch in &*batch {
            self.open.expect(stretch.hash);
        }
        for stretch in &mut *batch {
            stretch.slot = self.open.candidate(stretch.hash);
            self.open.touch(stretch.slot);
        }
        let aging = out.terms.rules.aging;
        let mut open = Amount::default();
        for stretch in &mut *batch {
            let Some(record) = records.get(usize::from(stretch.record)) else {
                continue;
            };
            let done = self.quick(stretch, record, aging)
                || match self.open.find(stretch.hash, &stretch.key, stretch.pane) {
                    Some(slot) if slot == stretch.slot => false,
                    Some(slot) => {
                        stretch.slot = slot;
                        self.quick(stretch, record, aging)
                    }
                    None => self.begin(stretch, record, out),
                };
            if done {
                open += Amount::of(u64::from(stretch.is_last), stretch.raw);
            } else {
                self.take(stretch, &measure(record, stretch, aging), out);
            }
        }
        out.account.ledger.open += open;
    }

    /// Adds a share to its row if that is as simple as it mostly is; `false`, and nothing done,
    /// when it is not.
    #[inline]
    fn quick(&mut self, stretch: &Stretch<K>, record: &FlowRecord, aging: Option<Aging>) -> bool {
        let Some(cell) = self.open.cells.get_mut(stretch.slot) else {
            return false;
        };
        let right = cell.has(Marks::LIVE)
            && cell.key.same(&stretch.key)
            && stretch.pane.holds(cell.start());
        let plain = !cell.has(Marks::CLOSED.and(Marks::SIDE))
            && stretch.code == cell.sampling()
            && stretch.code != SUMS
            && cell.has_room()
            && stretch.is_open;
        if !right || !plain {
            return false;
        }
        let outlook = Outlook::of(record);
        let threshold = outlook.threshold(aging);
        let (last, reach) = (cell.last(), stretch.reach());
        let further = reach >= last;
        let fits = match aging {
            None => stretch.from >= cell.start(),
            Some(Aging { active_ms, .. }) => {
                let limit = cell.start().saturating_add(active_ms);
                let uncut = limit >= stretch.pane.until || stretch.to < limit.saturating_sub(1);
                let sooner = threshold < cell.threshold()
                    || reach.saturating_add(threshold) < last.saturating_add(cell.threshold());
                uncut && !(further && sooner)
            }
        };
        let Counted { packets, octets } = stretch.raw;
        if !fits || cell.add(packets, octets).is_none() {
            return false;
        }
        if further {
            cell.continue_to(reach, threshold, outlook.ended);
        }
        let mut presence = presence_of(record.fields);
        if stretch.raw != Counted::of(record) {
            presence |= PROPORTIONAL;
        }
        cell.or_presence(presence);
        cell.key.or_flags(record.tcp_flags);
        cell.count(stretch.is_last);
        true
    }
}

impl<K: Key> Rows<K> {
    /// Opens a row for a share that has none, if that is as simple as it mostly is; `false`, and
    /// nothing done, when it is not.
    fn begin(&mut self, stretch: &Stretch<K>, record: &FlowRecord, out: &mut Outlet<'_>) -> bool {
        let Stretch {
            key, pane, from, ..
        } = *stretch;
        let aging = out.terms.rules.aging;
        let active = aging.map_or(NEVER, |aging| aging.active_ms);
        let limit = from.saturating_add(active);
        let uncut = limit >= pane.until || stretch.to < limit.saturating_sub(1);
        let plain = stretch.is_open && pane != Pane::ALL && stretch.code != SUMS;
        if !plain || !uncut || self.held.has(&key, pane) {
            return false;
        }
        let Some(slot) = self.open_row((stretch.hash, &key), (from, stretch.record), out) else {
            return false;
        };
        if let Some(cell) = self.open.cells.get_mut(slot) {
            let outlook = Outlook::of(record);
            cell.continue_to(stretch.reach(), outlook.threshold(aging), outlook.ended);
            (cell.packets, cell.octets) = (stretch.raw.packets, stretch.raw.octets);
            let mut presence = presence_of(record.fields);
            if stretch.raw != Counted::of(record) {
                presence |= PROPORTIONAL;
            }
            cell.or_presence(presence);
            cell.key.or_flags(record.tcp_flags);
            cell.set_sampling(stretch.code);
            cell.count(stretch.is_last);
        }
        self.set_timer(slot, out);
        true
    }
}

/// What one record of a batch leaves to the next, as it is nearly always the same.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memo {
    /// The windows last looked up, and whether their rows wait for records.
    panes: [(Pane, bool); 2],
    sampling: Sampling,
    code: u8,
}

impl Memo {
    pub(crate) const fn new() -> Self {
        const NONE: (Pane, bool) = (Pane { from: 0, until: 0 }, false);
        Self {
            panes: [NONE; 2],
            sampling: Sampling::NONE,
            code: UNSAMPLED,
        }
    }

    /// The window that holds `at`, and whether its rows wait for records.
    #[inline]
    pub(crate) fn pane(&mut self, at: i64, look_up: impl FnOnce() -> (Pane, bool)) -> (Pane, bool) {
        let [last, other] = self.panes;
        if last.0.holds(at) {
            return last;
        }
        let found = if other.0.holds(at) { other } else { look_up() };
        self.panes = [found, last];
        found
    }

    /// The code of `sampling`.
    #[inline]
    pub(crate) fn code(&mut self, sampling: Sampling, look_up: impl FnOnce() -> u8) -> u8 {
        if sampling != self.sampling {
            (self.sampling, self.code) = (sampling, look_up());
        }
        self.code
    }
}
