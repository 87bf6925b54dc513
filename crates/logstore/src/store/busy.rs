//! Shards that are written so much that they are to be split, where their Logstore says so.

use std::collections::BTreeMap;
use std::sync::Arc;

use crossbeam_channel::bounded;

use super::reshard::{self, Change};
use super::{Inner, Reshard, Store};

/// Seconds for which writing is added up.
const WINDOW: u32 = 60;
/// Octets a second that one shard is there for, as the service has it.
const MOST: u64 = if cfg!(test) { 100 } else { 5 << 20 };

/// What was written to which shard since the window has begun.
#[derive(Debug, Default)]
pub(super) struct Busy {
    since: u32,
    written: BTreeMap<i64, u64>,
}

impl Busy {
    /// Takes note of a write that chose its shard; `now` is seconds of the epoch.
    pub(super) fn wrote(&mut self, shard: i64, octets: usize, now: u32) {
        if self.written.is_empty() {
            self.since = now;
        }
        let written = self.written.entry(shard).or_default();
        *written = written.saturating_add(u64::try_from(octets).unwrap_or(u64::MAX));
    }

    /// The shards that were written too much in a window that is over.
    fn due(&mut self, now: u32) -> Vec<i64> {
        // A clock that was set back begins anew.
        let passed = now.checked_sub(self.since);
        if self.written.is_empty() || passed.is_some_and(|passed| passed < WINDOW) {
            return Vec::new();
        }
        let seconds = u64::from(passed.unwrap_or(u32::MAX));
        let most = MOST.saturating_mul(seconds);
        let written = std::mem::take(&mut self.written).into_iter();
        written
            .filter(|(_, octets)| *octets > most)
            .map(|(shard, _)| shard)
            .collect()
    }

    /// Splits the shards that are due; everything that was appended is on disk.
    pub(super) fn split(&mut self, inner: &Inner) {
        for shard in self.due(inner.settings.clock.seconds()) {
            let Some(change) = inner.split_of(shard) else {
                continue;
            };
            tracing::info!(shard, "a shard is written much, and split");
            reshard::apply(inner, &change);
        }
    }
}

impl Inner {
    /// The split of a shard, where its Logstore wants it and may have another.
    fn split_of(&self, id: i64) -> Option<Change> {
        let catalog = self.catalog();
        let mut stores = catalog.projects.iter().flat_map(|(project, entry)| {
            let stores = entry.logstores.values();
            stores.map(move |store: &Arc<Store>| (project, store))
        });
        stores.find_map(|(project, store)| {
            let shard = store.shards.iter().find(|shard| shard.id == id)?;
            let most = store.auto_split?;
            let wanted = !shard.is_readonly() && store.writable().count() < most;
            wanted.then(|| Change {
                project: project.to_string(),
                logstore: store.row.name.to_string(),
                shard: shard.number(),
                what: Reshard::Split(None, 2),
                done: bounded(1).0,
            })
        })
    }
}

#[cfg(test)]
mod tests;
