//! The partial groups of a scan.

mod mix;
mod store;

use std::sync::Arc;

use hashbrown::HashMap;

use super::column::{Column, Ints};
use super::{Grouping, Known, Partial};
use crate::chunk::Chunk;
use crate::query::{Hits, Scan, place};
use crate::segment::SegmentError;
use mix::Mix;
use store::Store;

/// A table of so many places is better than a search.
const MOST_PLACES: usize = 1 << 20;

/// The groups of a scan, handed out some at a time.
pub(in crate::sql) struct Groups {
    grouping: Arc<Grouping>,
    store: Store,
}

/// Why there are no groups.
#[derive(Debug)]
pub(in crate::sql) enum NoGroups {
    /// The scan has ended before its end.
    TooLate,
    /// A sum is beyond 64 bits.
    Overflow,
}

/// A row of the table: the keys, and behind them the partials.
pub(in crate::sql) type Row = Box<[Known]>;

impl Groups {
    pub(in crate::sql) fn new(grouping: Arc<Grouping>) -> Self {
        Self {
            grouping,
            store: Store::default(),
        }
    }

    /// The next groups; none when the scan is over.
    pub(in crate::sql) fn next(&mut self, scan: &mut Scan) -> Result<Vec<Row>, NoGroups> {
        while let Some(hits) = scan.next_hits() {
            match self.add(&hits) {
                Ok(added) => added?,
                Err(error) => scan.give_up(hits.segment, error),
            }
            if self.store.is_full() {
                return Ok(self.store.take());
            }
        }
        if scan.too_late {
            return Err(NoGroups::TooLate);
        }
        Ok(self.store.take())
    }

    /// Nothing of a chunk is added when one of its columns cannot be read.
    fn add(&mut self, hits: &Hits) -> Result<Result<(), NoGroups>, SegmentError> {
        let mut rows = hits.rows.clone();
        self.grouping.filter.keep(&hits.chunk, &mut rows)?;
        if rows.is_empty() {
            return Ok(Ok(()));
        }
        let local = Local::of(&self.grouping, &hits.chunk, &rows)?;
        Ok(local
            .map(|local| self.store.add(&self.grouping, local))
            .and_then(|added| added))
    }
}

/// The groups of one chunk.
struct Local {
    rows: Vec<Row>,
}

impl Local {
    fn of(
        grouping: &Grouping,
        chunk: &Chunk,
        rows: &[u32],
    ) -> Result<Result<Self, NoGroups>, SegmentError> {
        let keys = grouping
            .keys
            .iter()
            .map(|key| Column::read(chunk, &key.column));
        let keys: Vec<Column> = keys.collect::<Result<_, _>>()?;
        let mut groups = Assigned::all(rows);
        for (key, column) in grouping.keys.iter().zip(&keys) {
            groups.divide(column, key.step);
        }
        let mut all: Vec<Vec<Known>> = vec![Vec::with_capacity(keys.len() + 4); groups.first.len()];
        for (key, column) in grouping.keys.iter().zip(&keys) {
            column.values(&groups.first, key.step, &mut all);
        }
        for partial in &grouping.partials {
            let column = partial.column().map(|column| Column::read(chunk, column));
            let column = column.transpose()?;
            let Some(values) = partial.values(column.as_ref(), &groups) else {
                return Ok(Err(NoGroups::Overflow));
            };
            all.iter_mut()
                .zip(values)
                .for_each(|(row, value)| row.push(value));
        }
        let rows = all.into_iter().map(Vec::into_boxed_slice).collect();
        Ok(Ok(Self { rows }))
    }
}

/// Which group each of some rows is in.
struct Assigned<'a> {
    rows: &'a [u32],
    groups: Vec<u32>,
    /// A row of each group.
    first: Vec<u32>,
}

impl<'a> Assigned<'a> {
    /// All rows in one group.
    fn all(rows: &'a [u32]) -> Self {
        Self {
            rows,
            groups: vec![0; rows.len()],
            first: rows.first().copied().into_iter().collect(),
        }
    }

    /// Divides the groups by the values of a column.
    fn divide(&mut self, column: &Column, step: i64) {
        let mut codes = Vec::with_capacity(self.rows.len());
        let kinds = match column {
            Column::Texts { entries, .. } => {
                column.codes(self.rows, &mut codes);
                entries.len()
            }
            Column::Ints(ints) => int_codes(ints, self.rows, step, &mut codes),
        };
        let places = self.first.len().saturating_mul(kinds);
        let mut first = Vec::new();
        let mut next = |row: u32| {
            first.push(row);
            u32::try_from(first.len() - 1).unwrap_or(u32::MAX)
        };
        let each = self.groups.iter_mut().zip(&codes).zip(self.rows);
        if places <= MOST_PLACES {
            let mut table = vec![u32::MAX; places];
            for ((group, code), row) in each {
                let at = place(*group) * kinds + place(*code);
                let Some(known) = table.get_mut(at) else {
                    continue;
                };
                if *known == u32::MAX {
                    *known = next(*row);
                }
                *group = *known;
            }
        } else {
            let mut table = HashMap::with_capacity_and_hasher(self.rows.len() / 4, Mix::new());
            for ((group, code), row) in each {
                let both = u64::from(*group) << 32 | u64::from(*code);
                *group = *table.entry(both).or_insert_with(|| next(*row));
            }
        }
        self.first = first;
    }
}

