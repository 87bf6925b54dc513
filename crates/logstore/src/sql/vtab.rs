//! The table `log`: SQLite's virtual-table interface over a [`Scan`].
//!
//! The only unsafe code of this crate is here: two traits of `rusqlite` demand that their
//! implementations are laid out as SQLite expects, with its own structure first; and SQLite is
//! asked how much memory it has.
#![expect(
    unsafe_code,
    reason = "the traits of virtual tables are unsafe to implement"
)]

mod grouped;
mod pushdown;

use std::borrow::Cow;
use std::ffi::{CStr, CString, c_int};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;

use rusqlite::types::{Null, Value};
use rusqlite::vtab::{
    Context, Filters, IndexConstraintOp, IndexInfo, Module, VTab, VTabConfig, VTabConnection,
    VTabCursor, sqlite3_vtab, sqlite3_vtab_cursor,
};
use rusqlite::{Connection, Error, Result};

use super::{ColumnKind, Table, shown};
use crate::batch::Cell;
use crate::chunk::{Field, Lane};
use crate::query::{Hits, Scan, Wanted, place};

use pushdown::list;

pub(super) use grouped::register as register_groups;

/// Makes the table of a period known to a connection: of that which is asked for, or of the one
/// that many seconds before, whose times are shown that much later.
pub(super) fn register(
    connection: &Connection,
    name: &str,
    table: &Arc<Table>,
    earlier: i64,
) -> Result<()> {
    const MODULE: Module<'_, LogTable> = Module::eponymous_only_module();
    let aux = Aux {
        table: Arc::clone(table),
        earlier,
    };
    connection.create_module(name, &MODULE, Some(aux))
}

/// What a module is made with.
#[derive(Clone)]
struct Aux {
    table: Arc<Table>,
    /// Seconds.
    earlier: i64,
}

/// Octets of memory that SQLite has taken in this process.
pub(super) fn memory_used() -> u64 {
    // SAFETY: it may be called at any time, from any thread.
    let used = unsafe { rusqlite::ffi::sqlite3_memory_used() };
    u64::try_from(used).unwrap_or(0)
}

/// The table, as SQLite holds it.
#[repr(C)]
struct LogTable {
    /// Must be first.
    base: sqlite3_vtab,
    aux: Aux,
}

/// One pass over the table, as SQLite holds it.
#[repr(C)]
struct LogCursor {
    /// Must be first.
    base: sqlite3_vtab_cursor,
    aux: Aux,
    scan: Option<Scan>,
    hits: Option<Hits>,
    /// The place of the current row among the rows that were found in the chunk.
    at: usize,
    /// The columns of the chunk that the statement uses.
    lanes: Vec<Option<Rc<Lane>>>,
    /// Bit by bit the columns that the statement uses; the last bit stands for all others.
    used: u64,
}

/// What a statement compares columns with, as `best_index` tells `filter`: operator and column,
/// one for each argument.
const COMPARISONS: [(IndexConstraintOp, &str); 5] = [
    (IndexConstraintOp::SQLITE_INDEX_CONSTRAINT_EQ, "="),
    (IndexConstraintOp::SQLITE_INDEX_CONSTRAINT_GT, ">"),
    (IndexConstraintOp::SQLITE_INDEX_CONSTRAINT_GE, "g"),
    (IndexConstraintOp::SQLITE_INDEX_CONSTRAINT_LT, "<"),
    (IndexConstraintOp::SQLITE_INDEX_CONSTRAINT_LE, "l"),
];
/// More comparisons than this are left to SQLite alone.
const MOST_COMPARISONS: usize = 8;

// SAFETY: the structure is `repr(C)` and begins with `sqlite3_vtab`.
unsafe impl<'vtab> VTab<'vtab> for LogTable {
    type Aux = Aux;
    type Cursor = LogCursor;

