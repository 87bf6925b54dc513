//! The tables of groups that are made while scanning.

use std::borrow::Cow;
use std::ffi::{CStr, CString, c_int};
use std::sync::Arc;

use rusqlite::types::{Null, Value};
use rusqlite::vtab::{
    Context, Filters, IndexInfo, Module, VTab, VTabConfig, VTabConnection, VTabCursor,
    sqlite3_vtab, sqlite3_vtab_cursor,
};
use rusqlite::{Connection, Error, Result};

use super::{Aux, Table, contained, failure};
use crate::chunk::Field;
use crate::query::Scan;
use crate::sql::functions::{Budget, Share};
use crate::sql::group::{Grouping, Groups, Made, NoGroups, Shown};
use crate::sql::{ColumnKind, TableColumn};

/// Makes the table of a grouping known to a connection.
pub(in crate::sql) fn register(
    connection: &Connection,
    table: &Arc<Table>,
    grouping: &Grouping,
    budget: &Arc<Budget>,
) -> Result<()> {
    const MODULE: Module<'_, GroupTable> = Module::eponymous_only_module();
    let of = Of {
        log: Aux {
            table: Arc::clone(table),
            earlier: grouping.earlier,
        },
        grouping: Arc::new(grouping.clone()),
        budget: Arc::clone(budget),
    };
    connection.create_module(&*grouping.name, &MODULE, Some(of))
}

/// What a module is made with.
#[derive(Clone)]
struct Of {
    log: Aux,
    grouping: Arc<Grouping>,
    /// What all groups and functions of the statement may take together.
    budget: Arc<Budget>,
}

impl Of {
    fn groups(&self) -> Groups {
        let helpers = Arc::clone(&self.log.table.helpers);
        Groups::new(Arc::clone(&self.grouping), helpers, Share::of(&self.budget))
    }
}

/// The table, as SQLite holds it.
#[repr(C)]
struct GroupTable {
    /// Must be first.
    base: sqlite3_vtab,
    of: Of,
}

/// One pass over the table, as SQLite holds it.
#[repr(C)]
struct GroupCursor {
    /// Must be first.
    base: sqlite3_vtab_cursor,
    of: Of,
    scan: Option<Scan>,
    groups: Groups,
    /// Groups that were made, and the place of the current one.
    made: Made,
    at: usize,
    row_id: i64,
}

// SAFETY: the structure is `repr(C)` and begins with `sqlite3_vtab`.
unsafe impl<'vtab> VTab<'vtab> for GroupTable {
    type Aux = Of;
    type Cursor = GroupCursor;

    fn connect(
        db: &mut VTabConnection,
        aux: Option<&Self::Aux>,
        _module_name: &[u8],
        _database_name: &[u8],
        _table_name: &[u8],
        _args: &[&[u8]],
    ) -> Result<(Cow<'static, CStr>, Self)> {
        db.config(VTabConfig::Innocuous)?;
        let of = aux.ok_or_else(|| failure("the table is missing"))?;
        let key = |key: &crate::sql::group::Key| {
            let kind = match key.column.kind {
                ColumnKind::Long => "BIGINT",
                ColumnKind::Double => "DOUBLE",
                ColumnKind::Text(_) => "VARCHAR",
            };
            format!("\"{}\" {kind}", key.column.name.replace('"', "\"\""))
        };
        let keys = of.grouping.keys.iter().map(key);
        let partials = (0..of.grouping.partials.len()).map(|at| format!("\"#{at}\""));
        let mut columns: Vec<String> = keys.chain(partials).collect();
        if columns.is_empty() {
            columns.push("\"#\"".to_owned());
        }
        let schema = CString::new(format!("CREATE TABLE x({})", columns.join(", ")))
            .map_err(|_| failure("a key has a zero octet"))?;
        let table = Self {
            base: sqlite3_vtab::default(),
            of: of.clone(),
        };
        Ok((Cow::Owned(schema), table))
    }

    fn best_index(&self, info: &mut IndexInfo) -> Result<bool> {
        info.set_estimated_rows(1000);
        info.set_estimated_cost(1e6);
        Ok(true)
    }

