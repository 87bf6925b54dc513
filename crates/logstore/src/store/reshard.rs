//! Shards that are split, merged and deleted.
//!
//! The writer's thread does it between two rounds, when everything that was taken is on disk: the
//! old shards take nothing more, and the new ones begin with all that the old ones know of the rows
//! they have ([`crate::batch::Origin`]). One transaction says both.

use std::collections::BTreeMap;
use std::sync::Arc;

use crossbeam_channel::{Sender, bounded};
use flowlog_sls::{Error, ErrorCode, HashKey, KeyRange};

use super::catalog::{open_shard, remove_directory};
use super::writer::Command;
use super::{Inner, Logstore, Recovered, ShardInfo, Store};
use crate::metadata::{Mark, NewShard, ShardRow};
use crate::shard::Shard;

/// Shards that a Logstore has at most, those that take nothing more included.
const MOST_SHARDS: usize = 512;

/// What is to become of a shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reshard {
    /// It is split at a key, or into so many parts.
    Split(Option<HashKey>, u32),
    /// It and the one with the next keys become one.
    Merge,
    /// It goes, with all its rows; it takes nothing any more.
    Delete,
}

impl Reshard {
    /// What is said of a shard that does not exist. Splits and merges have a message of their own.
    fn unknown(self, shard: u32) -> Error {
        match self {
            Self::Split(..) | Self::Merge => Error::parameter("invalid shard id"),
            Self::Delete => Error::shard_not_exist(shard.into()),
        }
    }
}

/// A change on its way to the writer.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) project: String,
    pub(super) logstore: String,
    pub(super) shard: u32,
    pub(super) what: Reshard,
    pub(super) done: Sender<Result<Vec<ShardInfo>, Error>>,
}

impl Logstore {
    /// Splits, merges or deletes a shard; the shards that are concerned, as they are then.
    pub(crate) fn reshard(
        &self,
        project: &str,
        logstore: &str,
        shard: u32,
        what: Reshard,
    ) -> Result<Vec<ShardInfo>, Error> {
        let stopped = || Error::new(ErrorCode::ServerBusy, "the logstore is closed");
        let (done, outcome) = bounded(1);
        let change = Change {
            project: project.to_owned(),
            logstore: logstore.to_owned(),
            shard,
            what,
            done,
        };
        let commands = self.commands.as_ref().ok_or_else(stopped)?;
        let sent = commands.send(Command::Reshard(Box::new(change)));
        sent.map_err(|_| stopped())?;
        outcome.recv().map_err(|_| stopped())?
    }
}

/// Makes a change and tells; everything that was appended is on disk.
pub(super) fn apply(inner: &Inner, change: &Change) {
    let outcome = inner.reshard(change);
    // Whoever asked may be gone.
    let _: Result<(), _> = change.done.try_send(outcome);
}

impl Inner {
    fn reshard(&self, change: &Change) -> Result<Vec<ShardInfo>, Error> {
        let mut catalog = self.catalog_mut();
        let entry = catalog.projects.get_mut(&*change.project);
        let entry = entry.ok_or_else(|| Error::project_not_exist(&change.project))?;
        let store = entry.logstores.get_mut(&*change.logstore);
        let store = store.ok_or_else(|| Error::logstore_not_exist(&change.logstore))?;
        let shard = store.shard(change.shard).cloned();
        let shard = shard.ok_or_else(|| change.what.unknown(change.shard))?;
        let home = self.dir.join(&change.project).join(&change.logstore);
        let changed = match change.what {
            Reshard::Delete => return self.delete_shard(store, &shard),
            Reshard::Split(key, count) => {
                writable(&shard)?;
                let parts = match key {
                    Some(key) => shard.range().split_at(key).map(Vec::from),
                    None => shard.range().parts(count),
                };
                let parts = parts.ok_or_else(|| {
                    Error::parameter("the key is not inside the range of the shard")
                })?;
                self.take_over(store, &[shard], &parts)?
            }
            Reshard::Merge => {
                writable(&shard)?;
                let next = |other: &&Arc<Shard>| other.range().begin == shard.range().end;
                let right = store.writable().find(next).cloned();
                let right =
                    right.ok_or_else(|| Error::parameter("can not merge the last shard"))?;
                let range = shard.range().joined(&right.range());
                let range = range.unwrap_or_else(|| shard.range());
                self.take_over(store, &[shard, right], &[range])?
            }
        };
        let mut shards = store.shards.clone();
        for row in &changed.made {
            let mut recovered = Recovered::default();
            let opened = open_shard(&home, row, &self.metadata, &mut recovered);
            shards.push(opened.map_err(|error| failed(&error))?);
        }
        *store = Arc::new(store.with_shards(shards));
        let concerned = |shard: &&Arc<Shard>| changed.numbers.contains(&shard.number());
        let concerned = store.shards.iter().filter(concerned);
        Ok(concerned.map(|shard| shard.info()).collect())
    }