    fn connect(
        db: &mut VTabConnection,
        aux: Option<&Self::Aux>,
        _module_name: &[u8],
        _database_name: &[u8],
        _table_name: &[u8],
        _args: &[&[u8]],
    ) -> Result<(Cow<'static, CStr>, Self)> {
        db.config(VTabConfig::Innocuous)?;
        let aux = aux.ok_or_else(|| failure("the table is missing"))?;
        let column = |column: &super::TableColumn| {
            let kind = match column.kind {
                ColumnKind::Long => "BIGINT",
                ColumnKind::Double => "DOUBLE",
                ColumnKind::Text(_) => "VARCHAR",
            };
            format!("\"{}\" {kind}", column.name.replace('"', "\"\""))
        };
        let columns: Vec<String> = aux.table.columns.iter().map(column).collect();
        let schema = CString::new(format!("CREATE TABLE x({})", columns.join(", ")))
            .map_err(|_| failure("a key has a zero octet"))?;
        let table = Self {
            base: sqlite3_vtab::default(),
            aux: aux.clone(),
        };
        Ok((Cow::Owned(schema), table))
    }

    fn best_index(&self, info: &mut IndexInfo) -> Result<bool> {
        let mut plan = format!("{:x}", info.col_used());
        let mut chosen = Vec::new();
        for (at, constraint) in info.constraints().enumerate() {
            let operator = constraint.operator();
            let known = COMPARISONS.iter().find(|(op, _)| *op == operator);
            let column = usize::try_from(constraint.column()).ok();
            if let (Some((_, sign)), Some(column)) = (known, column)
                && constraint.is_usable()
                && chosen.len() < MOST_COMPARISONS
            {
                let many = info.is_in_constraint(at)?;
                let sign = if many { "i" } else { sign };
                plan.extend([" ", sign, &column.to_string()]);
                chosen.push((at, many));
            }
        }
        for (argument, (at, many)) in chosen.iter().enumerate() {
            if *many {
                // All values of the list come in one pass.
                info.set_in_constraint(*at, true)?;
            }
            // SQLite compares again: what is left out here is only what cannot be found.
            let argument = c_int::try_from(argument + 1).unwrap_or(0);
            info.constraint_usage(*at).set_argv_index(argument);
        }
        info.set_idx_str(&plan);
        let rows = 1_000_000_i64 >> (2 * chosen.len().min(8));
        info.set_estimated_rows(rows);
        info.set_estimated_cost(1e6 / f64::from(u32::try_from(chosen.len()).unwrap_or(0) + 1));
        Ok(true)
    }

    fn open(&'vtab mut self) -> Result<LogCursor> {
        Ok(LogCursor {
            base: sqlite3_vtab_cursor::default(),
            aux: self.aux.clone(),
            scan: None,
            hits: None,
            at: 0,
            lanes: Vec::new(),
            used: u64::MAX,
        })
    }
}

// SAFETY: the structure is `repr(C)` and begins with `sqlite3_vtab_cursor`.
unsafe impl VTabCursor for LogCursor {
    fn filter(&mut self, _: c_int, plan: Option<&str>, arguments: &Filters<'_>) -> Result<()> {
        contained(|| self.begin(plan, arguments))
    }

    fn next(&mut self) -> Result<()> {
        contained(|| self.advance())
    }

    fn eof(&self) -> bool {
        self.hits.is_none()
    }

    fn column(&self, ctx: &mut Context, column: c_int) -> Result<()> {
        contained(|| self.show(ctx, column))
    }

    /// The same in every pass: SQLite goes through the table once for each part of an `OR`, and
    /// tells rows that it has seen by it.
    fn rowid(&self) -> Result<i64> {
        let hits = self.hits.as_ref();
        let row = hits.and_then(|hits| Some(hits.base + i64::from(hits.rows.get(self.at)?)));
        row.ok_or_else(|| failure("there is no row"))
    }
}

