//! `LogFormatString` of CEN: which columns a row has.

use alloc::format;
use alloc::vec::Vec;

use crate::DefinitionError;
use crate::layout::{CEN_NAMED, Column};

/// The columns that a `LogFormatString` such as `${srcaddr}${dstaddr}${bytes}` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFormat {
    columns: Vec<Column>,
}

const FIELD: &str = "log_format";

impl LogFormat {
    /// Reads the text form.
    ///
    /// # Errors
    /// Text that is not a run of `${name}`, a name that is unknown or comes twice, or one that does
    /// not begin with `${srcaddr}${dstaddr}${bytes}`.
    pub fn parse(text: &str) -> Result<Self, DefinitionError> {
        const SYNTAX: &str = "a run of ${name} without separators";
        let invalid = |remedy: &'static str| DefinitionError::new(FIELD, text, remedy);
        let mut columns = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (name, after) = rest
                .strip_prefix("${")
                .and_then(|rest| rest.split_once('}'))
                .ok_or_else(|| invalid(SYNTAX))?;
            let known = CEN_NAMED.iter().find(|column| column.name() == name);
            let column = known.copied().ok_or_else(|| {
                let names: Vec<&str> = CEN_NAMED.iter().map(Column::name).collect();
                DefinitionError::new(FIELD, name, format!("one of {}", names.join(", ")))
            })?;
            if columns.contains(&column) {
                return Err(DefinitionError::new(FIELD, name, "name each field once"));
            }
            columns.push(column);
            rest = after;
        }
        let names = columns.iter().map(Column::name);
        if !names.take(3).eq(["srcaddr", "dstaddr", "bytes"]) {
            return Err(invalid("begin with ${srcaddr}${dstaddr}${bytes}"));
        }
        Ok(Self { columns })
    }

    pub(crate) fn columns(&self) -> &[Column] {
        &self.columns
    }
}
