//! What the Logstore knows beside the rows: Projects, Logstores, shards, segments, origins.
//!
//! One SQLite database; every change is one transaction, on disk before the call returns. The
//! transaction that names a segment is the switch between journal and segment: before it, the
//! rows stand in the journal, behind it, in the segment, and never in both.

mod consumers;
mod rows;
mod schema;
mod shards;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use flowlog_sls::KeyRange;
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, TransactionBehavior, params};

use crate::batch::Origin;
use crate::shard::MOST_SEQUENCES;
pub(crate) use consumers::{CheckpointRow, ConsumerGroupRow};
use rows::{SHARD_COLUMNS, logstore_row, project_row, segment_row, shard_row};
pub(crate) use shards::NewShard;

/// Epochs whose marks are kept for each (flow log, partition); a data directory gets a new epoch
/// when its state is lost, so that old ones never come back.
const EPOCHS: u32 = 16;

/// The database.
#[derive(Debug)]
pub(crate) struct Metadata {
    connection: Mutex<Connection>,
}

/// A Project as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProjectRow {
    pub(crate) id: i64,
    pub(crate) name: Arc<str>,
    pub(crate) description: String,
    pub(crate) created: i64,
    pub(crate) modified: i64,
    /// JSON: what else its maker said.
    pub(crate) properties: String,
}

/// A Logstore as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogstoreRow {
    pub(crate) id: i64,
    pub(crate) project: i64,
    pub(crate) name: Arc<str>,
    pub(crate) ttl_days: u32,
    /// JSON: what a client said when it made the Logstore.
    pub(crate) properties: String,
    /// JSON: the index configuration.
    pub(crate) index: Option<String>,
    pub(crate) created: i64,
    pub(crate) modified: i64,
}

/// A shard as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ShardRow {
    pub(crate) id: i64,
    pub(crate) logstore: i64,
    pub(crate) number: u32,
    pub(crate) created: i64,
    /// The cursor behind the last LogGroup that is in a segment.
    pub(crate) sealed_cursor: i64,
    /// The journal's position behind the last record that is in a segment.
    pub(crate) sealed_position: u64,
    /// The keys that it takes.
    pub(crate) range: KeyRange,
    /// It was split or merged, and takes nothing more.
    pub(crate) readonly: bool,
    /// The numbers of the shards that it took over from.
    pub(crate) parents: Vec<u32>,
}

/// A segment as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SegmentRow {
    pub(crate) shard: i64,
    /// The first cursor.
    pub(crate) first: i64,
    /// The cursor behind the last.
    pub(crate) next: i64,
    pub(crate) rows: u64,
    pub(crate) octets: u64,
    pub(crate) min_time: u32,
    pub(crate) max_time: u32,
    pub(crate) min_received: u32,
    pub(crate) max_received: u32,
    /// The checksums of the file's blocks.
    pub(crate) sums: Arc<[u32]>,
}

/// How far rows of one origin are stored: every number below `next`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mark {
    pub(crate) flow_log: Arc<str>,
    pub(crate) partition: u16,
    pub(crate) epoch: u64,
    pub(crate) next: u64,
}

