//! What is deleted, and when: by age, and by the room that there is.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::catalog::FOR_EVER_DAYS;
use super::{Inner, Store};
use crate::metadata::SegmentRow;
use crate::shard::Shard;
use crate::stats::count;

const SECONDS_PER_DAY: u32 = 86_400;

/// Deletes the segments whose ttl has passed, then the oldest ones beyond the budget.
pub(super) fn keep(inner: &Inner) {
    let now = inner.settings.clock.seconds();
    let stores: Vec<Arc<Store>> = inner.catalog().stores().cloned().collect();
    for store in stores
        .iter()
        .filter(|store| store.row.ttl_days < FOR_EVER_DAYS)
    {
        let oldest = now.saturating_sub(store.row.ttl_days.saturating_mul(SECONDS_PER_DAY));
        for shard in &store.shards {
            let mut gone = shard.segments();
            gone.retain(|segment| segment.max_received < oldest);
            if delete(inner, shard, &gone) {
                let segments = u64::try_from(gone.len()).unwrap_or(0);
                count(&inner.counters.segments_expired, segments);
            }
        }
    }
    let Some(budget) = inner.settings.disk_budget else {
        return;
    };
    let mut used = inner.disk_octets();
    while used > budget && evict_oldest(inner) {
        used = inner.disk_octets();
    }
    let full = used > budget;
    if full && !inner.full.load(Ordering::Acquire) {
        tracing::error!(used, budget, "the budget is used up; appends are refused");
    }
    inner.full.store(full, Ordering::Release);
}

/// Deletes the segment with the oldest rows of all Logstores; `false` when there is none.
pub(super) fn evict_oldest(inner: &Inner) -> bool {
    let shards = inner.shards();
    let segments = shards.iter().flat_map(|shard| {
        shard
            .segments()
            .into_iter()
            .map(move |segment| (segment, shard))
    });
    let oldest = segments.min_by_key(|(segment, _)| (segment.max_received, segment.first));
    let Some((segment, shard)) = oldest else {
        return false;
    };
    if !delete(inner, shard, std::slice::from_ref(&segment)) {
        return false;
    }
    tracing::warn!(
        shard = shard.id,
        rows = segment.rows,
        octets = segment.octets,
        "deleted the oldest segment to make room"
    );
    count(&inner.counters.segments_evicted, 1);
    count(&inner.counters.rows_evicted, segment.rows);
    true
}

/// Takes segments out of the metadata, out of sight, and off the disk once nobody reads them.
pub(super) fn delete(inner: &Inner, shard: &Shard, gone: &[SegmentRow]) -> bool {
    if gone.is_empty() {
        return false;
    }
    if let Err(error) = inner.metadata.delete_segments(gone) {
        tracing::warn!(shard = shard.id, %error, "cannot delete segments");
        return false;
    }
    shard.forget(gone).iter().for_each(|segment| segment.doom());
    true
}

impl Inner {
    /// Octets of segments and journals.
    pub(crate) fn disk_octets(&self) -> u64 {
        let octets = |shard: &Arc<Shard>| {
            let segments = shard.segments();
            shard.journal_octets() + segments.iter().map(|row| row.octets).sum::<u64>()
        };
        self.shards().iter().map(octets).sum()
    }
}
