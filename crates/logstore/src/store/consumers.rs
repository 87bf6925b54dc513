//! Consumer groups of a Logstore: who reads what is in memory, how far they came is in the metadata.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use flowlog_record::Timestamp;
use flowlog_sls::assignment::{Assignment, Heartbeat};
use flowlog_sls::{Error, ErrorCode};

use super::{Inner, Store};
use crate::metadata::{CheckpointRow, ConsumerGroupRow};
use crate::shard::Shard;

/// Consumer groups that a Logstore has at most.
const MOST_GROUPS: usize = 30;

/// The consumer groups of a Logstore, by name.
#[derive(Debug, Default)]
pub(crate) struct ConsumerGroups(Mutex<BTreeMap<Arc<str>, ConsumerGroup>>);

#[derive(Debug)]
struct ConsumerGroup {
    row: ConsumerGroupRow,
    assignment: Assignment,
}

/// What can be chosen about a consumer group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ConsumerGroupSettings {
    /// Seconds without a heartbeat after which a consumer is gone.
    pub(crate) timeout: u32,
    /// Whether shards that took over are read after those they took over from.
    pub(crate) in_order: bool,
}

/// How far a shard was read by a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Checkpoint {
    pub(crate) shard: u32,
    /// Absent: nobody has said.
    pub(crate) cursor: Option<i64>,
    /// Microseconds of the epoch.
    pub(crate) updated: i64,
    pub(crate) consumer: String,
}

impl ConsumerGroups {
    /// Those that the metadata has.
    pub(super) fn new(rows: impl IntoIterator<Item = ConsumerGroupRow>) -> Self {
        let group = |row: ConsumerGroupRow| (Arc::clone(&row.name), ConsumerGroup::new(row));
        Self(Mutex::new(rows.into_iter().map(group).collect()))
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Arc<str>, ConsumerGroup>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The groups, by name.
    pub(crate) fn list(&self) -> Vec<(Arc<str>, ConsumerGroupSettings)> {
        let groups = self.lock();
        let settings = |group: &ConsumerGroup| ConsumerGroupSettings {
            timeout: group.row.timeout,
            in_order: group.row.in_order,
        };
        groups
            .iter()
            .map(|(name, group)| (Arc::clone(name), settings(group)))
            .collect()
    }

    /// The id of a group in the metadata.
    fn id(&self, name: &str) -> Result<i64, Error> {
        let groups = self.lock();
        let group = groups.get(name);
        let group = group.ok_or_else(Error::consumer_group_not_exist)?;
        Ok(group.row.id)
    }
}

impl ConsumerGroup {
    fn new(row: ConsumerGroupRow) -> Self {
        Self {
            row,
            assignment: Assignment::default(),
        }
    }
}

impl Inner {
    /// Makes a consumer group.
    pub(crate) fn create_consumer_group(
        &self,
        store: &Store,
        name: &str,
        settings: ConsumerGroupSettings,
    ) -> Result<(), Error> {
        let exists = || {
            let message = "consumer group already exist";
            Error::new(ErrorCode::ConsumerGroupAlreadyExist, message)
        };
        let mut groups = store.groups.lock();
        if groups.contains_key(name) {
            return Err(exists());
        }
        if groups.len() >= MOST_GROUPS {
            let message = format!("a logstore has at most {MOST_GROUPS} consumer groups");
            return Err(Error::new(ErrorCode::ConsumerGroupQuotaExceed, message));
        }
        let row = ConsumerGroupRow {
            id: 0,
            logstore: store.row.id,
            name: name.into(),
            timeout: settings.timeout,
            in_order: settings.in_order,
        };
        let made = self.metadata.create_consumer_group(&row);
        let row = made.map_err(|error| failed(&error))?.ok_or_else(exists)?;
        groups.insert(Arc::clone(&row.name), ConsumerGroup::new(row));
        Ok(())
    }

    /// Changes a consumer group; what is absent stays.
    pub(crate) fn update_consumer_group(
        &self,
        store: &Store,
        name: &str,
        (timeout, in_order): (Option<u32>, Option<bool>),
    ) -> Result<(), Error> {
        let mut groups = store.groups.lock();
        let group = groups.get_mut(name);
        let group = group.ok_or_else(Error::consumer_group_not_exist)?;
        let row = ConsumerGroupRow {
            timeout: timeout.unwrap_or(group.row.timeout),
            in_order: in_order.unwrap_or(group.row.in_order),
            ..group.row.clone()
        };
        let changed = self.metadata.update_consumer_group(&row);
        changed.map_err(|error| failed(&error))?;
        group.row = row;
        Ok(())
    }

