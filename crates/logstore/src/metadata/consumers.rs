//! Consumer groups and how far they have read.

use std::sync::Arc;

use rusqlite::{OptionalExtension as _, Row, params};

use super::Metadata;

/// A consumer group as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConsumerGroupRow {
    pub(crate) id: i64,
    pub(crate) logstore: i64,
    pub(crate) name: Arc<str>,
    /// Seconds without a heartbeat after which a consumer is gone.
    pub(crate) timeout: u32,
    /// Whether shards that took over are read after those they took over from.
    pub(crate) in_order: bool,
}

/// How far a consumer group has read a shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CheckpointRow {
    /// The number of the shard.
    pub(crate) shard: u32,
    pub(crate) cursor: i64,
    /// Microseconds of the epoch.
    pub(crate) updated: i64,
    /// Who said so; empty for nobody.
    pub(crate) consumer: String,
}

impl Metadata {
    /// Every consumer group, by Logstore and name.
    pub(crate) fn consumer_groups(&self) -> rusqlite::Result<Vec<ConsumerGroupRow>> {
        const SQL: &str = "SELECT id, logstore, name, timeout, in_order FROM consumer_group
            ORDER BY logstore, name";
        let connection = self.lock();
        let mut statement = connection.prepare(SQL)?;
        statement.query_map([], consumer_group_row)?.collect()
    }

    /// Makes a consumer group; `None` when there is one of this name.
    pub(crate) fn create_consumer_group(
        &self,
        new: &ConsumerGroupRow,
    ) -> rusqlite::Result<Option<ConsumerGroupRow>> {
        const SQL: &str = "INSERT INTO consumer_group (logstore, name, timeout, in_order)
            VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING
            RETURNING id, logstore, name, timeout, in_order";
        let values = params![new.logstore, &*new.name, new.timeout, new.in_order];
        self.transact(|t| t.query_row(SQL, values, consumer_group_row).optional())
    }

    /// Changes timeout and order of a consumer group.
    pub(crate) fn update_consumer_group(&self, row: &ConsumerGroupRow) -> rusqlite::Result<()> {
        const SQL: &str = "UPDATE consumer_group SET timeout = ?2, in_order = ?3 WHERE id = ?1";
        let values = params![row.id, row.timeout, row.in_order];
        self.transact(|t| t.execute(SQL, values).map(|_| ()))
    }

    /// Deletes a consumer group and its checkpoints.
    pub(crate) fn delete_consumer_group(&self, id: i64) -> rusqlite::Result<()> {
        self.transact(|t| {
            t.execute("DELETE FROM consumer_group WHERE id = ?", [id])
                .map(|_| ())
        })
    }

    /// How far a consumer group has read, by shard.
    pub(crate) fn checkpoints(&self, group: i64) -> rusqlite::Result<Vec<CheckpointRow>> {
        const SQL: &str = "SELECT shard, cursor, updated, consumer FROM checkpoint
            WHERE consumer_group = ? ORDER BY shard";
        let connection = self.lock();
        let mut statement = connection.prepare(SQL)?;
        let checkpoint = |row: &Row<'_>| {
            Ok(CheckpointRow {
                shard: row.get(0)?,
                cursor: row.get(1)?,
                updated: row.get(2)?,
                consumer: row.get(3)?,
            })
        };
        statement.query_map([group], checkpoint)?.collect()
    }

    /// Remembers how far a consumer group has read; a group that was deleted meanwhile is none.
    pub(crate) fn save_checkpoint(
        &self,
        group: i64,
        checkpoint: &CheckpointRow,
    ) -> rusqlite::Result<bool> {
        const SQL: &str =
            "INSERT INTO checkpoint (consumer_group, shard, cursor, updated, consumer)
            SELECT id, ?2, ?3, ?4, ?5 FROM consumer_group WHERE id = ?1
            ON CONFLICT (consumer_group, shard) DO UPDATE
            SET cursor = ?3, updated = ?4, consumer = ?5";
        let values = params![
            group,
            checkpoint.shard,
            checkpoint.cursor,
            checkpoint.updated,
            checkpoint.consumer
        ];
        self.transact(|t| t.execute(SQL, values).map(|changed| changed == 1))
    }

    /// Forgets how far a consumer group has read a shard.
    pub(crate) fn forget_checkpoint(&self, group: i64, shard: u32) -> rusqlite::Result<()> {
        const SQL: &str = "DELETE FROM checkpoint WHERE consumer_group = ? AND shard = ?";
        self.transact(|t| t.execute(SQL, params![group, shard]).map(|_| ()))
    }
}

fn consumer_group_row(row: &Row<'_>) -> rusqlite::Result<ConsumerGroupRow> {
    Ok(ConsumerGroupRow {
        id: row.get(0)?,
        logstore: row.get(1)?,
        name: row.get(2)?,
        timeout: row.get(3)?,
        in_order: row.get(4)?,
    })
}