impl LogCursor {
    fn begin(&mut self, plan: Option<&str>, arguments: &Filters<'_>) -> Result<()> {
        self.finish();
        let mut plan = plan.unwrap_or_default().split(' ');
        let used = plan
            .next()
            .and_then(|mask| u64::from_str_radix(mask, 16).ok());
        self.used = used.unwrap_or(u64::MAX);
        let mut comparisons = Vec::new();
        let mut lists = Vec::new();
        for (at, comparison) in plan.enumerate() {
            match comparison.strip_prefix('i') {
                None => comparisons.push((comparison, arguments.get::<Value>(at)?)),
                Some(column) => lists.push((column, list(arguments, at)?)),
            }
        }
        let Some(wanted) = self.aux.narrowed(&comparisons, &lists) else {
            return Ok(());
        };
        self.scan = Some(self.aux.table.scan(wanted));
        self.next_chunk()
    }

    fn advance(&mut self) -> Result<()> {
        self.at += 1;
        if self
            .hits
            .as_ref()
            .is_some_and(|hits| self.at < hits.rows.len())
        {
            return Ok(());
        }
        self.next_chunk()
    }

    fn show(&self, ctx: &mut Context, column: c_int) -> Result<()> {
        let column = usize::try_from(column).unwrap_or(usize::MAX);
        let row = self.hits.as_ref().and_then(|hits| hits.rows.get(self.at));
        let lane = self.lanes.get(column).and_then(Option::as_ref);
        let description = self.aux.table.columns.get(column);
        let (Some(row), Some(lane), Some(description)) = (row, lane, description) else {
            return ctx.set_result(Null);
        };
        let cell = match (description, lane.cell(place(row))) {
            (column, Cell::Int(time)) if column.field == Field::Time => {
                Cell::Int(time.saturating_add(self.aux.earlier))
            }
            (_, cell) => cell,
        };
        set(ctx, cell, description.kind)
    }

    /// Goes to the next chunk in which something was found.
    fn next_chunk(&mut self) -> Result<()> {
        self.hits = None;
        self.lanes.clear();
        self.at = 0;
        let Some(scan) = &mut self.scan else {
            return Ok(());
        };
        while let Some(hits) = scan.next_hits() {
            let lane = |(at, column): (usize, &super::TableColumn)| {
                let used = self.used >> at.min(63) & 1 == 1;
                if used {
                    hits.chunk.lane(&column.field).map(Some)
                } else {
                    Ok(None)
                }
            };
            let lanes: std::result::Result<_, _> = self
                .aux
                .table
                .columns
                .iter()
                .enumerate()
                .map(lane)
                .collect();
            match lanes {
                Ok(lanes) => {
                    self.lanes = lanes;
                    self.hits = Some(hits);
                    return Ok(());
                }
                Err(error) => scan.give_up(hits.segment, error),
            }
        }
        let too_late = scan.too_late;
        self.finish();
        if too_late {
            Err(failure("the deadline has passed"))
        } else {
            Ok(())
        }
    }

    fn finish(&mut self) {
        self.hits = None;
        self.lanes.clear();
        if let Some(mut scan) = self.scan.take() {
            self.aux.table.finish(&mut scan);
        }
    }
}

impl Drop for LogCursor {
    fn drop(&mut self) {
        self.finish();
    }
}

impl Table {
    fn scan(&self, wanted: Arc<Wanted>) -> Scan {
        let counters = Arc::clone(&self.counters);
        Scan::new(wanted, counters, self.deadline, self.snapshots.clone())
    }
}

fn set(ctx: &mut Context, cell: Cell<'_>, kind: ColumnKind) -> Result<()> {
    match kind {
        ColumnKind::Long => ctx.set_result(cell.int()),
        ColumnKind::Double => ctx.set_result(cell.double()),
        ColumnKind::Text(most) => {
            let mut scratch = Vec::new();
            let Some(text) = cell.text(&mut scratch) else {
                return ctx.set_result(Null);
            };
            ctx.set_result(&*shown(text, most))
        }
    }
}

/// SQLite calls; a panic must not go through it: that would end the process.
fn contained(call: impl FnOnce() -> Result<()>) -> Result<()> {
    let outcome = catch_unwind(AssertUnwindSafe(call));
    outcome.unwrap_or_else(|_| Err(failure("internal error")))
}

fn failure(message: &str) -> Error {
    Error::ModuleError(message.to_owned())
}
