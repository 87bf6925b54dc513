//! What a stream reads: the rows of its flow log, shard by shard, in the order of their cursors.

use std::sync::Arc;

use flowlog_logstore::{Backlog, Logstore, ReadError, ReadGroup, Readable};

use crate::lane::{Lane, rows_of};
use crate::spec::Spec;
use crate::window::Window;

/// Rows that are read at once.
const STEP_ROWS: usize = 8192;
/// A shard whose cursors jump further than this is another of the same name.
const ANOTHER_SHARD: u64 = 1_000_000_000;

/// The Logstore of a stream.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    logstore: Arc<Logstore>,
    spec: Arc<Spec>,
}

/// What was read of a shard.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) shard: u32,
    pub(crate) groups: Vec<(Lane, ReadGroup)>,
    /// Everything before it was read.
    pub(crate) next: i64,
    /// `LogGroup`s that were deleted before they could be read.
    pub(crate) missed: u64,
}

impl Source {
    pub(crate) fn new(logstore: Arc<Logstore>, spec: Arc<Spec>) -> Self {
        Self { logstore, spec }
    }

    fn place(&self) -> (&str, &str) {
        (&self.spec.project, &self.spec.logstore)
    }

    /// The shards; none while there is no such Logstore.
    pub(crate) fn shards(&self) -> Vec<Readable> {
        let (project, logstore) = self.place();
        self.logstore
            .readable(project, logstore)
            .unwrap_or_default()
    }

    /// Reads on in the first shard that has something whose turn it is. A shard's turn comes when
    /// everything of those that it took over from has arrived.
    pub(crate) fn read(
        &self,
        reads: &[(u32, i64)],
        positions: &[(u32, i64)],
    ) -> Result<Option<Step>, ReadError> {
        let shards = self.shards();
        let of = |all: &[(u32, i64)], shard: u32| {
            let found = all.iter().find(|(number, _)| *number == shard);
            found.map(|(_, cursor)| *cursor)
        };
        let has_arrived = |parent: &u32| {
            let shard = shards.iter().find(|shard| shard.number == *parent);
            shard.is_none_or(|shard| of(positions, *parent).unwrap_or(shard.first) >= shard.end)
        };
        for shard in &shards {
            if !shard.parents.iter().all(has_arrived) {
                continue;
            }
            let from = of(reads, shard.number).unwrap_or(shard.first);
            if from < shard.end {
                return self.read_shard(shard, from).map(Some);
            }
        }
        Ok(None)
    }

    fn read_shard(&self, shard: &Readable, from: i64) -> Result<Step, ReadError> {
        let missed = shard.first.saturating_sub(from);
        let missed = u64::try_from(missed).unwrap_or(0);
        let read = self
            .logstore
            .read(self.place(), shard.number, from, STEP_ROWS)?;
        let ours = |group: ReadGroup| {
            let rows = rows_of(group.group(), &self.spec.flow_log)?;
            Some((rows.lane, group))
        };
        Ok(Step {
            shard: shard.number,
            groups: read.groups.into_iter().filter_map(ours).collect(),
            next: read.next,
            missed: if missed < ANOTHER_SHARD { missed } else { 0 },
        })
    }

    /// What stands behind these positions.
    pub(crate) fn backlog(&self, positions: &[(u32, i64)]) -> Backlog {
        let mut all = Backlog::default();
        for (shard, cursor) in positions {
            let Ok(of_shard) = self.logstore.backlog(self.place(), *shard, *cursor) else {
                continue;
            };
            all.rows += of_shard.rows;
            all.octets += of_shard.octets;
            all.since = match (all.since, of_shard.since) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
        }
        all
    }
}

impl Window {
    /// Takes what was read.
    pub(crate) fn take(&mut self, step: Step) {
        for (lane, group) in step.groups {
            self.push(step.shard, lane, group);
        }
        self.read_up_to(step.shard, step.next);
    }
}
