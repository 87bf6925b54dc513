//! One row out of a `LogGroup`: its own fields, then what its group says.

use flowlog_sls::log_group::{Log, LogGroup};
use flowlog_sls::query::{Fields, Search, Value};
use serde_json::Map;

/// Names and values in the order in which `GetLogs` has them. What is no UTF-8 is replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row(Vec<(String, String)>);

impl Row {
    pub(super) fn of(group: &LogGroup<'_>, log: &Log<'_>) -> Self {
        let text = |octets| String::from_utf8_lossy(octets).into_owned();
        let mut fields = vec![
            ("__time__".to_owned(), log.time.to_string()),
            ("__source__".to_owned(), text(group.source())),
            ("__topic__".to_owned(), text(group.topic())),
        ];
        for (key, value) in group.tags() {
            fields.push((format!("__tag__:{}", text(key)), text(value)));
        }
        for (key, value) in log.contents() {
            fields.push((text(key), text(value)));
        }
        Self(fields)
    }

    pub(super) fn is_found(&self, search: &Search) -> bool {
        search.matches(self)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    pub(super) fn cell(&self, column: &str) -> String {
        let field = self.0.iter().find(|(name, _)| name == column);
        field.map_or_else(String::new, |(_, value)| value.clone())
    }

    pub(super) fn into_object(self) -> Map<String, serde_json::Value> {
        let fields = self.0.into_iter();
        fields.map(|(name, value)| (name, value.into())).collect()
    }
}

impl Fields for Row {
    fn get(&self, key: &str) -> Option<Value<'_>> {
        let field = self.0.iter().find(|(name, _)| name == key);
        field.map(|(_, value)| value.as_str().into())
    }

    fn any(&self, test: &mut dyn FnMut(&str, Value<'_>) -> bool) -> bool {
        (self.0.iter()).any(|(name, value)| test(name, value.as_str().into()))
    }
}
