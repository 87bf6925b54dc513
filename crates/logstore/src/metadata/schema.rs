//! The tables, and how an older database becomes a newer one.

use flowlog_sls::KeyRange;
use rusqlite::{Connection, Transaction, TransactionBehavior, params};

/// The version that this program writes.
const VERSION: i64 = 2;

/// Version 1; the steps behind it make of it what it is now.
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

/// Version 2: key ranges and parents of shards, consumer groups, what else was said of a Project.
const SECOND: &str = "
ALTER TABLE project ADD COLUMN properties TEXT NOT NULL DEFAULT '{}';
ALTER TABLE shard ADD COLUMN begin_key TEXT NOT NULL DEFAULT '';
ALTER TABLE shard ADD COLUMN end_key TEXT NOT NULL DEFAULT '';
ALTER TABLE shard ADD COLUMN readonly INTEGER NOT NULL DEFAULT 0;
ALTER TABLE shard ADD COLUMN parents TEXT NOT NULL DEFAULT '';
CREATE TABLE consumer_group (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    logstore INTEGER NOT NULL REFERENCES logstore (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    timeout INTEGER NOT NULL,
    in_order INTEGER NOT NULL,
    UNIQUE (logstore, name)
) STRICT;
CREATE TABLE checkpoint (
    consumer_group INTEGER NOT NULL REFERENCES consumer_group (id) ON DELETE CASCADE,
    shard INTEGER NOT NULL,
    cursor INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    consumer TEXT NOT NULL,
    PRIMARY KEY (consumer_group, shard)
) STRICT, WITHOUT ROWID;
";

/// Makes the tables, or brings those of an older program up to date.
pub(super) fn prepare(connection: &mut Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    let t = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: i64 = t.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if !(0..=VERSION).contains(&version) {
        // Made by a newer program: better not touched.
        return Err(rusqlite::Error::IntegralValueOutOfRange(0, version));
    }
    if version < 1 {
        t.execute_batch(TABLES)?;
    }
    if version < 2 {
        t.execute_batch(SECOND)?;
        divide_keys(&t)?;
    }
    t.pragma_update(None, "user_version", VERSION)?;
    t.commit()
}

/// Gives each shard of a Logstore its part of the keys.
fn divide_keys(t: &Transaction<'_>) -> rusqlite::Result<()> {
    const COUNTS: &str = "SELECT logstore, count(*) FROM shard GROUP BY logstore";
    const SHARDS: &str = "SELECT id FROM shard WHERE logstore = ? ORDER BY number";
    const UPDATE: &str = "UPDATE shard SET begin_key = ?2, end_key = ?3 WHERE id = ?1";
    let counts: Vec<(i64, u32)> = t
        .prepare(COUNTS)?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for (logstore, count) in counts {
        let ids: Vec<i64> = t
            .prepare(SHARDS)?
            .query_map([logstore], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let parts = KeyRange::ALL.parts(count).unwrap_or_default();
        for (id, range) in ids.iter().zip(parts) {
            let values = params![id, range.begin.to_string(), range.end.to_string()];
            t.execute(UPDATE, values)?;
        }
    }
    Ok(())
}