    /// The old shards take nothing more; the rows of the new ones, which are not open yet.
    fn take_over(
        &self,
        store: &Store,
        old: &[Arc<Shard>],
        ranges: &[KeyRange],
    ) -> Result<Changed, Error> {
        if store.shards.len() + ranges.len() > MOST_SHARDS {
            let message = format!("a logstore has at most {MOST_SHARDS} shards");
            return Err(Error::parameter(message));
        }
        if old.iter().any(|shard| shard.writing().has_failed()) {
            let message = "the journal of the shard has failed";
            return Err(Error::new(ErrorCode::InternalServerError, message));
        }
        let parents: Vec<u32> = old.iter().map(|shard| shard.number()).collect();
        let highest = store.shards.iter().map(|shard| shard.number()).max();
        let first = highest.map_or(0, |highest| highest.saturating_add(1));
        let created = i64::from(self.settings.clock.seconds());
        let new = |(number, range): (u32, &KeyRange)| NewShard {
            number,
            range: *range,
            parents: &parents,
            created,
            cursor: created.saturating_mul(1_000_000_000),
        };
        let new: Vec<NewShard<'_>> = (first..).zip(ranges).map(new).collect();
        let rows: Vec<ShardRow> = old.iter().map(|shard| shard.row().clone()).collect();
        let made = self.metadata.take_over(&rows, &new, &marks(old));
        let made = made.map_err(|error| failed(&error))?;
        for shard in old {
            shard.set_readonly();
        }
        let numbers = made.iter().map(|row| row.number);
        Ok(Changed {
            numbers: parents.iter().copied().chain(numbers).collect(),
            made,
        })
    }

    fn delete_shard(
        &self,
        store: &mut Arc<Store>,
        shard: &Arc<Shard>,
    ) -> Result<Vec<ShardInfo>, Error> {
        if !shard.is_readonly() {
            let message = "only a shard that is readonly can be deleted";
            return Err(Error::parameter(message));
        }
        let deleted = self.metadata.delete_shard(shard.row());
        deleted.map_err(|error| failed(&error))?;
        shard.close();
        let mut shards = store.shards.clone();
        shards.retain(|other| other.id != shard.id);
        *store = Arc::new(store.with_shards(shards));
        remove_directory(&shard.dir);
        Ok(Vec::new())
    }
}

/// Shards that took over.
struct Changed {
    /// Of all that are concerned.
    numbers: Vec<u32>,
    made: Vec<ShardRow>,
}

/// How far the rows of each origin are stored in any of the shards.
fn marks(shards: &[Arc<Shard>]) -> Vec<Mark> {
    let mut marks: Vec<Mark> = Vec::new();
    let mut places: BTreeMap<(Arc<str>, u16, u64), usize> = BTreeMap::new();
    for mark in shards.iter().flat_map(|shard| shard.marks()) {
        let key = (Arc::clone(&mark.flow_log), mark.partition, mark.epoch);
        let at = *places.entry(key).or_insert(marks.len());
        match marks.get_mut(at) {
            Some(known) => known.next = known.next.max(mark.next),
            None => marks.push(mark),
        }
    }
    marks
}

fn writable(shard: &Shard) -> Result<(), Error> {
    if shard.is_readonly() {
        return Err(Error::parameter("invalid shard id: the shard is readonly"));
    }
    Ok(())
}

fn failed(error: &impl std::fmt::Display) -> Error {
    tracing::error!(%error, "cannot change the shards");
    Error::new(ErrorCode::InternalServerError, error.to_string())
}
