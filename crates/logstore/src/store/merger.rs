//! Small segments become larger ones: a shard that gets little would otherwise have a file for
//! every few minutes, and a query would open them all.
//!
//! Neighbours are merged, and only when there are several of about the same size, so that a row is
//! written again a few times and not with every new segment. The transaction that takes the small
//! segments out of the metadata puts the large one in: a death before it leaves a file that is
//! removed at the next start, a death behind it leaves the small files, which are removed then.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::Inner;
use crate::batch::Group;
use crate::metadata::SegmentRow;
use crate::segment::{Segment, SegmentError, Style};
use crate::shard::{Shard, Stored};
use crate::stats::count;

/// The fewest segments that are worth it.
const FEWEST: usize = 4;
/// Row groups that a merged segment may have.
const ROW_GROUPS: u64 = 4;
/// How far apart the `LogGroup`s of a merged segment may have been received, seconds: retention
/// deletes whole segments.
const SPAN: u32 = 86_400;

/// Why segments were not merged.
#[derive(Debug, thiserror::Error)]
enum MergeError {
    #[error(transparent)]
    Segment(#[from] SegmentError),
    #[error(transparent)]
    Metadata(#[from] rusqlite::Error),
}

impl Inner {
    pub(super) fn style(&self) -> Style {
        Style {
            compression: self.settings.compression,
            row_group_rows: self.settings.row_group_rows,
        }
    }
}

/// Merges a few segments of one shard; `false` when there is nothing to merge.
pub(super) fn merge(inner: &Inner) -> bool {
    if inner.full.load(Ordering::Acquire) || inner.seal_failing.load(Ordering::Acquire) {
        return false;
    }
    let row_group = u64::try_from(inner.settings.row_group_rows).unwrap_or(u64::MAX);
    let most = row_group.saturating_mul(ROW_GROUPS);
    for shard in inner.shards().iter().filter(|shard| !shard.is_closed()) {
        let run = shard.run_of_segments(|rows| choose(rows, most));
        if run.is_empty() {
            continue;
        }
        let rows: u64 = run.iter().map(|segment| segment.row().rows).sum();
        match replace(inner, shard, &run) {
            Ok(()) => {
                let merged = u64::try_from(run.len()).unwrap_or(0);
                count(&inner.counters.segments_merged, merged);
                tracing::debug!(shard = shard.id, segments = merged, rows, "merged segments");
            }
            Err(error) => {
                count(&inner.counters.merge_failures, 1);
                tracing::warn!(shard = shard.id, %error, "cannot merge segments; they stay");
                // They can be asked; nobody tries to merge them again before the next start.
                for segment in &run {
                    segment.keep_apart();
                }
            }
        }
        return true;
    }
    false
}

/// The first run of neighbours that is worth merging into a segment of `most` rows.
fn choose(rows: &[SegmentRow], most: u64) -> Option<Range<usize>> {
    (0..rows.len()).find_map(|first| {
        let run = rows.get(first..)?;
        let (mut total, mut largest) = (0_u64, 0_u64);
        let (mut earliest, mut latest) = (u32::MAX, 0);
        let mut end = None::<i64>;
        let mut length = 0;
        for segment in run {
            earliest = earliest.min(segment.min_received);
            latest = latest.max(segment.max_received);
            let fits = end.is_none_or(|end| end == segment.first)
                && total.saturating_add(segment.rows) <= most
                && latest.saturating_sub(earliest) <= SPAN;
            if !fits {
                break;
            }
            total = total.saturating_add(segment.rows);
            largest = largest.max(segment.rows);
            end = Some(segment.next);
            length += 1;
        }
        let worth = length >= FEWEST && largest.saturating_mul(2) <= total;
        worth.then_some(first..first + length)
    })
}

fn replace(inner: &Inner, shard: &Shard, run: &[Arc<Segment>]) -> Result<(), MergeError> {
    let merged = write(shard, run, inner.style())?;
    let gone = rows(run);
    if let Err(error) = inner.metadata.merge(&gone, merged.row()) {
        merged.doom();
        return Err(error.into());
    }
    let octets = merged.row().octets;
    shard.merged(&gone, merged);
    for segment in run {
        segment.doom();
    }
    count(&inner.counters.segment_octets, octets);
    Ok(())
}

fn rows(run: &[Arc<Segment>]) -> Vec<SegmentRow> {
    run.iter().map(|segment| segment.row().clone()).collect()
}

/// The segment that holds the rows of all; the metadata does not know it yet.
fn write(shard: &Shard, run: &[Arc<Segment>], style: Style) -> Result<Segment, SegmentError> {
    let mut groups = Vec::new();
    for segment in run {
        for whole in segment.groups(i64::MIN)? {
            let whole = whole?;
            let group = Group::from(whole.group);
            groups.push(Arc::new(Stored::new(whole.cursor, whole.received, group)));
        }
    }
    Segment::write(&shard.dir, shard.id, &groups, style)
}

#[cfg(test)]
mod tests;
