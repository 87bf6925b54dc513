//! What the Logstore counts: plain numbers, published by whoever runs it.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! counters {
    ($($(#[doc = $doc:literal])+ $name:ident,)*) => {
        /// The counters of a Logstore since it was opened.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Stats {
            $($(#[doc = $doc])+ pub $name: u64,)*
        }

        /// The same, as they are counted.
        #[derive(Debug, Default)]
        pub(crate) struct Counters {
            $(pub(crate) $name: AtomicU64,)*
        }

        impl Counters {
            /// The numbers of this moment.
            pub(crate) fn read(&self) -> Stats {
                Stats { $($name: self.$name.load(Ordering::Relaxed),)* }
            }
        }

        impl Stats {
            /// Every counter with its name, in a fixed order.
            pub fn named(&self) -> impl Iterator<Item = (&'static str, u64)> {
                [$((stringify!($name), self.$name),)*].into_iter()
            }
        }
    };
}

counters! {
    /// Batches that are on disk.
    batches,
    /// Rows that are on disk.
    rows,
    /// Rows that were not stored again, because the Logstore had their number.
    rows_repeated,
    /// Batches that were refused because the disk, or the budget, was full.
    batches_refused_full,
    /// Batches that were refused for another reason: no such Logstore, not valid, journal failed.
    batches_refused,
    /// Octets written to journals.
    journal_octets,
    /// Syncs of journals; batches over syncs is the size of a group commit.
    journal_syncs,
    /// Syncs or writes of journals that failed; the shard takes no more until a restart.
    journal_failures,
    /// Octets cut from torn tails of journals when the Logstore was opened.
    journal_torn_octets,
    /// Segments written.
    segments_sealed,
    /// Octets of segments written.
    segment_octets,
    /// Attempts to write a segment that failed; they are made again.
    seal_failures,
    /// Segments that went into larger ones.
    segments_merged,
    /// Attempts to merge segments that failed; the segments stay as they are.
    merge_failures,
    /// Segments deleted because their ttl had passed.
    segments_expired,
    /// Segments deleted to keep the disk budget.
    segments_evicted,
    /// Rows of segments deleted to keep the disk budget.
    rows_evicted,
    /// Segments that could not be read and were set aside.
    segments_set_aside,
    /// Queries answered.
    queries,
    /// Queries that were wrong, took too long or took too much.
    queries_failed,
    /// Queries refused because too many were running.
    queries_refused,
    /// Rows that queries have looked at.
    rows_scanned,
    /// Row groups that queries have read.
    row_groups_read,
    /// Row groups that queries have skipped by their bounds, dictionaries or filters.
    row_groups_skipped,
    /// Rows that clients have written over HTTP.
    rows_put,
    /// `LogGroup`s that clients have read by cursor.
    groups_pulled,
    /// Requests over HTTP.
    requests,
    /// Requests over HTTP that were answered with an error.
    requests_failed,
    /// Those of them that were not signed, or not by a key that counts.
    requests_unauthorized,
}

/// Adds to a counter.
pub(crate) fn count(counter: &AtomicU64, n: u64) {
    counter.fetch_add(n, Ordering::Relaxed);
}
