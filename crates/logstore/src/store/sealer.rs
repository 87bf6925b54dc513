//! The one thread that makes segments of frozen heads, merges small ones, and deletes what has had
//! its time.

use std::collections::VecDeque;
use std::io;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};

use super::{Inner, merger, retention};
use crate::segment::{Segment, SegmentError};
use crate::shard::{Frozen, Shard};
use crate::stats::count;

/// A head that is to become a segment.
#[derive(Debug)]
pub(super) struct Work {
    pub(super) shard: Arc<Shard>,
    pub(super) frozen: Arc<Frozen>,
}

/// How often retention is looked at.
const TICK: Duration = Duration::from_secs(5);
/// How long to wait before a failed attempt is made again.
const AGAIN: Duration = Duration::from_secs(1);

/// Why a segment was not made.
#[derive(Debug, thiserror::Error)]
enum SealError {
    #[error(transparent)]
    Segment(#[from] SegmentError),
    #[error(transparent)]
    Metadata(#[from] rusqlite::Error),
}

/// Starts the thread; it ends when the writer is gone and nothing can be done any more.
pub(super) fn spawn(inner: Arc<Inner>, work: Receiver<Work>) -> io::Result<JoinHandle<()>> {
    let thread = std::thread::Builder::new().name("logstore-sealer".to_owned());
    thread.spawn(move || run(&inner, &work))
}

fn run(inner: &Inner, work: &Receiver<Work>) {
    // Heads of a shard become segments in their order: a failure holds up all behind it.
    let mut waiting = VecDeque::new();
    let mut failing = false;
    let mut closing = false;
    let mut merging = false;
    while !closing || (!waiting.is_empty() && !failing) {
        let patience = match (waiting.is_empty(), failing) {
            (true, _) if merging => Duration::ZERO,
            (true, _) => TICK,
            (false, true) => AGAIN,
            (false, false) => Duration::ZERO,
        };
        match work.recv_timeout(patience) {
            Ok(work) => waiting.push_back(work),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => closing = true,
        }
        if let Some(work) = waiting.front() {
            // A panic is a failure like others: the rows stay where they are.
            let attempt = AssertUnwindSafe(|| attempt(inner, work));
            failing = !std::panic::catch_unwind(attempt).unwrap_or(false);
            if !failing {
                waiting.pop_front();
            }
            inner.seal_failing.store(failing, Ordering::Release);
        }
        retention::keep(inner);
        inner.sealer_moved();
        // What waits for a segment, or for the end, does not wait for a merge.
        merging = waiting.is_empty() && !closing && attempt_merge(inner);
    }
}

/// Merges; `false` when there is nothing to do, or no luck.
fn attempt_merge(inner: &Inner) -> bool {
    let attempt = AssertUnwindSafe(|| merger::merge(inner));
    std::panic::catch_unwind(attempt).unwrap_or(false)
}

/// Makes a segment; `false` when it has to be tried again.
fn attempt(inner: &Inner, work: &Work) -> bool {
    if work.shard.is_closed() {
        work.shard.thaw(&work.frozen);
        return true;
    }
    let rows: usize = work
        .frozen
        .groups
        .iter()
        .map(|stored| stored.group.rows())
        .sum();
    match seal(inner, work) {
        Ok(octets) => {
            count(&inner.counters.segments_sealed, 1);
            count(&inner.counters.segment_octets, octets);
            tracing::debug!(shard = work.shard.id, rows, octets, "sealed a segment");
            true
        }
        Err(error) => {
            count(&inner.counters.seal_failures, 1);
            tracing::warn!(shard = work.shard.id, %error, "cannot seal a segment; trying again");
            retention::evict_oldest(inner);
            false
        }
    }
}

fn seal(inner: &Inner, work: &Work) -> Result<u64, SealError> {
    let Work { shard, frozen } = work;
    let segment = Segment::write(&shard.dir, shard.id, &frozen.groups, inner.style())?;
    let octets = segment.row().octets;
    inner
        .metadata
        .seal(segment.row(), frozen.position, &frozen.marks)?;
    shard.sealed(frozen, segment);
    let mut writing = shard.writing();
    if let Err(error) = writing.free_before(frozen.position) {
        // The next one frees it too; until then it takes room, and is not replayed.
        tracing::warn!(shard = shard.id, %error, "cannot free a journal");
    }
    shard.note_journal(&writing);
    Ok(octets)
}