impl Metadata {
    /// Opens or makes the database.
    pub(crate) fn open(path: &Path) -> rusqlite::Result<Self> {
        let mut connection = Connection::open(path)?;
        schema::prepare(&mut connection)?;
        Ok(Self {
            connection: Mutex::new(connection),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        // A panic in a transaction rolls it back: the connection is sound afterwards.
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn transact<T>(
        &self,
        change: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        let mut connection = self.lock();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let result = change(&transaction)?;
        transaction.commit()?;
        Ok(result)
    }

    /// Every Project, by name.
    pub(crate) fn projects(&self) -> rusqlite::Result<Vec<ProjectRow>> {
        const SQL: &str = "SELECT id, name, description, created, modified, properties FROM project ORDER BY name";
        let connection = self.lock();
        let mut statement = connection.prepare(SQL)?;
        statement.query_map([], project_row)?.collect()
    }

    /// Every Logstore, by id.
    pub(crate) fn logstores(&self) -> rusqlite::Result<Vec<LogstoreRow>> {
        const SQL: &str = "SELECT id, project, name, ttl_days, properties, index_config, created,
            modified FROM logstore ORDER BY id";
        let connection = self.lock();
        let mut statement = connection.prepare(SQL)?;
        statement.query_map([], logstore_row)?.collect()
    }

    /// Every shard, by Logstore and number.
    pub(crate) fn shards(&self) -> rusqlite::Result<Vec<ShardRow>> {
        let sql = format!("SELECT {SHARD_COLUMNS} FROM shard ORDER BY logstore, number");
        let connection = self.lock();
        let mut statement = connection.prepare(&sql)?;
        statement.query_map([], shard_row)?.collect()
    }

    /// The segments of a shard that are not set aside, by cursor.
    pub(crate) fn segments(&self, shard: i64) -> rusqlite::Result<Vec<SegmentRow>> {
        const SQL: &str = "SELECT shard, first, next, row_count, octets, min_time, max_time,
            min_received, max_received, sums FROM segment WHERE shard = ? AND set_aside = 0
            ORDER BY first";
        let connection = self.lock();
        let mut statement = connection.prepare(SQL)?;
        statement.query_map([shard], segment_row)?.collect()
    }

    /// How far the rows of each origin stand in the segments of a shard.
    pub(crate) fn marks(&self, shard: i64) -> rusqlite::Result<Vec<Mark>> {
        const SQL: &str =
            "SELECT flow_log, partition, epoch, next FROM origin WHERE shard = ? ORDER BY rowid";
        let connection = self.lock();
        let mut statement = connection.prepare(SQL)?;
        let mark = |row: &Row<'_>| {
            Ok(Mark {
                flow_log: row.get(0)?,
                partition: row.get(1)?,
                epoch: row.get::<_, i64>(2)?.cast_unsigned(),
                next: row.get::<_, i64>(3)?.cast_unsigned(),
            })
        };
        statement.query_map([shard], mark)?.collect()
    }

    /// Makes a Project; `None` when there is one with this name.
    pub(crate) fn create_project(
        &self,
        name: &str,
        description: &str,
        properties: &str,
        now: i64,
    ) -> rusqlite::Result<Option<ProjectRow>> {
        const SQL: &str = "INSERT INTO project (name, description, properties, created, modified)
            VALUES (?1, ?2, ?3, ?4, ?4) ON CONFLICT DO NOTHING
            RETURNING id, name, description, created, modified, properties";
        self.transact(|t| {
            t.query_row(
                SQL,
                params![name, description, properties, now],
                project_row,
            )
            .optional()
        })
    }

    /// Changes the description of a Project.
    pub(crate) fn update_project(&self, row: &ProjectRow) -> rusqlite::Result<()> {
        const SQL: &str = "UPDATE project SET description = ?2, modified = ?3 WHERE id = ?1";
        let values = params![row.id, row.description, row.modified];
        self.transact(|t| t.execute(SQL, values).map(|_| ()))
    }

    /// Makes a Logstore with a shard for each of `ranges`, beginning at `cursor`; `None` when there
    /// is one of this name.
    pub(crate) fn create_logstore(
        &self,
        new: &LogstoreRow,
        ranges: &[KeyRange],
        cursor: i64,
    ) -> rusqlite::Result<Option<(LogstoreRow, Vec<ShardRow>)>> {
        const LOGSTORE: &str = "INSERT INTO logstore
            (project, name, ttl_days, properties, index_config, created, modified)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6) ON CONFLICT DO NOTHING
            RETURNING id, project, name, ttl_days, properties, index_config, created, modified";
        self.transact(|t| {
            let values = params![
                new.project,
                &*new.name,
                new.ttl_days,
                new.properties,
                new.index,
                new.created
            ];
            let Some(made) = t.query_row(LOGSTORE, values, logstore_row).optional()? else {
                return Ok(None);
            };
            let shard = |(number, range): (u32, &KeyRange)| {
                let new = NewShard {
                    number,
                    range: *range,
                    parents: &[],
                    created: new.created,
                    cursor,
                };
                shards::insert(t, made.id, &new)
            };
            let shards: rusqlite::Result<Vec<_>> = (0..).zip(ranges).map(shard).collect();
            Ok(Some((made, shards?)))
        })
    }

    /// Changes what can change of a Logstore: ttl, properties, index.
    pub(crate) fn update_logstore(&self, row: &LogstoreRow) -> rusqlite::Result<()> {
        const SQL: &str = "UPDATE logstore
            SET ttl_days = ?2, properties = ?3, index_config = ?4, modified = ?5 WHERE id = ?1";
        let values = params![
            row.id,
            row.ttl_days,
            row.properties,
            row.index,
            row.modified
        ];
        self.transact(|t| t.execute(SQL, values).map(|_| ()))
    }

    /// Deletes a Project and all it has.
    pub(crate) fn delete_project(&self, id: i64) -> rusqlite::Result<()> {
        self.transact(|t| {
            t.execute("DELETE FROM project WHERE id = ?", [id])
                .map(|_| ())
        })
    }

    /// Deletes a Logstore and all it has.
    pub(crate) fn delete_logstore(&self, id: i64) -> rusqlite::Result<()> {
        self.transact(|t| {
            t.execute("DELETE FROM logstore WHERE id = ?", [id])
                .map(|_| ())
        })
    }

    /// The switch: what stands before `position` in the journal is now in `segment`.
    pub(crate) fn seal(
        &self,
        segment: &SegmentRow,
        position: u64,
        marks: &[Mark],
    ) -> rusqlite::Result<()> {
        const SHARD: &str =
            "UPDATE shard SET sealed_cursor = ?2, sealed_position = ?3 WHERE id = ?1";
        self.transact(|t| {
            insert_segment(t, segment)?;
            t.execute(
                SHARD,
                params![segment.shard, segment.next, position.cast_signed()],
            )?;
            marks
                .iter()
                .try_for_each(|mark| store_mark(t, segment.shard, mark))
        })
    }

    /// Segments that are gone.
    pub(crate) fn delete_segments(&self, gone: &[SegmentRow]) -> rusqlite::Result<()> {
        const SQL: &str = "DELETE FROM segment WHERE shard = ? AND first = ?";
        self.transact(|t| {
            for segment in gone {
                t.execute(SQL, params![segment.shard, segment.first])?;
            }
            Ok(())
        })
    }

    /// The switch from segments to the one that holds the rows of all of them. Fails when one of
    /// them was deleted or set aside meanwhile.
    pub(crate) fn merge(&self, gone: &[SegmentRow], merged: &SegmentRow) -> rusqlite::Result<()> {
        const SQL: &str =
            "DELETE FROM segment WHERE shard = ? AND first = ? AND next = ? AND set_aside = 0";
        self.transact(|t| {
            for segment in gone {
                let values = params![segment.shard, segment.first, segment.next];
                if t.execute(SQL, values)? != 1 {
                    return Err(rusqlite::Error::QueryReturnedNoRows);
                }
            }
            insert_segment(t, merged)
        })
    }

    /// Remembers that a segment cannot be read; queries leave it out from now on.
    pub(crate) fn set_aside(&self, segment: &SegmentRow) -> rusqlite::Result<()> {
        const SQL: &str = "UPDATE segment SET set_aside = 1 WHERE shard = ? AND first = ?";
        self.transact(|t| {
            t.execute(SQL, params![segment.shard, segment.first])
                .map(|_| ())
        })
    }
}

fn insert_segment(t: &Transaction<'_>, segment: &SegmentRow) -> rusqlite::Result<()> {
    const SQL: &str = "INSERT INTO segment
        (shard, first, next, row_count, octets, min_time, max_time, min_received, max_received, sums)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let sums: Vec<u8> = segment
        .sums
        .iter()
        .flat_map(|sum| sum.to_le_bytes())
        .collect();
    let values = params![
        segment.shard,
        segment.first,
        segment.next,
        segment.rows.cast_signed(),
        segment.octets.cast_signed(),
        segment.min_time,
        segment.max_time,
        segment.min_received,
        segment.max_received,
        sums,
    ];
    t.execute(SQL, values).map(|_| ())
}

fn store_mark(t: &Transaction<'_>, shard: i64, mark: &Mark) -> rusqlite::Result<()> {
    const DELETE: &str = "DELETE FROM origin
        WHERE shard = ?1 AND flow_log = ?2 AND partition = ?3 AND epoch = ?4";
    const UPDATE: &str = "UPDATE origin SET next = ?5
        WHERE shard = ?1 AND flow_log = ?2 AND partition = ?3 AND epoch = ?4";
    const INSERT: &str = "INSERT INTO origin (shard, flow_log, partition, epoch, next)
        VALUES (?1, ?2, ?3, ?4, ?5)";
    const PRUNE: &str = "DELETE FROM origin WHERE rowid IN (SELECT rowid FROM origin
        WHERE shard = ?1 AND flow_log = ?2 AND partition = ?3
        ORDER BY rowid DESC LIMIT -1 OFFSET ?4)";
    let (epoch, next) = (mark.epoch.cast_signed(), mark.next.cast_signed());
    let is_sequence = Origin::is_sequence(&mark.flow_log);
    if is_sequence {
        // Rowids follow the order in which they changed: the oldest goes first.
        let values = params![shard, &*mark.flow_log, mark.partition, epoch];
        t.prepare(DELETE)?.execute(values)?;
    }
    let values = params![shard, &*mark.flow_log, mark.partition, epoch, next];
    if t.prepare(UPDATE)?.execute(values)? == 0 {
        t.prepare(INSERT)?.execute(values)?;
        let most = if is_sequence { MOST_SEQUENCES } else { EPOCHS };
        let values = params![shard, &*mark.flow_log, mark.partition, most];
        t.prepare(PRUNE)?.execute(values)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
