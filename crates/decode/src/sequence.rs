//! Sequence numbers: what went missing, what came late (aggregation §7).

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

/// Datagrams within which a late one may still come.
const WINDOW: u64 = 64;
/// A jump over more datagrams than this is no loss but another counter.
const LARGEST_GAP: u32 = 1 << 20;
/// Holes that are remembered at a time.
const HOLES: usize = 16;

/// The sequence of one session, in the unit of its version: V5 flows, V9 datagrams, IPFIX data
/// records.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Sequence {
    expected: Option<u32>,
    /// What would follow a datagram from far away: if it comes, the numbers have begun anew.
    stray: Option<u32>,
    holes: Vec<Hole>,
    datagrams: u64,
    /// The most units that a datagram had.
    largest: u32,
}

/// Numbers that were skipped and may still come.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Hole {
    begin: u32,
    length: u32,
    /// The datagram that left it behind.
    since: u64,
}

impl Hole {
    /// Datagrams since; also of a saved state in which nothing fits.
    fn age(&self, now: u64) -> u64 {
        now.wrapping_sub(self.since)
    }
}

/// What a sequence number says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The one that was expected, or the first.
    Next,
    /// So many units are missing before it.
    Gap(u32),
    /// From before, or from far away: late, as far as it shows. So many units were missing and are
    /// not.
    Late(u32),
    /// The second running from far away: the numbers began anew.
    Restart,
}

impl Sequence {
    /// The Exporter has restarted: its next number is the first.
    pub(crate) fn reset(&mut self) {
        self.expected = None;
        self.stray = None;
        self.holes.clear();
    }

    /// Enters a datagram of so many units; `None` when they could not be counted.
    pub(crate) fn observe(&mut self, sequence: u32, units: Option<u32>) -> Step {
        self.datagrams = self.datagrams.wrapping_add(1);
        self.largest = self
            .largest
            .max(units.unwrap_or(0).min(u32::from(u16::MAX)));
        let next = units.map(|units| sequence.wrapping_add(units));
        let Some(expected) = self.expected else {
            self.expected = next;
            return Step::Next;
        };
        let ahead = sequence.wrapping_sub(expected);
        if ahead == 0 {
            self.expected = next;
            self.stray = None;
            return Step::Next;
        }
        let largest = self.largest.max(1);
        if ahead.cast_signed() > 0 && ahead <= LARGEST_GAP.saturating_mul(largest) {
            self.expected = next;
            self.stray = None;
            self.leave_hole(expected, ahead);
            return Step::Gap(ahead);
        }
        let behind = ahead.wrapping_neg();
        let window = u32::try_from(WINDOW)
            .unwrap_or_default()
            .saturating_mul(largest);
        if let Some(filled) = self.fill_hole(sequence, units.unwrap_or(0)) {
            return Step::Late(filled);
        }
        if behind <= window {
            return Step::Late(0);
        }
        if self.stray != Some(sequence) {
            self.stray = next;
            return Step::Late(0);
        }
        self.reset();
        self.expected = next;
        Step::Restart
    }

    fn leave_hole(&mut self, begin: u32, length: u32) {
        let now = self.datagrams;
        self.holes.retain(|hole| hole.age(now) <= WINDOW);
        if self.holes.len() >= HOLES {
            self.holes.remove(0);
        }
        self.holes.push(Hole {
            begin,
            length,
            since: now,
        });
    }

    /// Takes what a late datagram brings out of the hole that it falls into.
    fn fill_hole(&mut self, sequence: u32, units: u32) -> Option<u32> {
        let now = self.datagrams;
        let at = self.holes.iter().position(|hole| {
            hole.age(now) <= WINDOW && sequence.wrapping_sub(hole.begin) < hole.length
        })?;
        let hole = self.holes.get_mut(at)?;
        let before = sequence.wrapping_sub(hole.begin);
        let filled = units.min(hole.length - before);
        let behind = Hole {
            begin: sequence.wrapping_add(filled),
            length: hole.length - before - filled,
            since: hole.since,
        };
        hole.length = before;
        if behind.length > 0 && self.holes.len() < HOLES {
            self.holes.push(behind);
        }
        self.holes.retain(|hole| hole.length > 0);
        Some(filled)
    }
}

#[cfg(test)]
mod tests;
