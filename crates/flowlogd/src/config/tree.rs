//! The configuration as a tree of TOML values: merging, setting, and finding where a text says what.

use std::ops::Range;

use serde::Serialize;
use toml::de::{DeTable, DeValue};
use toml::{Table, Value};

use super::path::{Path, Step};

/// The tree of anything that TOML can say. What it cannot say is left out.
pub(super) fn of(value: &impl Serialize) -> Table {
    Table::try_from(value).unwrap_or_default()
}

/// The tree as text.
pub(super) fn rendered(tree: &Table) -> String {
    toml::to_string(tree).unwrap_or_default()
}

pub(super) fn get<'t>(tree: &'t Table, path: &Path) -> Option<&'t Value> {
    let (first, rest) = path.0.split_first()?;
    let Step::Key(first) = first else { return None };
    rest.iter()
        .try_fold(tree.get(first)?, |value, step| match step {
            Step::Key(key) => value.get(key),
            Step::Item(item) => value.get(*item),
        })
}

/// Puts `over` over `base`: tables are merged, everything else is replaced.
pub(super) fn merge(base: &mut Table, over: Table) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(Value::Table(base)), Value::Table(over)) => merge(base, over),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

/// Writes one value. A step into an array is a place in it, or the `name` or `id` of a table there;
/// the place behind the last one makes a new table.
///
/// Returns the path with places in arrays for what it is.
///
/// # Errors
/// A step into something that has no parts, or to a place that does not exist.
pub(super) fn set(tree: &mut Table, path: &Path, text: &str) -> Result<Path, &'static str> {
    let (last, before) = match path.0.split_last() {
        Some((Step::Key(last), before)) if !last.is_empty() => (last, before),
        _ => return Err("not a key"),
    };
    let mut at = Path::default();
    let mut table = tree;
    let mut steps = before.iter();
    while let Some(step) = steps.next() {
        let Step::Key(key) = step else {
            return Err("not a key");
        };
        at = at.key(key);
        let value = table
            .entry(key.as_str())
            .or_insert_with(|| Value::Table(Table::new()));
        table = match value {
            Value::Table(table) => table,
            Value::Array(array) => {
                let Some(Step::Key(wanted)) = steps.next() else {
                    return Err("a list: name one of its entries, by its place or its name");
                };
                let item = place_of(array, wanted).ok_or("no such entry")?;
                at = at.item(item);
                if item == array.len() {
                    array.push(Value::Table(Table::new()));
                }
                match array.get_mut(item) {
                    Some(Value::Table(table)) => table,
                    _ => return Err("an entry that has no keys"),
                }
            }
            _ => return Err("a value that has no keys"),
        };
    }
    let value = value_of(text, table.get(last));
    table.insert(last.clone(), value);
    Ok(at.key(last))
}

/// The place of an entry in a list of tables; the one behind the last is a new one.
fn place_of(array: &[Value], wanted: &str) -> Option<usize> {
    if let Ok(place) = wanted.parse::<usize>() {
        return (place <= array.len()).then_some(place);
    }
    array.iter().position(|entry| {
        ["name", "id"]
            .iter()
            .any(|key| entry.get(key).and_then(Value::as_str) == Some(wanted))
    })
}

/// A value from text without TOML's quotes: of the type of what stands there, if it can be.
fn value_of(text: &str, now: Option<&Value>) -> Value {
    let as_toml = || {
        let document = format!("value = {text}");
        let table: Table = document.parse().ok()?;
        table.into_iter().next().map(|(_, value)| value)
    };
    let quoted = text.starts_with(['"', '\'']);
    match now {
        Some(Value::String(_)) if !quoted => Value::String(text.to_owned()),
        Some(Value::Array(_)) if !text.trim_start().starts_with('[') => {
            let items = text.split(',').map(|item| value_of(item.trim(), None));
            Value::Array(items.collect())
        }
        _ => as_toml().unwrap_or_else(|| Value::String(text.to_owned())),
    }
}

/// Where a text says what: the paths of all its keys and entries with their places in the text.
pub(super) struct Places(Vec<(Path, [Range<usize>; 2])>);

impl Places {
    pub(super) fn of(text: &str) -> Result<Self, toml::de::Error> {
        let document = DeTable::parse(text)?;
        let mut places = Self(Vec::new());
        places.add_table(&Path::default(), document.get_ref());
        Ok(places)
    }

    /// Each path with the place where it begins.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Path, usize)> {
        self.0.iter().map(|(path, [key, _])| (path, key.start))
    }

    /// The longest path that has this place in the text.
    pub(super) fn path_at(&self, offset: usize) -> Option<&Path> {
        self.0
            .iter()
            .filter(|(_, spans)| spans.iter().any(|span| span.contains(&offset)))
            .map(|(path, _)| path)
            .max_by_key(|path| path.0.len())
    }

    fn add_table(&mut self, at: &Path, table: &DeTable<'_>) {
        for (key, value) in table {
            let path = at.key(key.get_ref());
            self.0.push((path.clone(), [key.span(), value.span()]));
            self.add_value(&path, value.get_ref());
        }
    }

    fn add_value(&mut self, at: &Path, value: &DeValue<'_>) {
        match value {
            DeValue::Table(table) => self.add_table(at, table),
            DeValue::Array(array) => {
                for (place, value) in array.iter().enumerate() {
                    let path = at.item(place);
                    self.0.push((path.clone(), [value.span(), value.span()]));
                    self.add_value(&path, value.get_ref());
                }
            }
            _ => {}
        }
    }
}
