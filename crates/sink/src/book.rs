//! How far the streams have come: one SQLite database, in which a save is one transaction.
//!
//! What it holds may be older than what has arrived: after a death the rows behind it are sent once
//! more, under the ids that they have.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, TransactionBehavior, params};
use serde::{Deserialize, Serialize};

use crate::spec::Spec;

/// The version that this program writes.
const VERSION: i64 = 1;
const TABLES: &str = "
CREATE TABLE stream (
    name TEXT PRIMARY KEY,
    -- JSON: what it reads, and where that goes
    spec TEXT NOT NULL,
    -- JSON: how far it has come
    progress TEXT NOT NULL
) STRICT;
";

/// The database.
#[derive(Debug)]
pub(crate) struct Book {
    connection: Mutex<Connection>,
}

/// How far a stream has come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Progress {
    /// For each shard the cursor before which everything has arrived or was given up.
    pub(crate) shards: BTreeMap<u32, i64>,
    /// What the target has to know again, in its own words.
    #[serde(default)]
    pub(crate) target: Option<String>,
}

/// A stream, and how far it has come.
pub(crate) type Known = (Spec, Progress);

impl Book {
    /// Opens or makes the database.
    pub(crate) fn open(path: &Path) -> rusqlite::Result<Self> {
        let mut connection = Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
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
        t.pragma_update(None, "user_version", VERSION)?;
        t.commit()?;
        Ok(Self {
            connection: Mutex::new(connection),
        })
    }

    /// Every stream; one whose text nobody understands is left out, and named.
    pub(crate) fn streams(&self) -> rusqlite::Result<(Vec<Known>, Vec<String>)> {
        let connection = self.lock();
        let mut statement =
            connection.prepare("SELECT name, spec, progress FROM stream ORDER BY name")?;
        let mut rows = statement.query([])?;
        let (mut known, mut unknown) = (Vec::new(), Vec::new());
        while let Some(row) = rows.next()? {
            let (name, spec, progress): (String, String, String) =
                (row.get(0)?, row.get(1)?, row.get(2)?);
            match (serde_json::from_str(&spec), serde_json::from_str(&progress)) {
                (Ok(spec), Ok(progress)) => known.push((spec, progress)),
                _ => unknown.push(name),
            }
        }
        Ok((known, unknown))
    }

    /// Remembers streams and how far they have come.
    pub(crate) fn save<'a>(
        &self,
        streams: impl Iterator<Item = (&'a Spec, &'a Progress)>,
    ) -> rusqlite::Result<()> {
        const SQL: &str = "INSERT INTO stream (name, spec, progress) VALUES (?1, ?2, ?3)
            ON CONFLICT (name) DO UPDATE SET spec = ?2, progress = ?3";
        let mut connection = self.lock();
        let t = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for (spec, progress) in streams {
            t.execute(SQL, params![spec.name(), text(spec), text(progress)])?;
        }
        t.commit()
    }

    /// Forgets a stream.
    pub(crate) fn forget(&self, name: &str) -> rusqlite::Result<()> {
        let connection = self.lock();
        connection.execute("DELETE FROM stream WHERE name = ?", [name])?;
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Connection> {
        // A panic in a transaction rolls it back: the connection is sound afterwards.
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn text<T: Serialize>(value: &T) -> String {
    // Nothing in them can fail to be written.
    serde_json::to_string(value).unwrap_or_default()
}

#[cfg(test)]
mod tests;
