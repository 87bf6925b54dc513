//! Aging periods that are over and wait for their hold while their key has gone on in the same
//! window.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use flowlog_record::{ExporterId, Reason};
use serde::{Deserialize, Serialize};

use crate::cell::PROPORTIONAL;
use crate::key::Key;
use crate::ledger::Amount;
use crate::outlet::{Leave, Outlet, Period};
use crate::rates::{Sums, UNKNOWN};
use crate::split::Counted;
use crate::table::{Measured, Part};
use crate::windows::Pane;

/// A period that is over.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct HeldPeriod {
    pub(crate) period: Period,
    pub(crate) sums: Option<Box<Sums>>,
    pub(crate) pane: Pane,
    pub(crate) reason: Reason,
    /// The column `end`.
    pub(crate) end: i64,
    /// It covers `period.start..until`.
    pub(crate) until: i64,
    /// When it leaves.
    pub(crate) due: i64,
    /// Its place among those that leave at the same time.
    serial: u64,
}

/// Key, window, start: no two held periods of a key and window begin at the same time, as none
/// begins inside another.
type Place<K> = (K, i64, i64);

/// Held periods by place and by due time.
#[derive(Debug)]
pub(crate) struct Held<K: Key> {
    periods: BTreeMap<Place<K>, HeldPeriod>,
    due: BTreeMap<(i64, u64), Place<K>>,
    serial: u64,
}

/// What is saved of [`Held`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub(crate) struct SavedHeld<K: Key> {
    periods: Vec<(K, HeldPeriod)>,
    serial: u64,
}

impl<K: Key> Default for Held<K> {
    fn default() -> Self {
        Self {
            periods: BTreeMap::new(),
            due: BTreeMap::new(),
            serial: 0,
        }
    }
}

/// How and when a period that is over leaves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Over {
    pub(crate) pane: Pane,
    pub(crate) reason: Reason,
    pub(crate) end: i64,
    pub(crate) until: i64,
    pub(crate) due: i64,
}

impl<K: Key> Held<K> {
    pub(crate) fn is_empty(&self) -> bool {
        self.periods.is_empty()
    }

    /// Nothing leaves before this time.
    pub(crate) fn next(&self) -> i64 {
        self.due
            .first_key_value()
            .map_or(i64::MAX, |((due, _), _)| *due)
    }

    /// Keeps a period until it is due.
    pub(crate) fn insert(&mut self, key: K, period: Period, sums: Option<Box<Sums>>, over: Over) {
        let place = (key, over.pane.from, period.start);
        let serial = self.serial;
        self.serial = serial.wrapping_add(1);
        let held = HeldPeriod {
            period,
            sums,
            pane: over.pane,
            reason: over.reason,
            end: over.end,
            until: over.until,
            due: over.due,
            serial,
        };
        self.due.insert((over.due, serial), place);
        self.periods.insert(place, held);
    }

    /// Whether any period of `key` in `pane` is held.
    pub(crate) fn has(&self, key: &K, pane: Pane) -> bool {
        let all = (*key, pane.from, i64::MIN)..=(*key, pane.from, i64::MAX);
        !self.is_empty() && self.periods.range(all).next().is_some()
    }

    /// Where the period that covers `at` is, and its last millisecond. Should several cover it (one
    /// may begin before another that was held already), the first that began.
    pub(crate) fn covering(&self, key: &K, pane: Pane, at: i64) -> Option<(Place<K>, i64)> {
        if self.is_empty() {
            return None;
        }
        let begun = (*key, pane.from, i64::MIN)..=(*key, pane.from, at);
        let mut begun = self.periods.range(begun);
        let (place, held) = begun.find(|(_, held)| at < held.until)?;
        Some((*place, held.until.saturating_sub(1)))
    }

    /// The start of the first period of `key` in `pane` behind `at`.
    pub(crate) fn next_start(&self, key: &K, pane: Pane, at: i64) -> Option<i64> {
        if self.is_empty() {
            return None;
        }
        let behind = (*key, pane.from, at.saturating_add(1))..=(*key, pane.from, i64::MAX);
        self.periods
            .range(behind)
            .next()
            .map(|((_, _, start), _)| *start)
    }