    /// Deletes a consumer group and its checkpoints.
    pub(crate) fn delete_consumer_group(&self, store: &Store, name: &str) -> Result<(), Error> {
        let mut groups = store.groups.lock();
        let group = groups.get(name);
        let group = group.ok_or_else(Error::consumer_group_not_exist)?;
        let deleted = self.metadata.delete_consumer_group(group.row.id);
        deleted.map_err(|error| failed(&error))?;
        groups.remove(name);
        Ok(())
    }

    /// Takes a heartbeat; the shards that the consumer shall read from now on.
    pub(crate) fn heartbeat(
        &self,
        store: &Store,
        name: &str,
        heartbeat: Heartbeat<'_>,
    ) -> Result<Vec<u32>, Error> {
        let mut groups = store.groups.lock();
        let group = groups.get_mut(name);
        let group = group.ok_or_else(Error::consumer_group_not_exist)?;
        let shards = if group.row.in_order {
            let checkpoints = self.metadata.checkpoints(group.row.id);
            in_turn(store, &checkpoints.map_err(|error| failed(&error))?)
        } else {
            store.shards.iter().map(|shard| shard.number()).collect()
        };
        let now = i64::try_from(self.settings.clock.now().as_millis()).unwrap_or(i64::MAX);
        let timeout = i64::from(group.row.timeout).saturating_mul(1000);
        let assignment = &mut group.assignment;
        assignment.handle_heartbeat(Timestamp(now), timeout, &shards, heartbeat)
    }

    /// Remembers how far a consumer has read a shard. Unless `force`, it must hold the shard.
    pub(crate) fn save_checkpoint(
        &self,
        store: &Store,
        name: &str,
        (shard, cursor): (u32, Option<i64>),
        (consumer, force): (&str, bool),
    ) -> Result<(), Error> {
        let groups = store.groups.lock();
        let group = groups.get(name);
        let group = group.ok_or_else(Error::consumer_group_not_exist)?;
        if store.shard(shard).is_none() {
            return Err(Error::shard_not_exist(shard.into()));
        }
        if !force && !group.assignment.holds(consumer, shard) {
            let message = format!("the consumer does not hold shard {shard}");
            return Err(Error::new(ErrorCode::ConsumerNotMatch, message));
        }
        let id = group.row.id;
        // Nobody has to wait for the disk on account of another group.
        drop(groups);
        let now = self.settings.clock.now().as_micros();
        let saved = match cursor {
            None => self.metadata.forget_checkpoint(id, shard).map(|()| true),
            Some(cursor) => {
                let row = CheckpointRow {
                    shard,
                    cursor,
                    updated: i64::try_from(now).unwrap_or(i64::MAX),
                    consumer: consumer.to_owned(),
                };
                self.metadata.save_checkpoint(id, &row)
            }
        };
        match saved {
            Ok(true) => Ok(()),
            Ok(false) => Err(Error::consumer_group_not_exist()),
            Err(error) => Err(failed(&error)),
        }
    }

    /// How far a group has read each shard that there is.
    pub(crate) fn checkpoints(&self, store: &Store, name: &str) -> Result<Vec<Checkpoint>, Error> {
        let rows = self.metadata.checkpoints(store.groups.id(name)?);
        let rows = rows.map_err(|error| failed(&error))?;
        let checkpoint = |shard: &Arc<Shard>| {
            let shard = shard.number();
            let row = rows.iter().find(|row| row.shard == shard);
            Checkpoint {
                shard,
                cursor: row.map(|row| row.cursor),
                updated: row.map_or(0, |row| row.updated),
                consumer: row.map_or_else(String::new, |row| row.consumer.clone()),
            }
        };
        Ok(store.shards.iter().map(checkpoint).collect())
    }
}

/// The shards whose turn has come: those they took over from are gone, or read to the end.
fn in_turn(store: &Store, checkpoints: &[CheckpointRow]) -> BTreeSet<u32> {
    let is_read = |number: &u32| {
        let Some(shard) = store.shard(*number) else {
            return true;
        };
        let read = checkpoints.iter().find(|row| row.shard == *number);
        let read = read.map_or(i64::MIN, |row| row.cursor);
        read >= shard.durable() || shard.first() >= shard.durable()
    };
    let ready = |shard: &&Arc<Shard>| shard.row().parents.iter().all(is_read);
    let shards = store.shards.iter().filter(ready);
    shards.map(|shard| shard.number()).collect()
}

fn failed(error: &rusqlite::Error) -> Error {
    tracing::error!(%error, "cannot use the metadata");
    Error::new(ErrorCode::InternalServerError, error.to_string())
}
