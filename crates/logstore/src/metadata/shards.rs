//! Shards that take over from others, and shards that go.

use flowlog_sls::KeyRange;
use rusqlite::{Transaction, params};

use super::rows::{SHARD_COLUMNS, parents_text, shard_row};
use super::{Mark, Metadata, ShardRow, store_mark};

/// A shard to be made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewShard<'a> {
    pub(crate) number: u32,
    pub(crate) range: KeyRange,
    pub(crate) parents: &'a [u32],
    pub(crate) created: i64,
    /// Of its first LogGroup.
    pub(crate) cursor: i64,
}

pub(super) fn insert(
    t: &Transaction<'_>,
    logstore: i64,
    new: &NewShard<'_>,
) -> rusqlite::Result<ShardRow> {
    let sql = format!(
        "INSERT INTO shard (logstore, number, created, sealed_cursor, sealed_position,
            begin_key, end_key, readonly, parents)
         VALUES (?, ?, ?, ?, 0, ?, ?, 0, ?) RETURNING {SHARD_COLUMNS}"
    );
    let values = params![
        logstore,
        new.number,
        new.created,
        new.cursor,
        new.range.begin.to_string(),
        new.range.end.to_string(),
        parents_text(new.parents),
    ];
    t.query_row(&sql, values, shard_row)
}

impl Metadata {
    /// Makes shards in the place of others, which take nothing more. Each new one knows the rows
    /// of `marks` already.
    pub(crate) fn take_over(
        &self,
        parents: &[ShardRow],
        children: &[NewShard<'_>],
        marks: &[Mark],
    ) -> rusqlite::Result<Vec<ShardRow>> {
        self.transact(|t| {
            let mut made = Vec::new();
            for parent in parents {
                let closed = t.execute(
                    "UPDATE shard SET readonly = 1 WHERE id = ? AND readonly = 0",
                    [parent.id],
                )?;
                if closed != 1 {
                    return Err(rusqlite::Error::QueryReturnedNoRows);
                }
            }
            let logstore = parents.first().map_or(0, |parent| parent.logstore);
            for child in children {
                let child = insert(t, logstore, child)?;
                marks
                    .iter()
                    .try_for_each(|mark| store_mark(t, child.id, mark))?;
                made.push(child);
            }
            Ok(made)
        })
    }

    /// Deletes a shard and all it has; checkpoints of consumer groups too.
    pub(crate) fn delete_shard(&self, row: &ShardRow) -> rusqlite::Result<()> {
        const CHECKPOINTS: &str = "DELETE FROM checkpoint WHERE shard = ?2 AND consumer_group IN
            (SELECT id FROM consumer_group WHERE logstore = ?1)";
        self.transact(|t| {
            t.execute(CHECKPOINTS, params![row.logstore, row.number])?;
            t.execute("DELETE FROM shard WHERE id = ?", [row.id])
                .map(|_| ())
        })
    }
}
