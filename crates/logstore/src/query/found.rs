//! A search over one chunk, condition by condition and column by column.

use std::rc::Rc;
use std::sync::Arc;

use flowlog_sls::query::{Chance, Condition, Pushdown, Search, Value};

use super::{Selection, place};
use crate::batch::Cell;
use crate::chunk::{Chunk, Field, Lane, Part};
use crate::segment::SegmentError;

/// What is known of a chunk after all conditions that matter were looked at.
pub(super) struct Found<'a> {
    search: &'a Search,
    /// By condition: the rows that fulfil it, as far as it was looked at.
    conditions: Vec<Rows>,
    all: bool,
    rows: usize,
}

enum Rows {
    Unknown,
    None,
    All,
    /// A bit for each row, 64 to a word.
    Some(Vec<u64>),
}

impl Rows {
    fn of(bits: Vec<u64>, rows: usize) -> Self {
        let ones: u64 = bits.iter().map(|word| u64::from(word.count_ones())).sum();
        match usize::try_from(ones) {
            Ok(0) => Self::None,
            Ok(ones) if ones == rows => Self::All,
            _ => Self::Some(bits),
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
        let mut conditions: Vec<Rows> = Vec::new();
        conditions.resize_with(search.conditions().len(), || Rows::Unknown);
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
                rows: chunk.rows(),
            })),
        }
    }

    /// The rows that are found.
    pub(super) fn selection(&self) -> Selection {
        if self.all {
            return Selection::all(self.rows);
        }
        let word = |at: usize| {
            self.search
                .combine_bits(|place| match self.conditions.get(place) {
                    Some(Rows::All) => u64::MAX,
                    Some(Rows::Some(bits)) => bits.get(at).copied().unwrap_or(0),
                    _ => 0,
                })
        };
        let mut bits: Vec<u64> = (0..self.rows.div_ceil(64)).map(word).collect();
        if let Some(last) = bits.last_mut() {
            *last &= beyond(self.rows);
        }
        Selection::of(&bits, self.rows)
    }
}

/// The bits of the last word that are rows.
const fn beyond(rows: usize) -> u64 {
    match rows % 64 {
        0 => u64::MAX,
        some => (1 << some) - 1,
    }
}

/// The rows that fulfil a condition.
fn evaluate(condition: &Condition, chunk: &Chunk) -> Result<Rows, SegmentError> {
    let rows = chunk.rows();
    if let Some(key) = condition.key() {
        let lane = chunk.lane(&Field::named(key))?;
        return Ok(Rows::of(accepted(condition, key, &lane, rows), rows));
    }
    let mut all = vec![0_u64; rows.div_ceil(64)];
    for (name, field) in fields(chunk)? {
        if !condition.covers(&name) {
            continue;
        }
        let lane: Rc<Lane> = chunk.lane(&field)?;
        let accepted = accepted(condition, &name, &lane, rows);
        all.iter_mut()
            .zip(accepted)
            .for_each(|(all, accepted)| *all |= accepted);
    }
    Ok(Rows::of(all, rows))
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

/// For each row a bit, whether its value is accepted; each distinct value is looked at once where
/// the column says which are the same.
fn accepted(condition: &Condition, key: &str, lane: &Lane, rows: usize) -> Vec<u64> {
    if let Some((entries, index)) = lane.indexed()
        && entries.len() <= rows
    {
        let entries: Vec<bool> = entries
            .iter()
            .map(|entry| condition.accepts(key, Value::Text(entry)))
            .collect();
        if !entries.contains(&true) {
            return vec![0; rows.div_ceil(64)];
        }
        return bits(index, |at| {
            entries.get(place(*at)).copied().unwrap_or(false)
        });
    }
    if let (Lane::Ints { values, no_key }, Some(Pushdown::Integers(low, high))) =
        (lane, condition.pushdown())
    {
        let mut bits = bits(values, |value| low <= *value && *value <= high);
        no_key.clear_from(&mut bits);
        return bits;
    }
    if let Lane::Same(_) | Lane::Nothing = lane {
        let accepts = accepts(condition, key, lane.cell(0), &mut Vec::new());
        let word = if accepts { u64::MAX } else { 0 };
        let mut bits = vec![word; rows.div_ceil(64)];
        if let Some(last) = bits.last_mut() {
            *last &= beyond(rows);
        }
        return bits;
    }
    let mut scratch = Vec::new();
    let all: Vec<bool> = (0..rows)
        .map(|row| accepts(condition, key, lane.cell(row), &mut scratch))
        .collect();
    bits(&all, |accepted| *accepted)
}

/// A bit for each value.
fn bits<T>(values: &[T], is: impl Fn(&T) -> bool) -> Vec<u64> {
    let word = |values: &[T]| {
        values
            .iter()
            .enumerate()
            .fold(0, |word, (at, value)| word | u64::from(is(value)) << at)
    };
    values.chunks(64).map(word).collect()
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