    /// Adds a part to a held period.
    pub(crate) fn add(
        &mut self,
        place: &Place<K>,
        measured: &Measured,
        part: Part,
        out: &mut Outlet<'_>,
    ) {
        let Some(held) = self.periods.get_mut(place) else {
            return;
        };
        let raw = part.share.raw();
        let fits = held.period.packets.checked_add(raw.packets).is_some()
            && held.period.octets.checked_add(raw.octets).is_some();
        if !fits {
            let leave = Leave {
                reason: Reason::Cap,
                ..held.leave()
            };
            out.emit(&place.0, &held.period, held.sums.as_deref(), leave);
            held.clear();
        }
        held.take(place.0.exporter(), measured, part, out);
        out.account.ledger.open += Amount::of(u64::from(part.is_last), raw);
    }

    /// Lets the first leave that is due at `due` or before; whether there was one.
    pub(crate) fn fire(&mut self, due: i64, out: &mut Outlet<'_>) -> bool {
        let Some(first) = self.due.first_entry() else {
            return false;
        };
        if first.key().0 > due {
            return false;
        }
        let place = first.remove();
        if let Some(held) = self.periods.remove(&place) {
            out.leave(&place.0, &held.period, held.sums.as_deref(), held.leave());
        }
        true
    }

    /// Key, due time, serial and start of each, in order of due time.
    pub(crate) fn places(&self) -> impl Iterator<Item = (&K, i64, u64, i64)> {
        let due = self.due.iter();
        due.map(|((due, serial), (key, _, start))| (key, *due, *serial, *start))
    }

    /// One leaves before it is due; `end` is `latest` at the latest.
    pub(crate) fn leave_early(
        &mut self,
        due: (i64, u64),
        (reason, latest): (Reason, i64),
        out: &mut Outlet<'_>,
    ) {
        let Some(place) = self.due.remove(&due) else {
            return;
        };
        if let Some(held) = self.periods.remove(&place) {
            let leave = Leave {
                reason,
                end: held.end.min(latest),
                ..held.leave()
            };
            out.leave(&place.0, &held.period, held.sums.as_deref(), leave);
        }
    }

    pub(crate) fn save(&self) -> SavedHeld<K> {
        SavedHeld {
            periods: self
                .periods
                .iter()
                .map(|((key, ..), held)| (*key, held.clone()))
                .collect(),
            serial: self.serial,
        }
    }

    pub(crate) fn restore(saved: SavedHeld<K>) -> Self {
        let mut held = Self {
            serial: saved.serial,
            ..Self::default()
        };
        for (key, period) in saved.periods {
            let place = (key, period.pane.from, period.period.start);
            held.due.insert((period.due, period.serial), place);
            held.periods.insert(place, period);
        }
        held
    }
}

impl HeldPeriod {
    /// How it leaves when it is due.
    pub(crate) const fn leave(&self) -> Leave {
        Leave {
            reason: self.reason,
            end: self.end,
            pane: self.pane,
            late: false,
        }
    }

    fn take(&mut self, exporter: ExporterId, measured: &Measured, part: Part, out: &Outlet<'_>) {
        let raw = part.share.raw();
        let before = Counted {
            packets: self.period.packets,
            octets: self.period.octets,
        };
        let added = out.added(exporter, (measured, part.share), before);
        self.period.code = added.to(self.period.code, &mut self.sums);
        let period = &mut self.period;
        period.packets = period.packets.saturating_add(raw.packets);
        period.octets = period.octets.saturating_add(raw.octets);
        period.tcp_flags |= measured.tcp_flags;
        period.presence |= measured.presence;
        if !part.is_whole(measured) {
            period.presence |= PROPORTIONAL;
        }
        period.records = period.records.saturating_add(u64::from(part.is_last));
    }

    fn clear(&mut self) {
        self.sums = None;
        let period = &mut self.period;
        (period.packets, period.octets, period.records) = (0, 0, 0);
        (period.tcp_flags, period.presence, period.code) = (0, 0, UNKNOWN);
    }
}
