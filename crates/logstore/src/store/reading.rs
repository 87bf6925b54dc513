//! Reading by cursor within the process, as the targets of rows do, and Logstores for them alone.
//!
//! A Logstore in the Project [`SPOOL`] holds rows that nobody else is to see until they are
//! delivered. No client can name it: its name is none that a Project may have.

use std::sync::Arc;

use flowlog_sls::KeyRange;

use super::catalog::{FOR_EVER_DAYS, NewLogstore};
use super::{Inner, Logstore, Store, retention};
use crate::batch::Group;
use crate::error::{ManageError, ReadError};
use crate::segment::{Segment, SegmentError, Whole};
use crate::shard::{Shard, Snapshot, Stored, Unreadable};

/// The Project of the Logstores that no client sees.
pub const SPOOL: &str = ".spool";

/// A LogGroup that was read.
#[derive(Clone, Debug)]
pub struct ReadGroup(Arc<Stored>);

/// What was read of a shard.
#[derive(Debug, Default)]
pub struct ReadGroups {
    /// By cursor.
    pub groups: Vec<ReadGroup>,
    /// Where to go on.
    pub next: i64,
}

/// A shard, for whoever reads all of a Logstore.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Readable {
    /// Its number.
    pub number: u32,
    /// The cursor of the first LogGroup that is there; at the end when there is none.
    pub first: i64,
    /// The cursor behind the last LogGroup that is on disk.
    pub end: i64,
    /// Others have taken over: there will be no more.
    pub readonly: bool,
    /// The shards that it took over from: theirs comes before its own.
    pub parents: Vec<u32>,
}

/// What stands behind a cursor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Rows, of all who write there.
    pub rows: u64,
    /// Octets that they take on disk or in memory, roughly.
    pub octets: u64,
    /// When the first of them was received, seconds of the epoch.
    pub since: Option<u32>,
}

impl ReadGroup {
    /// A LogGroup with its cursor, and when it was received, seconds of the epoch.
    pub fn new(cursor: i64, received: u32, group: Group) -> Self {
        Self(Arc::new(Stored::new(cursor, received, group)))
    }

    /// Its cursor.
    pub fn cursor(&self) -> i64 {
        self.0.cursor
    }

    /// When it was received, seconds of the epoch.
    pub fn received(&self) -> u32 {
        self.0.received
    }

    /// Its rows.
    pub fn group(&self) -> &Group {
        &self.0.group
    }
}

impl From<Whole> for ReadGroup {
    fn from(whole: Whole) -> Self {
        Self::new(whole.cursor, whole.received, whole.group.into())
    }
}

impl Logstore {
    /// Makes the Logstore of this name in the Project [`SPOOL`], where it is absent. It keeps its
    /// rows until they are [released](Self::release). The name must be one that a directory may
    /// have.
    ///
    /// # Errors
    /// [`ManageError::Metadata`], [`ManageError::Open`].
    pub fn ensure_spool(&self, name: &str) -> Result<(), ManageError> {
        match self.make_project(SPOOL, "", serde_json::Map::new()) {
            Ok(()) | Err(ManageError::ProjectExists(_)) => {}
            Err(error) => return Err(error),
        }
        let new = NewLogstore {
            ttl_days: FOR_EVER_DAYS,
            ..NewLogstore::default()
        };
        match self.make_logstore(SPOOL, name, new, &[KeyRange::ALL]) {
            Err(ManageError::LogstoreExists(_)) => Ok(()),
            outcome => outcome,
        }
    }

    /// The names of the Logstores in the Project [`SPOOL`].
    pub fn spools(&self) -> Vec<Arc<str>> {
        let catalog = self.inner().catalog();
        let entry = catalog.projects.get(SPOOL);
        entry.map_or_else(Vec::new, |entry| entry.logstores.keys().cloned().collect())
    }

    /// The shards of a Logstore by number, those that take nothing more too.
    ///
    /// # Errors
    /// [`ReadError::NoSuchLogstore`].
    pub fn readable(&self, project: &str, logstore: &str) -> Result<Vec<Readable>, ReadError> {
        let store = self.inner().store_to_read(project, logstore)?;
        let readable = |shard: &Arc<Shard>| Readable {
            number: shard.number(),
            first: shard.first(),
            end: shard.durable(),
            readonly: shard.is_readonly(),
            parents: shard.row().parents.clone(),
        };
        Ok(store.shards.iter().map(readable).collect())
    }

