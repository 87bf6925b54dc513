//! The connection that a statement runs on: what it may do, how long, with how much memory; and
//! what SQLite says when it may not, in the words of the service.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use flowlog_sls::Error;
use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags};

use super::{Course, Table, dialect, functions, vtab};
use crate::settings::QueryLimits;

/// Statements between two looks at the clock.
const STEPS: i32 = 10_000;

pub(super) fn connect(
    tables: &[Arc<Table>],
    read: &dialect::Statement,
    limits: &QueryLimits,
) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_MEMORY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_in_memory_with_flags(flags)?;
    // Statements are ended when there is less; this is for the one step that takes it all, and
    // holds for the whole process: SQLite has no limit of a connection's own.
    let heap = i64::try_from(limits.sql_memory.saturating_mul(2)).unwrap_or(i64::MAX);
    connection.pragma_update(None, "hard_heap_limit", heap)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    for (config, value) in [
        (DbConfig::SQLITE_DBCONFIG_DQS_DML, false),
        (DbConfig::SQLITE_DBCONFIG_DQS_DDL, false),
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
    ] {
        connection.set_db_config(config, value)?;
    }
    for (limit, value) in [
        (Limit::SQLITE_LIMIT_LENGTH, 16 << 20),
        (Limit::SQLITE_LIMIT_SQL_LENGTH, 256 << 10),
        (Limit::SQLITE_LIMIT_EXPR_DEPTH, 200),
        (Limit::SQLITE_LIMIT_COMPOUND_SELECT, 50),
        (Limit::SQLITE_LIMIT_ATTACHED, 0),
        (Limit::SQLITE_LIMIT_WORKER_THREADS, 0),
    ] {
        connection.set_limit(limit, value)?;
    }
    let budget = usize::try_from(limits.sql_memory).unwrap_or(usize::MAX);
    let budget = functions::Budget::of(budget);
    functions::register(&connection, &budget)?;
    register_tables(&connection, tables, read, &budget)?;
    connection.authorizer(Some(authorize))?;
    let watched = tables.to_vec();
    let most = limits.sql_memory;
    let watch = move || {
        let too_much = vtab::memory_used() > most;
        let has_passed = |table: &Arc<Table>| {
            table.course.too_much.fetch_or(too_much, Ordering::Relaxed);
            table.deadline.has_passed()
        };
        watched.first().is_some_and(has_passed) || too_much
    };
    connection.progress_handler(STEPS, Some(watch))?;
    Ok(connection)
}

/// The tables of the period, of earlier ones, and of groups, as far as the statement reads them.
fn register_tables(
    connection: &Connection,
    tables: &[Arc<Table>],
    read: &dialect::Statement,
    budget: &Arc<functions::Budget>,
) -> rusqlite::Result<()> {
    for (place, table) in tables.iter().enumerate() {
        vtab::register(connection, &super::table_name(place), table, 0)?;
    }
    let Some(table) = tables.first() else {
        return Ok(());
    };
    for seconds in &read.earlier {
        let name = dialect::earlier_table(*seconds);
        vtab::register(connection, &name, table, *seconds)?;
    }
    for grouping in &read.groupings {
        vtab::register_groups(connection, table, grouping, budget)?;
    }
    Ok(())
}

/// Reading, and the listed functions.
fn authorize(context: AuthContext<'_>) -> Authorization {
    match context.action {
        AuthAction::Select => Authorization::Allow,
        AuthAction::Read { table_name, .. }
            if table_name == "json_each"
                || table_name.starts_with("#groups")
                || table_name.starts_with("log_")
                || dialect::earlier_by(table_name).is_some() =>
        {
            Authorization::Allow
        }
        AuthAction::Function { function_name } if functions::is_allowed(function_name) => {
            Authorization::Allow
        }
        _ => Authorization::Deny,
    }
}

/// What SQLite says, in the words of the service.
pub(super) fn explain(error: &rusqlite::Error, course: &Course) -> Error {
    use rusqlite::ErrorCode;
    let too_late = course.met().too_late;
    let too_much = course.too_much.load(Ordering::Relaxed);
    let (code, message) = match error {
        rusqlite::Error::SqliteFailure(code, message) => (Some(code.code), message.clone()),
        rusqlite::Error::SqlInputError { error, msg, .. } => (Some(error.code), Some(msg.clone())),
        _ => (None, None),
    };
    let message = message.unwrap_or_else(|| error.to_string());
    let text = match code {
        _ if too_late => too_long(),
        Some(ErrorCode::OperationInterrupted) if !too_much => too_long(),
        Some(ErrorCode::OutOfMemory | ErrorCode::OperationInterrupted) => {
            "the SQL needs too much memory; ask for a shorter period or fewer groups".to_owned()
        }
        _ => said(&message),
    };
    Error::parameter(text)
}

fn too_long() -> String {
    "the SQL takes too long; ask for a shorter period".to_owned()
}

fn said(message: &str) -> String {
    let function = ["no such function: ", "not authorized to use function: "]
        .iter()
        .find_map(|prefix| message.strip_prefix(prefix));
    if let Some(function) = function {
        return format!("function {function} is not supported");
    }
    if let Some(column) = message.strip_prefix("no such column: ") {
        let column = column
            .split(" - ")
            .next()
            .unwrap_or(column)
            .trim_matches('"');
        return format!(
            "column '{column}' cannot be resolved; a key needs an index with doc_value, a text \
             stands in single quotes"
        );
    }
    if let Some(name) = message.strip_prefix("no such table: ") {
        return format!("table '{name}' does not exist; the only table is log");
    }
    if message == "not authorized" || message.contains("prohibited") {
        return "the SQL may only read".to_owned();
    }
    format!("the SQL is wrong: {message}")
}
