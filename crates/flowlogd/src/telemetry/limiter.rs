//! Warnings that hostile input can provoke, at most so many.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::IpAddr;

use flowlog_record::Timestamp;

/// One warning of a kind per Exporter in so many milliseconds.
const INTERVAL_MS: i64 = 60_000;
/// Kinds and Exporters that are told apart; what does not fit shares one place per kind.
const TOLD_APART: usize = if cfg!(test) { 4 } else { 4096 };

/// Whether a warning may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// Write it; so many of its kind were suppressed since the last one.
    Say {
        /// How many were suppressed.
        suppressed: u64,
    },
    /// Do not.
    Suppress,
}

/// Lets one warning of a kind per Exporter and minute through. Its memory is bounded, however many
/// addresses there are.
#[derive(Debug, Default)]
pub struct WarningLimiter {
    entries: BTreeMap<(&'static str, Option<IpAddr>), Entry>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    said_at: Timestamp,
    suppressed: u64,
}

impl WarningLimiter {
    /// Decides about a warning of `kind` about `exporter` at `now`.
    pub fn admit(&mut self, kind: &'static str, exporter: IpAddr, now: Timestamp) -> Verdict {
        let key = self.place(kind, exporter, now);
        match self.entries.get_mut(&key) {
            Some(entry) if !entry.is_over(now) => {
                entry.suppressed = entry.suppressed.saturating_add(1);
                Verdict::Suppress
            }
            before => {
                let suppressed = before.map_or(0, |entry| entry.suppressed);
                let entry = Entry {
                    said_at: now,
                    suppressed: 0,
                };
                self.entries.insert(key, entry);
                Verdict::Say { suppressed }
            }
        }
    }

    /// The entry that counts: the Exporter's own while there is room, else the one of all others.
    fn place(
        &mut self,
        kind: &'static str,
        exporter: IpAddr,
        now: Timestamp,
    ) -> (&'static str, Option<IpAddr>) {
        let own = (kind, Some(exporter));
        if self.entries.contains_key(&own) || self.entries.len() < TOLD_APART {
            return own;
        }
        if !self.entries.contains_key(&(kind, None)) {
            // once per kind and minute: forgetting is a walk over the table
            self.entries.retain(|_, entry| !entry.is_over(now));
            if self.entries.len() < TOLD_APART {
                return own;
            }
        }
        (kind, None)
    }
}

impl Entry {
    fn is_over(&self, now: Timestamp) -> bool {
        // a clock that was set back ends the silence as well
        !(0..INTERVAL_MS).contains(&now.since(self.said_at))
    }
}