/// A small number for each distinct integer, 0 for none; gives one beyond the greatest.
fn int_codes(ints: &Ints, rows: &[u32], step: i64, codes: &mut Vec<u32>) -> usize {
    let value = |row: &u32| ints.multiple(*row, step);
    let (mut least, mut greatest) = (i64::MAX, i64::MIN);
    for value in rows.iter().filter_map(value) {
        (least, greatest) = (least.min(value), greatest.max(value));
    }
    let range = greatest
        .checked_sub(least)
        .and_then(|range| usize::try_from(range).ok());
    if let Some(range) = range.filter(|range| *range < MOST_PLACES - 2) {
        let code = |row: &u32| value(row).map_or(0, |value| small(value - least));
        codes.extend(rows.iter().map(code));
        return range + 2;
    }
    let mut table: HashMap<u64, u32, Mix> = HashMap::with_hasher(Mix::new());
    for row in rows {
        let next = u32::try_from(table.len() + 1).unwrap_or(u32::MAX);
        let code = value(row).map(|value| *table.entry(value.cast_unsigned()).or_insert(next));
        codes.push(code.unwrap_or(0));
    }
    table.len() + 1
}

fn small(value: i64) -> u32 {
    u32::try_from(value).unwrap_or(0) + 1
}

impl Column {
    /// The values of some rows, each put behind what it has.
    fn values(&self, rows: &[u32], step: i64, to: &mut [Vec<Known>]) {
        match self {
            Self::Ints(ints) => {
                for (row, to) in rows.iter().zip(to) {
                    let value = ints.multiple(*row, step);
                    to.push(value.map_or(Known::Null, Known::Int));
                }
            }
            Self::Texts { entries, .. } => {
                let mut codes = Vec::with_capacity(rows.len());
                self.codes(rows, &mut codes);
                for (code, to) in codes.iter().zip(to) {
                    let text = entries.get(place(*code)).cloned().flatten();
                    to.push(text.map_or(Known::Null, Known::Text));
                }
            }
        }
    }

    /// Calls `each` with the group and the value of each row that has one.
    fn each_int(&self, groups: &Assigned<'_>, mut each: impl FnMut(usize, i64)) {
        let Self::Ints(ints) = self else { return };
        let (values, absent) = ints.parts();
        for (group, row) in groups.groups.iter().zip(groups.rows) {
            let row = place(*row);
            if absent.is_some_and(|absent| absent.contains(row)) {
                continue;
            }
            if let Some(value) = values.get(row) {
                each(place(*group), *value);
            }
        }
    }

    /// Calls `each` with the group and the text of each row that has one.
    fn each_text(&self, groups: &Assigned<'_>, mut each: impl FnMut(usize, &Arc<str>)) {
        let Self::Texts { entries, .. } = self else {
            return;
        };
        let mut codes = Vec::with_capacity(groups.rows.len());
        self.codes(groups.rows, &mut codes);
        for (group, code) in groups.groups.iter().zip(&codes) {
            if let Some(Some(text)) = entries.get(place(*code)) {
                each(place(*group), text);
            }
        }
    }
}

impl Partial {
    /// What is known of each group; `None` when a sum is beyond 64 bits.
    fn values(&self, column: Option<&Column>, groups: &Assigned<'_>) -> Option<Vec<Known>> {
        let count = groups.first.len();
        match (self, column) {
            (Self::Rows, _) => {
                let mut counts = vec![0_i64; count];
                for group in &groups.groups {
                    if let Some(count) = counts.get_mut(place(*group)) {
                        *count += 1;
                    }
                }
                Some(counts.into_iter().map(Known::Int).collect())
            }
            (Self::Count(_), Some(column)) => {
                let mut counts = vec![0_i64; count];
                let mut add = |group: usize| {
                    if let Some(count) = counts.get_mut(group) {
                        *count += 1;
                    }
                };
                column.each_int(groups, |group, _| add(group));
                column.each_text(groups, |group, _| add(group));
                Some(counts.into_iter().map(Known::Int).collect())
            }
            (Self::Sum(_), Some(column)) => sums(column, groups),
            (Self::Min(_), Some(column)) => Some(extremes(column, groups, |new, old| new < old)),
            (Self::Max(_), Some(column)) => Some(extremes(column, groups, |new, old| new > old)),
            (_, None) => Some(vec![Known::Null; count]),
        }
    }

    /// What is known of two groups together; `None` when a sum is beyond 64 bits.
    fn merged(&self, a: &Known, b: &Known) -> Option<Known> {
        Some(match (self, a, b) {
            (_, Known::Null, known) | (_, known, Known::Null) => known.clone(),
            (Self::Min(_), a, b) => a.min(b).clone(),
            (Self::Max(_), a, b) => a.max(b).clone(),
            (_, Known::Int(a), Known::Int(b)) => Known::Int(a.checked_add(*b)?),
            (_, a, _) => a.clone(),
        })
    }
}

/// The sums of columns without an integer are NULL.
fn sums(column: &Column, groups: &Assigned<'_>) -> Option<Vec<Known>> {
    let mut sums = vec![(0_i64, false); groups.first.len()];
    let mut overflow = false;
    column.each_int(groups, |group, value| {
        if let Some((sum, any)) = sums.get_mut(group) {
            let (new, beyond) = sum.overflowing_add(value);
            (*sum, *any) = (new, true);
            overflow |= beyond;
        }
    });
    let known = |(sum, any)| if any { Known::Int(sum) } else { Known::Null };
    (!overflow).then(|| sums.into_iter().map(known).collect())
}

fn extremes(
    column: &Column,
    groups: &Assigned<'_>,
    better: fn(&Known, &Known) -> bool,
) -> Vec<Known> {
    let mut best = vec![Known::Null; groups.first.len()];
    let mut offer = |group: usize, new: Known| {
        if let Some(best) = best.get_mut(group)
            && (*best == Known::Null || better(&new, best))
        {
            *best = new;
        }
    };
    column.each_int(groups, |group, value| offer(group, Known::Int(value)));
    column.each_text(groups, |group, text| {
        offer(group, Known::Text(Arc::clone(text)));
    });
    best
}
