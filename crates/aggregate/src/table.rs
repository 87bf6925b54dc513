//! The table of open rows: cells by key and window, with rare things beside them.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;

use flowlog_record::{HashKey, Sampling};
use serde::{Deserialize, Serialize};

use crate::cell::{Cell, Marks, PROPORTIONAL, SUMS};
use crate::index::Index;
use crate::key::Key;
use crate::measure::Outlook;
use crate::outlet::Outlet;
use crate::rates::{Share, Sums};
use crate::rules::Aging;
use crate::slab::{Slab, Slot};
use crate::split::Counted;
use crate::windows::{Pane, Windows};

/// What few rows have, kept beside the table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Side {
    /// Scaled sums, when a code cannot stand for them.
    pub(crate) sums: Option<Box<Sums>>,
    /// The aging under which the period began, when the flow log's has changed since.
    pub(crate) pinned: Option<Pinned>,
    /// The period is over because the Exporter fell silent.
    pub(crate) silent: bool,
    /// Earlier periods of the same key and window may wait for their hold.
    pub(crate) held: bool,
}

/// The aging under which a period began, if any.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pinned {
    pub(crate) aging: Option<Aging>,
}

/// One record under one flow log, as it is added to rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measured {
    /// First millisecond.
    pub(crate) start: i64,
    /// Last millisecond.
    pub(crate) end: i64,
    pub(crate) total: Counted,
    pub(crate) tcp_flags: u16,
    /// What is present, as rows keep it.
    pub(crate) presence: u8,
    pub(crate) sampling: Sampling,
    pub(crate) code: u8,
    /// How long behind `end` a period ends for lack of records, under the flow log's aging.
    pub(crate) threshold: i64,
    pub(crate) outlook: Outlook,
    /// Its place in the batch.
    pub(crate) record: u8,
}

/// What one record gives to one row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    pub(crate) share: Share,
    /// It is the record's last part.
    pub(crate) is_last: bool,
}

impl Part {
    /// Whether the row gets all that `measured` has.
    pub(crate) fn is_whole(&self, measured: &Measured) -> bool {
        self.share.raw() == measured.total
    }
}

/// Counters are full: the row has to leave before the part can be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

/// Open rows of one family.
#[derive(Debug)]
pub(crate) struct Table<K: Key> {
    pub(crate) cells: Slab<K>,
    index: Index,
    pub(crate) side: BTreeMap<Slot, Side>,
    /// Records beyond what cells count.
    pub(crate) spilled: BTreeMap<Slot, u64>,
    /// What else rows name, of their first records.
    pub(crate) extras: BTreeMap<Slot, Box<[String]>>,
    key: HashKey,
}

impl<K: Key> Table<K> {
    pub(crate) const fn new(key: HashKey) -> Self {
        Self::with(Slab::new(), key)
    }

    const fn with(cells: Slab<K>, key: HashKey) -> Self {
        Self {
            cells,
            index: Index::new(),
            side: BTreeMap::new(),
            spilled: BTreeMap::new(),
            extras: BTreeMap::new(),
            key,
        }
    }

    /// From saved cells.
    pub(crate) fn restore(cells: Slab<K>, windows: &Windows, key: HashKey) -> Self {
        let mut table = Self::with(cells, key);
        let Self { cells, index, .. } = &mut table;
        if let Some((last, _)) = cells.iter().last() {
            index.rebuild(last, hashes(cells, windows, &key));
        }
        table
    }

    /// Octets that cells and index take.
    pub(crate) fn octets(&self) -> usize {
        self.cells.octets().saturating_add(self.index.octets())
    }

    #[inline]
    pub(crate) fn hash(&self, key: &K, window: i64) -> u64 {
        key.hash(&self.key, window)
    }

    /// A row that may have this hash, without a look at its cell; [`Slot::MAX`] if there is none.
    #[inline]
    pub(crate) fn candidate(&self, hash: u64) -> Slot {
        self.index.slots(hash).next().unwrap_or(Slot::MAX)
    }

    /// Brings near what [`candidate`](Self::candidate) reads.
    #[inline]
    pub(crate) fn expect(&self, hash: u64) {
        self.index.expect(hash);
    }

    /// Brings a cell near.
    #[inline]
    pub(crate) fn touch(&self, slot: Slot) {
        if let Some(cell) = self.cells.get(slot) {
            crate::nearer::bring(cell);
        }
    }

    /// The row of `key` in `pane`.
    #[inline]
    pub(crate) fn find(&self, hash: u64, key: &K, pane: Pane) -> Option<Slot> {
        self.index.slots(hash).find(|slot| {
            let cell = self.cells.get(*slot);
            cell.is_some_and(|cell| cell.key.same(key) && pane.holds(cell.start()))
        })
    }

