//! Rows of the tables as values.

use flowlog_sls::{HashKey, KeyRange};
use rusqlite::Row;
use rusqlite::types::Type;

use super::{LogstoreRow, ProjectRow, SegmentRow, ShardRow};

/// The columns of [`shard_row`].
pub(super) const SHARD_COLUMNS: &str = "id, logstore, number, created, sealed_cursor,
    sealed_position, begin_key, end_key, readonly, parents";

pub(super) fn project_row(row: &Row<'_>) -> rusqlite::Result<ProjectRow> {
    Ok(ProjectRow {
        id: row.get(0)?,
        name: row.get(1)?,
        description: row.get(2)?,
        created: row.get(3)?,
        modified: row.get(4)?,
        properties: row.get(5)?,
    })
}

pub(super) fn logstore_row(row: &Row<'_>) -> rusqlite::Result<LogstoreRow> {
    Ok(LogstoreRow {
        id: row.get(0)?,
        project: row.get(1)?,
        name: row.get(2)?,
        ttl_days: row.get(3)?,
        properties: row.get(4)?,
        index: row.get(5)?,
        created: row.get(6)?,
        modified: row.get(7)?,
    })
}

pub(super) fn shard_row(row: &Row<'_>) -> rusqlite::Result<ShardRow> {
    Ok(ShardRow {
        id: row.get(0)?,
        logstore: row.get(1)?,
        number: row.get(2)?,
        created: row.get(3)?,
        sealed_cursor: row.get(4)?,
        sealed_position: row.get::<_, i64>(5)?.cast_unsigned(),
        range: KeyRange {
            begin: hash_key(row, 6)?,
            end: hash_key(row, 7)?,
        },
        readonly: row.get(8)?,
        parents: parents(row, 9)?,
    })
}

fn hash_key(row: &Row<'_>, at: usize) -> rusqlite::Result<HashKey> {
    let text: String = row.get(at)?;
    HashKey::parse(&text).map_err(|error| conversion(at, error))
}

fn parents(row: &Row<'_>, at: usize) -> rusqlite::Result<Vec<u32>> {
    let text: String = row.get(at)?;
    let numbers = text.split(',').filter(|number| !number.is_empty());
    numbers
        .map(|number| number.parse().map_err(|error| conversion(at, error)))
        .collect()
}

/// Parents as they are stored.
pub(super) fn parents_text(parents: &[u32]) -> String {
    let texts: Vec<String> = parents.iter().map(u32::to_string).collect();
    texts.join(",")
}

fn conversion(at: usize, error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(at, Type::Text, Box::new(error))
}

pub(super) fn segment_row(row: &Row<'_>) -> rusqlite::Result<SegmentRow> {
    let sums: Vec<u8> = row.get(9)?;
    Ok(SegmentRow {
        shard: row.get(0)?,
        first: row.get(1)?,
        next: row.get(2)?,
        rows: row.get::<_, i64>(3)?.cast_unsigned(),
        octets: row.get::<_, i64>(4)?.cast_unsigned(),
        min_time: row.get(5)?,
        max_time: row.get(6)?,
        min_received: row.get(7)?,
        max_received: row.get(8)?,
        sums: sums
            .as_chunks()
            .0
            .iter()
            .map(|sum| u32::from_le_bytes(*sum))
            .collect(),
    })
}