    fn open(&'vtab mut self) -> Result<GroupCursor> {
        Ok(GroupCursor {
            base: sqlite3_vtab_cursor::default(),
            of: self.of.clone(),
            scan: None,
            groups: self.of.groups(),
            made: Made::default(),
            at: 0,
            row_id: 0,
        })
    }
}

// SAFETY: the structure is `repr(C)` and begins with `sqlite3_vtab_cursor`.
unsafe impl VTabCursor for GroupCursor {
    fn filter(&mut self, _: c_int, _: Option<&str>, _: &Filters<'_>) -> Result<()> {
        contained(|| self.begin())
    }

    fn next(&mut self) -> Result<()> {
        self.at += 1;
        self.row_id += 1;
        if self.at < self.made.len() {
            return Ok(());
        }
        contained(|| self.more())
    }

    fn eof(&self) -> bool {
        self.at >= self.made.len()
    }

    fn column(&self, ctx: &mut Context, column: c_int) -> Result<()> {
        contained(|| self.show(ctx, column))
    }

    fn rowid(&self) -> Result<i64> {
        Ok(self.row_id)
    }
}

impl GroupCursor {
    fn begin(&mut self) -> Result<()> {
        self.finish();
        self.groups = self.of.groups();
        self.row_id = 0;
        let (mut wanted, mut lists) = (Vec::new(), Vec::new());
        self.of.grouping.filter.comparisons(&mut wanted, &mut lists);
        let columns = &self.of.log.table.columns;
        let place = |column: &TableColumn| columns.iter().position(|known| known == column);
        let wanted: Vec<(String, Value)> = wanted
            .into_iter()
            .filter_map(|(sign, column, value)| Some((format!("{sign}{}", place(&column)?), value)))
            .collect();
        let lists: Vec<(String, Vec<Value>)> = lists
            .into_iter()
            .filter_map(|(column, values)| Some((place(&column)?.to_string(), values)))
            .collect();
        let wanted: Vec<(&str, Value)> = wanted.iter().map(|(c, v)| (&**c, v.clone())).collect();
        let lists: Vec<(&str, Vec<Value>)> = lists.iter().map(|(c, v)| (&**c, v.clone())).collect();
        if let Some(wanted) = self.of.log.narrowed(&wanted, &lists) {
            self.scan = Some(self.of.log.table.scan(wanted));
        }
        self.more()
    }

    fn show(&self, ctx: &mut Context, column: c_int) -> Result<()> {
        let column = usize::try_from(column).unwrap_or(usize::MAX);
        let is_time = |key: &crate::sql::group::Key| key.column.field == Field::Time;
        let later = match self.of.grouping.keys.get(column) {
            Some(key) if is_time(key) => self.of.log.earlier,
            _ => 0,
        };
        match self.made.value(self.at, column) {
            Shown::Int(value) => ctx.set_result(value.saturating_add(later)),
            Shown::Real(value) => ctx.set_result(value),
            Shown::Text(text) => ctx.set_result(text),
            Shown::Null => ctx.set_result(Null),
        }
    }

    /// Goes on scanning until there are groups, or to the end.
    fn more(&mut self) -> Result<()> {
        self.made = Made::default();
        self.at = 0;
        let Some(scan) = &mut self.scan else {
            return Ok(());
        };
        match self.groups.next(scan) {
            Ok(made) => {
                self.made = made;
                if self.made.len() == 0 {
                    self.finish();
                }
                Ok(())
            }
            Err(NoGroups::TooLate) => {
                self.finish();
                Err(failure("the deadline has passed"))
            }
            Err(NoGroups::Overflow) => {
                self.finish();
                Err(Error::ModuleError("integer overflow".to_owned()))
            }
        }
    }

    fn finish(&mut self) {
        self.made = Made::default();
        self.at = 0;
        self.groups = self.of.groups();
        if let Some(mut scan) = self.scan.take() {
            self.of.log.table.finish(&mut scan);
        }
    }
}

impl Drop for GroupCursor {
    fn drop(&mut self) {
        self.finish();
    }
}
