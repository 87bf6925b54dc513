//! SQL over what a search finds: SQLite, on a connection of its own without any file, that can
//! read one table and call listed functions and nothing else.
//!
//! Time is bounded by the deadline, memory by SQLite's own limit, results by rows and octets.

mod dialect;
mod functions;
mod group;
mod number;
mod token;
mod vtab;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use flowlog_sls::index::{IndexConfig, IndexType};
use flowlog_sls::query::SearchExpression;
use flowlog_sls::{Error, LogRow, TimeRange};
use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};

use crate::chunk::Field;
use crate::query::{Deadline, Scan, Wanted};
use crate::settings::QueryLimits;
use crate::shard::Snapshot;
use crate::stats::Counters;

/// The table `log` of one statement.
pub(crate) struct Table {
    pub(crate) columns: Vec<TableColumn>,
    pub(crate) snapshots: Vec<Snapshot>,
    pub(crate) wanted: Arc<Wanted>,
    pub(crate) expression: SearchExpression,
    pub(crate) index: Arc<IndexConfig>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) deadline: Deadline,
    /// The statement was ended because of the memory that it took.
    pub(crate) too_much: AtomicBool,
    /// What the scans have to say when they end.
    pub(crate) outcome: Mutex<Outcome>,
}

/// A column of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TableColumn {
    pub(crate) name: String,
    pub(crate) field: Field,
    pub(crate) kind: ColumnKind,
}

/// What SQL sees of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ColumnKind {
    /// Integers; what is none is NULL.
    Long,
    /// Numbers; what is none is NULL.
    Double,
    /// Texts, cut to so many octets.
    Text(usize),
}

/// What scans have met.
#[derive(Default)]
pub(crate) struct Outcome {
    pub(crate) rows: u64,
    pub(crate) too_late: bool,
    pub(crate) unreadable: Vec<(Arc<crate::segment::Segment>, crate::segment::SegmentError)>,
}

/// The rows of a statement.
#[derive(Debug)]
pub(crate) struct Rows {
    pub(crate) keys: Vec<String>,
    pub(crate) types: Vec<String>,
    pub(crate) data: Vec<LogRow>,
    pub(crate) limit: u64,
}

impl Table {
    /// Takes note of how a scan ended.
    fn finish(&self, scan: &mut Scan) {
        let mut outcome = self.outcome.lock().unwrap_or_else(PoisonError::into_inner);
        outcome.rows += scan.rows;
        outcome.too_late |= scan.too_late;
        outcome.unreadable.append(&mut scan.unreadable);
    }

