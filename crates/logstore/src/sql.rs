//! SQL over what a search finds: SQLite, on a connection of its own without any file, that can
//! read one table and call listed functions and nothing else.
//!
//! Time is bounded by the deadline, memory by SQLite's own limit, results by rows and octets.

mod connection;
mod dialect;
mod functions;
mod group;
mod number;
mod result;
mod token;
mod vtab;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use flowlog_sls::index::{IndexConfig, IndexType};
use flowlog_sls::query::SearchExpression;
use flowlog_sls::{Error, TimeRange};

use crate::chunk::Field;
use crate::query::{Deadline, Helpers, Scan, Wanted};
use crate::settings::QueryLimits;
use crate::shard::Snapshot;
use crate::stats::Counters;
use connection::{connect, explain};
use result::{Column, collect};

pub(crate) use result::Rows;

/// The table `log` of one statement.
pub(crate) struct Table {
    pub(crate) columns: Vec<TableColumn>,
    pub(crate) snapshots: Vec<Snapshot>,
    pub(crate) wanted: Arc<Wanted>,
    pub(crate) expression: SearchExpression,
    pub(crate) index: Arc<IndexConfig>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) deadline: Deadline,
    pub(crate) course: Arc<Course>,
    pub(crate) helpers: Arc<Helpers>,
}

/// How a statement goes; all its tables share it.
#[derive(Default)]
pub(crate) struct Course {
    /// It was ended because of the memory that it took.
    too_much: AtomicBool,
    /// What the scans have to say when they end.
    outcome: Mutex<Outcome>,
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

impl Table {
    /// Takes note of how a scan ended.
    fn finish(&self, scan: &mut Scan) {
        let mut outcome = self.course.met();
        outcome.rows += scan.rows;
        outcome.too_late |= scan.too_late;
        outcome.unreadable.append(&mut scan.unreadable);
    }

    /// What all scans have met.
    pub(crate) fn outcome(&self) -> Outcome {
        self.course.outcome()
    }
}

impl Course {
    /// What all scans have met.
    pub(crate) fn outcome(&self) -> Outcome {
        std::mem::take(&mut *self.met())
    }

