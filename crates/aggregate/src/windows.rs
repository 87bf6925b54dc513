//! Which capture window holds a point in time, and how long rows are held, as both change over
//! time (flow logs, *Changes*).

use alloc::vec::Vec;

use flowlog_record::{Timestamp, Window};
use serde::{Deserialize, Serialize};

use crate::rules::Hold;

/// Changes that are remembered; the oldest are forgotten first, as their windows have left.
const MOST_CHANGES: usize = 32;

/// A stretch of time `[from, until)`: one capture window, or all of time where there are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Pane {
    /// The window's start; `i64::MIN` without windows.
    pub(crate) from: i64,
    /// The window's end, exclusive; `i64::MAX` without windows.
    pub(crate) until: i64,
}

impl Pane {
    /// All of time.
    pub(crate) const ALL: Self = Self {
        from: i64::MIN,
        until: i64::MAX,
    };

    /// Whether `t` lies in it.
    #[inline]
    pub(crate) const fn holds(self, t: i64) -> bool {
        self.from <= t && t < self.until
    }

    /// The start of the window as rows have it.
    pub(crate) const fn window(self) -> Option<Timestamp> {
        if self.from == i64::MIN {
            None
        } else {
            Some(Timestamp(self.from))
        }
    }
}

/// The capture windows of a flow log over time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Windows {
    /// From when on which length holds, ascending; the first holds for all time before.
    /// Empty without windows.
    lengths: Vec<(i64, Window)>,
}

impl Windows {
    pub(crate) fn new(window: Option<Window>) -> Self {
        Self {
            lengths: window
                .into_iter()
                .map(|window| (i64::MIN, window))
                .collect(),
        }
    }

    /// The window that holds `t`.
    #[inline]
    pub(crate) fn at(&self, t: i64) -> Pane {
        let length = match self.lengths.as_slice() {
            [] => return Pane::ALL,
            [(_, only)] => *only,
            [first, rest @ ..] => {
                let later = rest.iter().rev().find(|(from, _)| *from <= t);
                later.unwrap_or(first).1
            }
        };
        // A constant divisor each: no division.
        let past = match length {
            Window::OneMinute => t.rem_euclid(60_000),
            Window::FiveMinutes => t.rem_euclid(300_000),
            Window::TenMinutes => t.rem_euclid(600_000),
        };
        let from = t.wrapping_sub(past);
        Pane {
            from,
            until: from.wrapping_add(length.millis()),
        }
    }

    /// From the next common multiple of the length in force and the new one, `window` holds.
    pub(crate) fn change(&mut self, window: Window, now: i64) {
        self.lengths.retain(|(from, _)| *from <= now);
        let Some((_, current)) = self.lengths.last().copied() else {
            self.lengths.push((i64::MIN, window));
            return;
        };
        if current == window {
            return;
        }
        // Each length is a multiple of the ones below it, so the longer one is the common multiple.
        let longer = current.max(window);
        let from = longer.start_of(Timestamp(now)).plus(longer.millis());
        self.lengths.push((from.millis(), window));
        if self.lengths.len() > MOST_CHANGES {
            self.lengths.remove(0);
        }
    }
}

/// The hold of a flow log over time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Holds {
    changes: Vec<(i64, Hold)>,
}

impl Holds {
    pub(crate) fn new(hold: Hold) -> Self {
        Self {
            changes: alloc::vec![(i64::MIN, hold)],
        }
    }

    /// The hold for periods that end at `end`.
    pub(crate) fn at(&self, end: i64) -> Hold {
        let later = self.changes.iter().rev().find(|(from, _)| *from < end);
        later
            .or_else(|| self.changes.first())
            .map_or(Hold::Auto, |(_, hold)| *hold)
    }

    /// Periods that end after `now` are held as `hold` says.
    pub(crate) fn change(&mut self, hold: Hold, now: i64) {
        if self.changes.last().is_some_and(|(_, last)| *last == hold) {
            return;
        }
        self.changes.push((now, hold));
        if self.changes.len() > MOST_CHANGES {
            self.changes.remove(0);
        }
    }
}

#[cfg(test)]
mod tests;
