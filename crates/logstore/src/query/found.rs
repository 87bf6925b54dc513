//! A search over one chunk, condition by condition and column by column.

use std::rc::Rc;
use std::sync::Arc;

use flowlog_sls::query::{Chance, Condition, Pushdown, Search, Value};

use crate::batch::Cell;
use crate::chunk::{Chunk, Field, Lane, Part};
use crate::segment::SegmentError;

/// What is known of a chunk after all conditions that matter were looked at.
pub(super) struct Found<'a> {
    search: &'a Search,
    /// By condition: the rows that fulfil it, as far as it was looked at.
    conditions: Vec<Rows>,
    all: bool,
}

#[derive(Clone)]
enum Rows {
    Unknown,
    None,
    All,
    Some(Vec<bool>),
}

impl Rows {
    fn of(rows: Vec<bool>) -> Self {
        match (rows.contains(&true), rows.contains(&false)) {
            (false, _) => Self::None,
            (true, false) => Self::All,
            (true, true) => Self::Some(rows),
        }
    }

    const fn chance(&self) -> Chance {
        match self {
            Self::None => Chance::Never,
            Self::All => Chance::Always,
            Self::Unknown | Self::Some(_) => Chance::Maybe,
        }
    }
}

/// Whether a search may find a row in a chunk, by what is known without reading it.
pub(super) fn possible(search: &Search, chunk: &Chunk) -> bool {
    let Part::RowGroup(reader, row_group) = chunk.part() else {
        return true;
    };
    let chance = search.chance(|place| {
        let Some(condition) = search.conditions().get(place) else {
            return Chance::Maybe;
        };
        let (Some(key), Some(pushdown)) = (condition.key(), condition.pushdown()) else {
            return Chance::Maybe;
        };
        let column = match Field::named(key) {
            Field::Time => "__time__",
            Field::Topic => "__topic__",
            Field::Source => "__source__",
            // A row may have the key in the rest, beside a column of this name.
            Field::Key(_) if reader.has_rest(*row_group) => return Chance::Maybe,
            Field::Key(_) if reader.has(key) => key,
            Field::Key(_) => return Chance::Never,
            _ => return Chance::Maybe,
        };
        let impossible = match pushdown {
            Pushdown::Nothing => true,
            Pushdown::Integers(low, high) => reader
                .bounds(*row_group, column)
                .is_some_and(|(least, greatest)| greatest < low || least > high),
            Pushdown::Equals(text) if reader.is_int(column) => {
                let value = crate::batch::canonical_decimal(text);
                let bounds = reader.bounds(*row_group, column);
                value.is_none_or(|value| {
                    bounds.is_some_and(|(least, greatest)| !(least..=greatest).contains(&value))
                })
            }
            Pushdown::Equals(text) => !reader.may_hold(*row_group, column, text),
            Pushdown::Present | Pushdown::Prefix(_) => false,
        };
        if impossible {
            Chance::Never
        } else {
            Chance::Maybe
        }
    });
    chance != Chance::Never
}

impl<'a> Found<'a> {
    /// Looks at as many conditions as are needed; `None` when nothing is found.
    pub(super) fn new(search: &'a Search, chunk: &Chunk) -> Result<Option<Self>, SegmentError> {
        let mut conditions = vec![Rows::Unknown; search.conditions().len()];
        let mut failed = None;
        let chance = search.chance(|place| {
            let (Some(condition), Some(rows)) =
                (search.conditions().get(place), conditions.get_mut(place))
            else {
                return Chance::Maybe;
            };
            match evaluate(condition, chunk) {
                Ok(found) => *rows = found,
                Err(error) => failed = Some(error),
            }
            rows.chance()
        });
        match failed {
            Some(error) => Err(error),
            None if chance == Chance::Never => Ok(None),
            None => Ok(Some(Self {
                search,
                conditions,
                all: chance == Chance::Always,
            })),
        }
    }

    /// Whether every row of the chunk is found.
    pub(super) fn all(&self) -> bool {
        self.all
    }

    /// Whether a row is found.
    pub(super) fn has(&self, row: usize) -> bool {
        self.search
            .combine(|place| match self.conditions.get(place) {
                Some(Rows::All) => true,
                Some(Rows::Some(rows)) => rows.get(row).is_some_and(|found| *found),
                _ => false,
            })
    }
}

/// The rows that fulfil a condition.
fn evaluate(condition: &Condition, chunk: &Chunk) -> Result<Rows, SegmentError> {
    if let Some(key) = condition.key() {
        let lane = chunk.lane(&Field::named(key))?;
        return Ok(Rows::of(accepted(condition, key, &lane, chunk.rows())));
    }
    let mut rows = vec![false; chunk.rows()];
    for (name, field) in fields(chunk)? {
        if !condition.covers(&name) {
            continue;
        }
        let lane: Rc<Lane> = chunk.lane(&field)?;
        let accepted = accepted(condition, &name, &lane, chunk.rows());
        rows.iter_mut()
            .zip(accepted)
            .for_each(|(row, accepted)| *row |= accepted);
        if !rows.contains(&false) {
            break;
        }
    }
    Ok(Rows::of(rows))
}

/// Every field that a row of the chunk may have.
fn fields(chunk: &Chunk) -> Result<Vec<(Arc<str>, Field)>, SegmentError> {
    let mut fields: Vec<(Arc<str>, Field)> = chunk
        .keys()?
        .into_iter()
        .map(|key| (Arc::clone(&key), Field::Key(key)))
        .collect();
    fields.push(("__topic__".into(), Field::Topic));
    fields.push(("__source__".into(), Field::Source));
    for tag in chunk.tag_names()? {
        fields.push((format!("__tag__:{tag}").into(), Field::Tag(tag)));
    }
    Ok(fields)
}

/// For each row whether its value is accepted; each distinct value is looked at once where the
/// column says which are the same.
fn accepted(condition: &Condition, key: &str, lane: &Lane, rows: usize) -> Vec<bool> {
    if let Some((entries, index)) = lane.indexed()
        && entries.len() <= rows
    {
        let entries: Vec<bool> = entries
            .iter()
            .map(|entry| condition.accepts(key, Value::Text(entry)))
            .collect();
        if !entries.contains(&true) {
            return vec![false; rows];
        }
        let entry = |at: &u32| {
            usize::try_from(*at)
                .ok()
                .and_then(|at| entries.get(at).copied())
        };
        return index.iter().map(|at| entry(at).unwrap_or(false)).collect();
    }
    if let Lane::Same(_) | Lane::Nothing = lane {
        return vec![accepts(condition, key, lane.cell(0), &mut Vec::new()); rows];
    }
    let mut scratch = Vec::new();
    (0..rows)
        .map(|row| accepts(condition, key, lane.cell(row), &mut scratch))
        .collect()
}

fn accepts(condition: &Condition, key: &str, cell: Cell<'_>, scratch: &mut Vec<u8>) -> bool {
    match cell {
        Cell::Int(value) => condition.accepts(key, Value::Integer(value)),
        cell => match cell.text(scratch) {
            Some(text) => condition.accepts(key, Value::Text(text)),
            None => false,
        },
    }
}
