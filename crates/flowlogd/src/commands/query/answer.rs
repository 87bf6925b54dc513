//! What a Logstore answers to `GetLogs`.

use serde::Deserialize;
use serde_json::{Map, Value};

/// One row: values by column, all of them text in the protocol.
pub(super) type Row = Map<String, Value>;

/// An answer, or several pages of it.
#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    meta: Meta,
    data: Vec<Row>,
}

#[derive(Debug, Deserialize)]
struct Meta {
    #[serde(default)]
    progress: String,
    #[serde(default, rename = "hasSQL")]
    has_sql: bool,
    #[serde(default)]
    keys: Option<Vec<String>>,
}

impl Answer {
    pub(super) fn rows(&self) -> u64 {
        u64::try_from(self.data.len()).unwrap_or(u64::MAX)
    }

    pub(super) fn is_complete(&self) -> bool {
        self.meta.progress.eq_ignore_ascii_case("complete")
    }

    /// Whether a search may have further rows: SQL pages by itself.
    pub(super) fn may_have_more(&self, limit: u64) -> bool {
        let rows = self.rows();
        !self.meta.has_sql && rows > 0 && rows < limit && rows.is_multiple_of(super::PAGE)
    }

    pub(super) fn append(&mut self, page: Self) {
        self.data.extend(page.data);
        self.meta.progress = page.meta.progress;
    }

    /// The columns: those of the SELECT, or all that rows have, in the order in which they appear.
    pub(super) fn columns(&self) -> Vec<String> {
        if let Some(keys) = &self.meta.keys
            && self.meta.has_sql
        {
            return keys.clone();
        }
        let mut columns: Vec<String> = Vec::new();
        let mut known = std::collections::BTreeSet::new();
        for name in self.data.iter().flat_map(Map::keys) {
            if !known.contains(name) {
                known.insert(name.clone());
                columns.push(name.clone());
            }
        }
        columns
    }

    pub(super) fn into_rows(self) -> Vec<Row> {
        self.data
    }
}

/// A value as a cell.
pub(super) fn text(value: Option<&Value>) -> String {
    match value {
        None => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
    }
}
