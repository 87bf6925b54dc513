//! What outlives the process: flow logs and the answers to tokens, in SQLite. Every change is one
//! transaction, on disk before the call returns.

use std::path::Path;
use std::time::Duration;

use flowlog_access::{FRESHNESS_MS, KnownNonce};
use rusqlite::{Connection, OpenFlags, TransactionBehavior, params};

use crate::book::{Answered, TOKENS_KEPT_MS, TokenKey};
use crate::flow_log::FlowLog;
use crate::plan::Change;

/// How long another process may hold it.
const PATIENCE: Duration = Duration::from_secs(5);
/// The version that this program writes.
const VERSION: i64 = 2;

const TABLES: &str = "
CREATE TABLE flow_log (
    id TEXT PRIMARY KEY,
    number INTEGER NOT NULL UNIQUE,
    -- JSON
    body TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE token (
    version TEXT NOT NULL,
    action TEXT NOT NULL,
    token TEXT NOT NULL,
    at INTEGER NOT NULL,
    -- JSON
    body TEXT NOT NULL,
    PRIMARY KEY (version, action, token)
) STRICT, WITHOUT ROWID;
CREATE INDEX token_by_time ON token (at);
";

/// The nonces of what has changed something, so that it does not change it again.
const NONCES: &str = "
CREATE TABLE nonce (
    digest INTEGER PRIMARY KEY,
    -- the minute in which it may be forgotten
    until INTEGER NOT NULL
) STRICT;
CREATE INDEX nonce_by_time ON nonce (until);
";

/// Why the database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// SQLite says so.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// What is kept cannot be read.
    #[error("a row is damaged: {0}")]
    Damaged(#[from] serde_json::Error),
    /// A later version of the program has written it.
    #[error("it has format {0}, this program knows formats up to {VERSION}")]
    TooNew(i64),
}

/// The database.
#[derive(Debug)]
pub(crate) struct Database(Connection);

/// What a database holds.
pub(crate) type Kept = (Vec<FlowLog>, Vec<(TokenKey, Answered)>);

impl Database {
    /// Opens or makes it.
    pub(crate) fn open(path: &Path) -> Result<Self, DatabaseError> {
        let mut connection = Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.busy_timeout(PATIENCE)?;
        let t = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let version: i64 = t.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if !(0..=VERSION).contains(&version) {
            return Err(DatabaseError::TooNew(version));
        }
        if version < 1 {
            t.execute_batch(TABLES)?;
        }
        if version < 2 {
            t.execute_batch(NONCES)?;
        }
        t.pragma_update(None, "user_version", VERSION)?;
        t.commit()?;
        Ok(Self(connection))
    }

    /// Opens it for reading alone, beside a daemon or without one; `None` when it is not there.
    pub(crate) fn look(path: &Path) -> Result<Option<Self>, DatabaseError> {
        if !path.exists() {
            return Ok(None);
        }
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        connection.busy_timeout(PATIENCE)?;
        let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        match version {
            0 => Ok(None),
            1..=VERSION => Ok(Some(Self(connection))),
            other => Err(DatabaseError::TooNew(other)),
        }
    }

    /// Everything that is kept.
    pub(crate) fn read(&self) -> Result<Kept, DatabaseError> {
        let mut flow_logs = Vec::new();
        let mut select = self
            .0
            .prepare("SELECT body FROM flow_log ORDER BY number")?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            flow_logs.push(serde_json::from_str(
                row.get_ref(0)?.as_str().unwrap_or(""),
            )?);
        }
        let mut tokens = Vec::new();
        let mut select = self
            .0
            .prepare("SELECT version, action, token, body FROM token")?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let answered = serde_json::from_str(row.get_ref(3)?.as_str().unwrap_or(""))?;
            tokens.push(((row.get(0)?, row.get(1)?, row.get(2)?), answered));
        }
        Ok((flow_logs, tokens))
    }

    /// The nonces of changes that can still be replayed.
    pub(crate) fn nonces(&self) -> Result<Vec<KnownNonce>, DatabaseError> {
        let mut select = self.0.prepare("SELECT digest, until FROM nonce")?;
        let read = select.query_map([], |row| {
            Ok(KnownNonce {
                digest: row.get::<_, i64>(0)?.cast_unsigned(),
                until: row.get(1)?,
            })
        })?;
        Ok(read.collect::<Result<_, _>>()?)
    }

    /// Brings a change to disk, with the answer to its token and its nonce, all or nothing.
    pub(crate) fn write(
        &mut self,
        change: &Change,
        token: Option<&(TokenKey, Answered)>,
        nonce: KnownNonce,
    ) -> Result<(), DatabaseError> {
        const PUT: &str = "INSERT INTO flow_log (id, number, body) VALUES (?1, ?2, ?3)
            ON CONFLICT (id) DO UPDATE SET body = excluded.body";
        const REMEMBER: &str = "INSERT INTO token (version, action, token, at, body)
            VALUES (?1, ?2, ?3, ?4, ?5)
            ON CONFLICT DO UPDATE SET at = excluded.at, body = excluded.body";
        let t = self
            .0
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        for (flow_log, _) in &change.put {
            let number = i64::try_from(flow_log.number).unwrap_or(i64::MAX);
            let body = serde_json::to_string(flow_log)?;
            t.prepare(PUT)?
                .execute(params![flow_log.id, number, body])?;
        }
        for id in &change.delete {
            t.execute("DELETE FROM flow_log WHERE id = ?1", [id])?;
        }
        if let Some(((version, action, token), answered)) = token {
            let body = serde_json::to_string(answered)?;
            let oldest = answered.at.saturating_sub(TOKENS_KEPT_MS);
            t.execute("DELETE FROM token WHERE at <= ?1", [oldest])?;
            t.prepare(REMEMBER)?
                .execute(params![version, action, token, answered.at, body])?;
        }
        // Any other that may be forgotten in the minute before this one's time is old for all.
        let old = nonce.until.saturating_sub(2 * FRESHNESS_MS / 60_000 + 2);
        t.prepare("DELETE FROM nonce WHERE until <= ?1")?
            .execute([old])?;
        t.prepare("INSERT OR IGNORE INTO nonce (digest, until) VALUES (?1, ?2)")?
            .execute([nonce.digest.cast_signed(), nonce.until])?;
        t.commit()?;
        Ok(())
    }
}
