//! A shard's journal, and what is replayed out of it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use flowlog_journal::{Journal, JournalError, Position, Settings};

use super::Stored;
use crate::batch::{self, Group, Origin};
use crate::error::OpenError;
use crate::metadata::{Mark, ShardRow};

/// The longest record: what a batch may have, encoded.
const LONGEST_RECORD: u32 = 128 << 20;

/// Keys under which writers number what they write, that a shard remembers.
pub(crate) const MOST_SEQUENCES: u32 = if cfg!(test) { 8 } else { 1024 };

/// What the writer alone uses of a shard.
#[derive(Debug)]
pub(crate) struct Writing {
    journal: Journal,
    /// The cursor of the next LogGroup.
    pub(crate) next_cursor: i64,
    /// For each (flow log, partition, epoch) the first number that is not stored yet, and a count
    /// that tells which came last.
    marks: BTreeMap<(Arc<str>, u16, u64), (u64, u64)>,
    changes: u64,
}

/// What the journal held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Replayed {
    pub(crate) groups: u64,
    pub(crate) rows: u64,
    /// Octets of a write that a death cut short; they were never acknowledged.
    pub(crate) torn_octets: u64,
    /// Records that the disk has damaged.
    pub(crate) lost_records: u64,
}

impl Writing {
    /// Opens the journal and reads what stands behind the last segment.
    pub(super) fn open(
        row: &ShardRow,
        dir: &Path,
        marks: Vec<Mark>,
    ) -> Result<(Self, Vec<Arc<Stored>>, Replayed), OpenError> {
        let sealed = Position(row.sealed_position);
        let settings = Settings {
            record_octets_max: LONGEST_RECORD,
            first_position: sealed,
            ..Settings::default()
        };
        let (mut journal, recovery) = Journal::open(&dir.join("journal"), settings)?;
        journal.free_before(sealed)?;
        let mut replayed = Replayed {
            torn_octets: recovery.torn_tail.map_or(0, |tail| tail.octets),
            lost_records: recovery.lost_records,
            ..Replayed::default()
        };
        let records = journal.read(sealed);
        let mut writing = Self {
            journal,
            next_cursor: row.sealed_cursor,
            marks: BTreeMap::new(),
            changes: 0,
        };
        for mark in marks {
            writing.store_mark(mark.flow_log, mark.partition, mark.epoch, mark.next);
        }
        let mut groups = Vec::new();
        for record in records {
            let (_, octets) = record?;
            let Some(record) = batch::decode(&octets) else {
                replayed.lost_records += 1;
                continue;
            };
            if let Some(origin) = &record.origin {
                writing.mark(origin);
            }
            for (cursor, group) in (record.cursor..).zip(record.groups) {
                replayed.groups += 1;
                replayed.rows += u64::try_from(group.rows()).unwrap_or(0);
                writing.next_cursor = writing.next_cursor.max(cursor.saturating_add(1));
                groups.push(Arc::new(Stored::new(cursor, record.received, group)));
            }
        }
        Ok((writing, groups, replayed))
    }

    /// Appends an encoded batch, and takes its `LogGroup`s; on an error they stay, to try again.
    pub(crate) fn append(
        &mut self,
        record: &mut [u8],
        received: u32,
        groups: &mut Vec<Group>,
    ) -> Result<Vec<Arc<Stored>>, JournalError> {
        let cursor = self.next_cursor;
        batch::seal_header(record, cursor, received);
        self.journal.append(&[record])?;
        let stored: Vec<_> = (cursor..)
            .zip(std::mem::take(groups))
            .map(|(cursor, group)| Arc::new(Stored::new(cursor, received, group)))
            .collect();
        self.next_cursor = stored
            .last()
            .map_or(cursor, |last| last.cursor.saturating_add(1));
        Ok(stored)
    }

    /// Waits for the disk.
    pub(crate) fn sync(&mut self) -> Result<(), JournalError> {
        self.journal.sync().map(|_| ())
    }

    /// Begins a new file; the position of its first record.
    pub(crate) fn roll(&mut self) -> Result<u64, JournalError> {
        self.journal.roll()?;
        Ok(self.journal.next().0)
    }

    /// Deletes the files before `position`.
    pub(crate) fn free_before(&mut self, position: u64) -> Result<(), JournalError> {
        self.journal.free_before(Position(position)).map(|_| ())
    }

    /// Whether the journal refuses everything until it is opened again.
    pub(crate) fn has_failed(&self) -> bool {
        self.journal.failure().is_some()
    }

    pub(crate) fn disk_octets(&self) -> u64 {
        self.journal.disk_octets()
    }

    /// The first number of an origin that is not stored yet.
    pub(crate) fn known(&self, origin: &Origin) -> u64 {
        let key = (Arc::clone(&origin.flow_log), origin.partition, origin.epoch);
        self.marks.get(&key).map_or(0, |(next, _)| *next)
    }

    /// Every number of the origin's batch is stored.
    pub(crate) fn mark(&mut self, origin: &Origin) {
        let flow_log = Arc::clone(&origin.flow_log);
        self.store_mark(flow_log, origin.partition, origin.epoch, origin.next);
    }

    fn store_mark(&mut self, flow_log: Arc<str>, partition: u16, epoch: u64, next: u64) {
        self.changes += 1;
        let mark = self
            .marks
            .entry((flow_log, partition, epoch))
            .or_insert((0, self.changes));
        *mark = (mark.0.max(next), self.changes);
        self.forget_sequences();
    }

    /// Forgets of writers' numbers those that have not changed for longest: anybody can make more.
    fn forget_sequences(&mut self) {
        let most = usize::try_from(MOST_SEQUENCES).unwrap_or(usize::MAX);
        if self.marks.len() <= most {
            return;
        }
        let of_writers = |((flow_log, ..), _): &(&(Arc<str>, u16, u64), &(u64, u64))| {
            Origin::is_sequence(flow_log)
        };
        let sequences = self.marks.iter().filter(of_writers);
        if sequences.clone().count() > most
            && let Some((oldest, _)) = sequences.min_by_key(|(_, (_, changed))| *changed)
        {
            let oldest = oldest.clone();
            self.marks.remove(&oldest);
        }
    }

    /// All marks, in the order of their last change.
    pub(super) fn marks(&self) -> Vec<Mark> {
        let mut marks: Vec<_> = self.marks.iter().collect();
        marks.sort_by_key(|(_, (_, changed))| *changed);
        let mark =
            |((flow_log, partition, epoch), (next, _)): (&(Arc<str>, u16, u64), &(u64, u64))| {
                Mark {
                    flow_log: Arc::clone(flow_log),
                    partition: *partition,
                    epoch: *epoch,
                    next: *next,
                }
            };
        marks.into_iter().map(mark).collect()
    }
}