    fn met(&self) -> MutexGuard<'_, Outcome> {
        self.outcome.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the table of a Logstore is called, by the place of the Logstore among those of a statement.
pub(crate) fn table_name(place: usize) -> String {
    match place {
        0 => "log".to_owned(),
        place => format!("log_{}", place + 1),
    }
}

/// A statement that can be run.
pub(crate) struct Prepared {
    statement: dialect::Statement,
    /// The columns of further tables.
    further: Vec<Vec<TableColumn>>,
}

/// Checks a statement as far as that goes without rows. `now_millis` is the present, milliseconds
/// of the epoch.
pub(crate) fn prepare(
    sql: &str,
    time: TimeRange,
    now_millis: i64,
    index: &Arc<IndexConfig>,
) -> Result<Prepared, Error> {
    prepare_several(sql, time, now_millis, std::slice::from_ref(index))
}

/// The same of a statement over a table for each index; see [`table_name`].
pub(crate) fn prepare_several(
    sql: &str,
    time: TimeRange,
    now_millis: i64,
    indexes: &[Arc<IndexConfig>],
) -> Result<Prepared, Error> {
    let asked = dialect::Asked {
        now_millis,
        period: (time.from_seconds(), time.to_seconds()),
        grouping: true,
        typed: true,
    };
    let mut further = Vec::new();
    let statement = dialect::translate(sql, &asked, |names| {
        let mut tables = indexes.iter().map(|index| columns(names, index));
        let first = tables.next();
        further = tables.collect();
        first.unwrap_or_default()
    })?;
    Ok(Prepared { statement, further })
}

/// Checks `where condition`, or several with `|` between them, for [`Prepared::places`]. A key
/// without an index is text.
pub(crate) fn prepare_conditions(
    pipeline: &str,
    now_millis: i64,
    index: &IndexConfig,
) -> Result<Prepared, Error> {
    let conditions = dialect::conditions(pipeline)?;
    let asked = dialect::Asked {
        now_millis,
        period: (0, 0),
        grouping: false,
        // A key is text unless there is an index that says otherwise.
        typed: false,
    };
    let columns = |names: &dialect::Mentioned| {
        let mut columns = columns(names, index);
        for name in names.iter() {
            if !columns
                .iter()
                .any(|known| known.name.eq_ignore_ascii_case(name))
            {
                columns.push(TableColumn {
                    name: name.clone(),
                    field: Field::named(name),
                    kind: ColumnKind::Text(usize::MAX),
                });
            }
        }
        let place = |(name, field): (&str, Field)| TableColumn {
            name: name.to_owned(),
            field,
            kind: ColumnKind::Long,
        };
        columns.retain(|column| !PLACE.contains(&&*column.name));
        columns.extend(
            PLACE
                .into_iter()
                .zip([Field::Cursor, Field::Position])
                .map(place),
        );
        columns
    };
    let statement = dialect::places(&conditions, &asked, columns)?;
    let further = Vec::new();
    Ok(Prepared { statement, further })
}

/// The columns that say where a row is; no key is called like that.
const PLACE: [&str; 2] = ["__cursor__", "__position__"];

/// Columns that a table has at most: SQLite takes 2000.
const MOST_COLUMNS: usize = 1900;

/// The columns of the table that are mentioned: of the index, our own, and tags.
fn columns(names: &dialect::Mentioned, index: &IndexConfig) -> Vec<TableColumn> {
    let text = ColumnKind::Text(usize::try_from(index.max_text_len).unwrap_or(usize::MAX));
    let mut columns = BTreeMap::new();
    let mut add = |name: &str, field: Field, kind: ColumnKind| {
        let is_there = field == Field::Time;
        let fits = columns.len() < MOST_COLUMNS && !name.contains('\0');
        if !is_there && (!fits || !names.has(name)) {
            return;
        }
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
    // This one is none of `*`.
    if names.iter().any(|name| name == "__time_ns_part__") {
        add("__time_ns_part__", Field::TimeNs, ColumnKind::Long);
    }
    for (name, key) in index.keys.iter().filter(|(_, key)| key.doc_value) {
        let kind = kind_of(key.kind, text);
        add(name, Field::named(name), kind);
        if !key.alias.is_empty() {
            add(&key.alias, Field::named(name), kind);
        }
    }
    for (name, key) in &index.keys {
        let inside = key.json_keys.iter().filter(|(_, inside)| inside.doc_value);
        for (path, inside) in inside.filter(|_| key.kind == IndexType::Json) {
            let field = Field::Inside(name.as_str().into(), path.as_str().into());
            add(
                &format!("{name}.{path}"),
                field.clone(),
                kind_of(inside.kind, text),
            );
            if let Some(alias) = inside.alias.as_ref().filter(|alias| !alias.is_empty()) {
                add(alias, field, kind_of(inside.kind, text));
            }
        }
    }
    for inside in names.iter().filter_map(|name| index.inside(name)) {
        if inside.doc_value {
            let field = Field::Inside(inside.key.into(), inside.path.into());
            let name = format!("{}.{}", inside.key, inside.path);
            add(&name, field, kind_of(inside.kind, text));
        }
    }
    for name in names.iter().filter(|name| name.starts_with("__tag__:")) {
        add(name, Field::named(name), text);
    }
    columns.into_values().collect()
}

fn kind_of(kind: IndexType, text: ColumnKind) -> ColumnKind {
    match kind {
        IndexType::Long => ColumnKind::Long,
        IndexType::Double => ColumnKind::Double,
        IndexType::Text | IndexType::Json => text,
    }
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
        self.statement.columns.clone()
    }

    /// The columns of every table.
    pub(crate) fn tables(&self) -> impl Iterator<Item = Vec<TableColumn>> {
        std::iter::once(self.columns()).chain(self.further.iter().cloned())
    }

    /// Gives the cursor and the position of every row that fulfils the conditions.
    pub(crate) fn places(
        &self,
        table: &Arc<Table>,
        limits: &QueryLimits,
        mut each: impl FnMut(i64, i64),
    ) -> Result<(), Error> {
        let mut find = || {
            let connection = connect(std::slice::from_ref(table), &self.statement, limits)?;
            let mut statement = connection.prepare(&self.statement.sql)?;
            let texts = rusqlite::params_from_iter(&self.statement.texts);
            let mut rows = statement.query(texts)?;
            while let Some(row) = rows.next()? {
                each(row.get(0)?, row.get(1)?);
            }
            Ok(())
        };
        find().map_err(|error| explain(&error, &table.course))
    }

    /// Runs the statement over the tables, at least one.
    pub(crate) fn run(&self, tables: &[Arc<Table>], limits: &QueryLimits) -> Result<Rows, Error> {
        let course = tables.first().map(|table| Arc::clone(&table.course));
        let course = course.unwrap_or_default();
        let explained = |error| explain(&error, &course);
        let connection = connect(tables, &self.statement, limits).map_err(explained)?;
        let mut statement = connection.prepare(&self.statement.sql).map_err(explained)?;
        let columns: Vec<Column> = statement
            .column_names()
            .map(|name| Column {
                key: name.to_owned(),
                is_truth: self.statement.truths.contains(&name.to_lowercase()),
                kind: "",
            })
            .collect();
        let texts = rusqlite::params_from_iter(&self.statement.texts);
        let mut rows = statement.query(texts).map_err(explained)?;
        collect(&mut rows, columns, &course, limits).map(|(columns, data)| Rows {
            keys: columns.iter().map(|column| column.key.clone()).collect(),
            types: columns.iter().map(Column::type_name).collect(),
            data,
            limit: self.statement.limit,
        })
    }
}

#[cfg(test)]
mod tests;
