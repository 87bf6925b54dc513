//! The tables, and how an older database becomes a newer one.

use rusqlite::Connection;

/// The version that this program writes.
const VERSION: i64 = 1;

const TABLES: &str = "
CREATE TABLE project (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL,
    created INTEGER NOT NULL,
    modified INTEGER NOT NULL
) STRICT;
CREATE TABLE logstore (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    project INTEGER NOT NULL REFERENCES project (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    ttl_days INTEGER NOT NULL,
    properties TEXT NOT NULL,
    index_config TEXT,
    created INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    UNIQUE (project, name)
) STRICT;
-- The ids name directories: they are never used twice.
CREATE TABLE shard (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    logstore INTEGER NOT NULL REFERENCES logstore (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    created INTEGER NOT NULL,
    sealed_cursor INTEGER NOT NULL,
    sealed_position INTEGER NOT NULL,
    UNIQUE (logstore, number)
) STRICT;
CREATE TABLE segment (
    shard INTEGER NOT NULL REFERENCES shard (id) ON DELETE CASCADE,
    first INTEGER NOT NULL,
    next INTEGER NOT NULL,
    row_count INTEGER NOT NULL,
    octets INTEGER NOT NULL,
    min_time INTEGER NOT NULL,
    max_time INTEGER NOT NULL,
    min_received INTEGER NOT NULL,
    max_received INTEGER NOT NULL,
    sums BLOB NOT NULL,
    set_aside INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (shard, first)
) STRICT, WITHOUT ROWID;
-- Rowids follow the order in which epochs came.
CREATE TABLE origin (
    shard INTEGER NOT NULL REFERENCES shard (id) ON DELETE CASCADE,
    flow_log TEXT NOT NULL,
    partition INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    next INTEGER NOT NULL,
    UNIQUE (shard, flow_log, partition, epoch)
) STRICT;
";

/// Makes the tables, or checks that they are ours.
pub(super) fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    match version {
        VERSION => Ok(()),
        0 => connection.execute_batch(&format!(
            "BEGIN IMMEDIATE;{TABLES}PRAGMA user_version = {VERSION};COMMIT;"
        )),
        // Made by a newer program: better not touched.
        _ => Err(rusqlite::Error::IntegralValueOutOfRange(0, version)),
    }
}