    /// The `LogGroup`s of a shard from a cursor on, those that are on disk: at least one where there
    /// is one, and no further one after so many rows. What the disk has damaged is left out, counted
    /// and said.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn read(
        &self,
        (project, logstore): (&str, &str),
        shard: u32,
        from: i64,
        rows: usize,
    ) -> Result<ReadGroups, ReadError> {
        let inner = self.inner();
        loop {
            let store = inner.store_to_read(project, logstore)?;
            let shard = store.shard(shard).ok_or(ReadError::NoSuchShard(shard))?;
            match shard.read(from, rows) {
                Ok(read) => return Ok(read),
                // Without it there is one segment less to read.
                Err(unreadable) => {
                    let set_aside = inner.set_aside(&store, vec![unreadable]);
                    set_aside.map_err(|error| ReadError::Segment(error.to_string()))?;
                }
            }
        }
    }

    /// What stands behind a cursor of a shard.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn backlog(
        &self,
        (project, logstore): (&str, &str),
        shard: u32,
        from: i64,
    ) -> Result<Backlog, ReadError> {
        let store = self.inner().store_to_read(project, logstore)?;
        let shard = store.shard(shard).ok_or(ReadError::NoSuchShard(shard))?;
        Ok(shard.backlog(from))
    }

    /// Nobody reads before `cursor` of this shard of a [`SPOOL`] any more: its segments go.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn release(&self, name: &str, shard: u32, cursor: i64) -> Result<(), ReadError> {
        let inner = self.inner();
        let store = inner.store_to_read(SPOOL, name)?;
        let shard = store.shard(shard).ok_or(ReadError::NoSuchShard(shard))?;
        let mut gone = shard.segments();
        gone.retain(|segment| segment.next <= cursor);
        retention::delete(inner, shard, &gone);
        Ok(())
    }
}

impl Inner {
    fn store_to_read(&self, project: &str, logstore: &str) -> Result<Arc<Store>, ReadError> {
        let store = self.catalog().store(project, logstore).cloned();
        store.ok_or_else(|| ReadError::NoSuchLogstore {
            project: project.into(),
            logstore: logstore.into(),
        })
    }
}

impl Shard {
    fn read(&self, from: i64, rows: usize) -> Result<ReadGroups, Unreadable> {
        let end = self.durable();
        let Snapshot {
            segments, groups, ..
        } = self.snapshot();
        let mut reading = Reading::new(from, end, rows);
        for segment in segments {
            let row = segment.row();
            if row.next <= from {
                continue;
            }
            if row.first >= end || reading.is_full() {
                break;
            }
            let outcome = reading.add_segment(&segment);
            outcome.map_err(|error| (segment, error))?;
        }
        for stored in groups {
            if stored.cursor >= end || reading.is_full() {
                break;
            }
            if stored.cursor >= from {
                reading.add(ReadGroup(stored));
            }
        }
        Ok(reading.read)
    }

    fn backlog(&self, from: i64) -> Backlog {
        let Snapshot {
            segments, groups, ..
        } = self.snapshot();
        let mut backlog = Backlog::default();
        for segment in &segments {
            let row = segment.row();
            let part = |whole| part(whole, from, (row.first, row.next));
            if row.next > from {
                backlog.add(part(row.rows), part(row.octets), row.min_received);
            }
        }
        for stored in groups.iter().filter(|stored| stored.cursor >= from) {
            let rows = u64::try_from(stored.group.rows()).unwrap_or(0);
            let octets = u64::try_from(stored.group.octets()).unwrap_or(0);
            backlog.add(rows, octets, stored.received);
        }
        backlog
    }
}

struct Reading {
    read: ReadGroups,
    from: i64,
    end: i64,
    /// Rows that may still be added before it is full.
    left: usize,
}

impl Reading {
    fn new(from: i64, end: i64, rows: usize) -> Self {
        let read = ReadGroups {
            groups: Vec::new(),
            next: from.max(end),
        };
        let left = rows.max(1);
        Self {
            read,
            from,
            end,
            left,
        }
    }

    fn is_full(&self) -> bool {
        self.left == 0
    }

    fn add(&mut self, group: ReadGroup) {
        self.left = self.left.saturating_sub(group.group().rows());
        self.read.next = group.cursor().saturating_add(1);
        self.read.groups.push(group);
    }

    fn add_segment(&mut self, segment: &Segment) -> Result<(), SegmentError> {
        for whole in segment.groups(self.from)? {
            let whole = whole?;
            if whole.cursor >= self.end {
                break;
            }
            self.add(whole.into());
            if self.is_full() {
                break;
            }
        }
        Ok(())
    }
}

impl Backlog {
    fn add(&mut self, rows: u64, octets: u64, received: u32) {
        self.rows = self.rows.saturating_add(rows);
        self.octets = self.octets.saturating_add(octets);
        self.since = self.since.or(Some(received));
    }
}

/// What lies behind a cursor of something whose `LogGroup`s are all of a size.
fn part(whole: u64, from: i64, (first, next): (i64, i64)) -> u64 {
    let length = u128::from(next.abs_diff(first).max(1));
    let behind = u128::from(next.abs_diff(from.clamp(first, next)));
    u64::try_from(u128::from(whole) * behind / length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