    /// What all scans have met.
    pub(crate) fn outcome(&self) -> Outcome {
        std::mem::take(&mut *self.outcome.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A statement that can be run.
pub(crate) struct Prepared(dialect::Statement);

/// Checks a statement as far as that goes without rows. `now_millis` is the present, milliseconds
/// of the epoch.
pub(crate) fn prepare(
    sql: &str,
    time: TimeRange,
    now_millis: i64,
    index: &IndexConfig,
) -> Result<Prepared, Error> {
    let asked = dialect::Asked {
        now_millis,
        period: (time.from_seconds(), time.to_seconds()),
        grouping: true,
    };
    dialect::translate(sql, &asked, |names| columns(names, index)).map(Prepared)
}

/// The columns of the table: those of the index, our own, and the tags that are mentioned.
fn columns(names: &BTreeSet<String>, index: &IndexConfig) -> Vec<TableColumn> {
    let text = ColumnKind::Text(usize::try_from(index.max_text_len).unwrap_or(usize::MAX));
    let mut columns = BTreeMap::new();
    let mut add = |name: &str, field: Field, kind: ColumnKind| {
        let column = TableColumn {
            name: name.to_owned(),
            field,
            kind,
        };
        // Names of columns do not differ by case in SQL.
        columns.entry(name.to_ascii_lowercase()).or_insert(column);
    };
    add("__time__", Field::Time, ColumnKind::Long);
    add("__topic__", Field::Topic, text);
    add("__source__", Field::Source, text);
    if names.contains("__time_ns_part__") {
        add("__time_ns_part__", Field::TimeNs, ColumnKind::Long);
    }
    for (name, key) in index.keys.iter().filter(|(_, key)| key.doc_value) {
        let kind = match key.kind {
            IndexType::Long => ColumnKind::Long,
            IndexType::Double => ColumnKind::Double,
            IndexType::Text | IndexType::Json => text,
        };
        add(name, Field::named(name), kind);
        if !key.alias.is_empty() {
            add(&key.alias, Field::named(name), kind);
        }
    }
    for name in names.iter().filter(|name| name.starts_with("__tag__:")) {
        add(name, Field::named(name), text);
    }
    columns.into_values().collect()
}

/// A text as SQL sees it: what is not UTF-8 is marked, and no more than so many octets.
fn shown(octets: &[u8], most: usize) -> Cow<'_, str> {
    match String::from_utf8_lossy(octets) {
        Cow::Borrowed(text) => {
            Cow::Borrowed(text.get(..text.floor_char_boundary(most)).unwrap_or(text))
        }
        Cow::Owned(mut text) => {
            text.truncate(text.floor_char_boundary(most));
            Cow::Owned(text)
        }
    }
}

impl Prepared {
    /// The columns that the table has.
    pub(crate) fn columns(&self) -> Vec<TableColumn> {
        self.0.columns.clone()
    }

    /// Runs the statement over the table.
    pub(crate) fn run(&self, table: &Arc<Table>, limits: &QueryLimits) -> Result<Rows, Error> {
        let connection = connect(table, &self.0, limits).map_err(|error| explain(&error, table))?;
        let mut statement = connection
            .prepare(&self.0.sql)
            .map_err(|error| explain(&error, table))?;
        let columns: Vec<Column> = statement
            .column_names()
            .map(|name| Column {
                key: name.to_owned(),
                is_truth: self.0.truths.contains(&name.to_lowercase()),
                kind: "",
            })
            .collect();
        let texts = rusqlite::params_from_iter(&self.0.texts);
        let mut rows = statement
            .query(texts)
            .map_err(|error| explain(&error, table))?;
        collect(&mut rows, columns, table, limits).map(|(columns, data)| Rows {
            keys: columns.iter().map(|column| column.key.clone()).collect(),
            types: columns.iter().map(Column::type_name).collect(),
            data,
            limit: self.0.limit,
        })
    }
}

/// A column of the result.
struct Column {
    key: String,
    is_truth: bool,
    /// The type of the values so far; empty when there was none.
    kind: &'static str,
}

impl Column {
    fn type_name(&self) -> String {
        match self.kind {
            _ if self.is_truth => "boolean",
            "" => "varchar",
            kind => kind,
        }
        .to_owned()
    }

    fn print(&mut self, value: ValueRef<'_>) -> String {
        self.kind = wider(self.kind, value);
        match value {
            ValueRef::Null => "null".to_owned(),
            ValueRef::Integer(value) if self.is_truth => (value != 0).to_string(),
            ValueRef::Integer(value) => value.to_string(),
            ValueRef::Real(value) => number::java_double(value),
            ValueRef::Text(octets) | ValueRef::Blob(octets) => {
                String::from_utf8_lossy(octets).into_owned()
            }
        }
    }
}

/// Statements between two looks at the clock.
const STEPS: i32 = 10_000;

fn connect(
    table: &Arc<Table>,
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
    functions::register(&connection, &functions::Budget::of(budget))?;
    register_tables(&connection, table, read)?;
    connection.authorizer(Some(authorize))?;
    let watched = Arc::clone(table);
    let most = limits.sql_memory;
    let watch = move || {
        let too_much = vtab::memory_used() > most;
        watched.too_much.fetch_or(too_much, Ordering::Relaxed);
        too_much || watched.deadline.has_passed()
    };
    connection.progress_handler(STEPS, Some(watch))?;
    Ok(connection)
}

/// The table of the period, of earlier ones, and of groups, as far as the statement reads them.
fn register_tables(
    connection: &Connection,
    table: &Arc<Table>,
    read: &dialect::Statement,
) -> rusqlite::Result<()> {
    vtab::register(connection, "log", table, 0)?;
    for seconds in &read.earlier {
        let name = dialect::earlier_table(*seconds);
        vtab::register(connection, &name, table, *seconds)?;
    }
    for grouping in &read.groupings {
        vtab::register_groups(connection, table, grouping)?;
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

fn collect(
    rows: &mut rusqlite::Rows<'_>,
    mut columns: Vec<Column>,
    table: &Table,
    limits: &QueryLimits,
) -> Result<(Vec<Column>, Vec<LogRow>), Error> {
    let mut all = Vec::new();
    let mut octets = 0_usize;
    while let Some(row) = rows.next().map_err(|error| explain(&error, table))? {
        let mut pairs = Vec::with_capacity(columns.len());
        for (place, column) in columns.iter_mut().enumerate() {
            let value = row.get_ref(place).map_err(|error| explain(&error, table))?;
            let text = column.print(value);
            octets += column.key.len() + text.len();
            pairs.push((column.key.clone(), text));
        }
        all.push(LogRow(pairs));
        if all.len() > limits.rows || octets > limits.octets {
            return Err(Error::parameter(
                "the result is too large; use LIMIT, or a shorter period",
            ));
        }
    }
    Ok((columns, all))
}

/// The type of a column that has had `known` and now has a value.
fn wider(known: &'static str, value: ValueRef<'_>) -> &'static str {
    match (known, value) {
        (known, ValueRef::Null) => known,
        ("" | "bigint", ValueRef::Integer(_)) => "bigint",
        ("" | "bigint" | "double", ValueRef::Real(_)) | ("double", ValueRef::Integer(_)) => {
            "double"
        }
        _ => "varchar",
    }
}

/// What SQLite says, in the words of the service.
fn explain(error: &rusqlite::Error, table: &Table) -> Error {
    use rusqlite::ErrorCode;
    let too_late = table
        .outcome
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .too_late;
    let too_much = table.too_much.load(Ordering::Relaxed);
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

#[cfg(test)]
mod tests;