    /// A row that starts at `start`; there is none of that key and window yet.
    pub(crate) fn create(
        &mut self,
        (hash, key): (u64, &K),
        start: i64,
        windows: &Windows,
    ) -> Option<Slot> {
        let slot = self.cells.insert(Cell::new(key.without_flags(), start))?;
        let Self {
            cells, index, key, ..
        } = self;
        index.insert((slot, hash), || {
            hashes(cells, windows, key).filter(move |(other, _)| *other != slot)
        });
        Some(slot)
    }

    /// Gives back memory that a table without rows does not need.
    pub(crate) fn rest(&mut self) {
        if self.cells.is_empty() && self.cells.is_large() {
            self.cells = Slab::new();
            self.index = Index::new();
        }
    }

    /// Takes a row out.
    pub(crate) fn remove(&mut self, slot: Slot, windows: &Windows) {
        let Some(cell) = self.cells.live(slot) else {
            return;
        };
        let hash = hash_of(cell, windows, &self.key);
        self.index.remove(slot, hash);
        self.forget_side(slot);
        self.cells.remove(slot);
    }

    /// Drops what is kept beside the row.
    pub(crate) fn forget_side(&mut self, slot: Slot) {
        let Some(cell) = self.cells.get_mut(slot) else {
            return;
        };
        if cell.has(Marks::SIDE) {
            self.side.remove(&slot);
        }
        if cell.is_spilled() {
            self.spilled.remove(&slot);
        }
        if !self.extras.is_empty() {
            self.extras.remove(&slot);
        }
        cell.unset(Marks::SIDE);
    }

    /// What is kept beside the row, made if need be.
    pub(crate) fn side_mut(&mut self, slot: Slot) -> &mut Side {
        if let Some(cell) = self.cells.get_mut(slot) {
            cell.set(Marks::SIDE);
        }
        self.side.entry(slot).or_default()
    }

    /// Records whose last part is in the row.
    pub(crate) fn records(&self, slot: Slot) -> u64 {
        let Some(cell) = self.cells.get(slot) else {
            return 0;
        };
        let spilled = if cell.is_spilled() {
            self.spilled.get(&slot).copied().unwrap_or(0)
        } else {
            0
        };
        cell.records().saturating_add(spilled)
    }

    /// Adds the counters, flags and presence of a part; times are the caller's.
    ///
    /// # Errors
    /// The counters are full; nothing was added.
    pub(crate) fn add(
        &mut self,
        slot: Slot,
        measured: &Measured,
        part: Part,
        out: &Outlet<'_>,
    ) -> Result<(), Full> {
        let Some(cell) = self.cells.get_mut(slot) else {
            return Ok(());
        };
        let raw = part.share.raw();
        let before = Counted {
            packets: cell.packets,
            octets: cell.octets,
        };
        cell.add(raw.packets, raw.octets).ok_or(Full)?;
        cell.key.or_flags(measured.tcp_flags);
        cell.or_presence(measured.presence);
        if !part.is_whole(measured) {
            cell.or_presence(PROPORTIONAL);
        }
        if !part.is_last || cell.has_room() {
            cell.count(part.is_last);
        } else {
            cell.spill();
            let spilled = self.spilled.entry(slot).or_insert(0);
            *spilled = spilled.saturating_add(255);
        }
        self.add_scaled(slot, (measured, part.share), before, out);
        Ok(())
    }

    fn add_scaled(
        &mut self,
        slot: Slot,
        (measured, share): (&Measured, Share),
        before: Counted,
        out: &Outlet<'_>,
    ) {
        let Some(cell) = self.cells.get_mut(slot) else {
            return;
        };
        let code = cell.sampling();
        if code == measured.code && code != SUMS {
            return;
        }
        let mut sums = None;
        if cell.has(Marks::SIDE) {
            sums = self.side.get_mut(&slot).and_then(|side| side.sums.take());
        }
        let added = out.added(cell.key.exporter(), (measured, share), before);
        cell.set_sampling(added.to(code, &mut sums));
        if sums.is_some() {
            self.side_mut(slot).sums = sums;
        }
    }
}

fn hash_of<K: Key>(cell: &Cell<K>, windows: &Windows, key: &HashKey) -> u64 {
    cell.key.hash(key, windows.at(cell.start()).from)
}

/// All rows with their hashes.
fn hashes<K: Key>(
    cells: &Slab<K>,
    windows: &Windows,
    key: &HashKey,
) -> impl Iterator<Item = (Slot, u64)> {
    cells
        .iter()
        .map(|(slot, cell)| (slot, hash_of(cell, windows, key)))
}
