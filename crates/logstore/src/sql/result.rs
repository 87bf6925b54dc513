//! The result of a statement, as text.

use flowlog_sls::{Error, LogRow};
use rusqlite::types::ValueRef;

use super::connection::explain;
use super::{Course, number};
use crate::settings::QueryLimits;

/// The rows of a statement.
#[derive(Debug)]
pub(crate) struct Rows {
    pub(crate) keys: Vec<String>,
    pub(crate) types: Vec<String>,
    pub(crate) data: Vec<LogRow>,
    pub(crate) limit: u64,
}

/// A column of the result.
pub(super) struct Column {
    pub(super) key: String,
    pub(super) is_truth: bool,
    /// The type of the values so far; empty when there was none.
    pub(super) kind: &'static str,
}

impl Column {
    pub(super) fn type_name(&self) -> String {
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

pub(super) fn collect(
    rows: &mut rusqlite::Rows<'_>,
    mut columns: Vec<Column>,
    course: &Course,
    limits: &QueryLimits,
) -> Result<(Vec<Column>, Vec<LogRow>), Error> {
    let mut all = Vec::new();
    let mut octets = 0_usize;
    while let Some(row) = rows.next().map_err(|error| explain(&error, course))? {
        let mut pairs = Vec::with_capacity(columns.len());
        for (place, column) in columns.iter_mut().enumerate() {
            let value = row
                .get_ref(place)
                .map_err(|error| explain(&error, course))?;
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
