//! The groups of one chunk.

use std::rc::Rc;

use bytes::Bytes;
use foldhash::fast::RandomState;
use hashbrown::HashMap;

use crate::chunk::Chunk;
use crate::query::{Selection, place};
use crate::segment::SegmentError;
use crate::sql::group::column::{Column, Columns, Ints, Texts};
use crate::sql::group::{Grouping, Partial};

/// A table of so many places is better than a search.
const MOST_PLACES: usize = 1 << 20;

/// The groups of one chunk, column by column.
pub(super) struct Local {
    pub(super) groups: usize,
    /// For each key its value in each group.
    pub(super) keys: Vec<Cells>,
    /// For each partial what is known of each group.
    pub(super) partials: Vec<Cells>,
}

/// What each group has of a key or a partial.
pub(super) enum Cells {
    Counts(Vec<i64>),
    /// Sums of 64 bits' numbers: those of a chunk cannot be beyond 128.
    Sums(Vec<Option<i128>>),
    Ints(Vec<Option<i64>>),
    Texts(Vec<Option<Bytes>>),
}

impl Local {
    /// The groups of those of `rows` that the filter keeps; none without a row.
    pub(super) fn of(
        grouping: &Grouping,
        chunk: &Chunk,
        mut rows: Selection,
    ) -> Result<Option<Self>, SegmentError> {
        let columns = Columns::of(chunk);
        grouping.filter.keep(&columns, &mut rows)?;
        if rows.is_empty() {
            return Ok(None);
        }
        let keys = grouping.keys.iter().map(|key| columns.get(&key.column));
        let keys: Vec<Rc<Column>> = keys.collect::<Result<_, _>>()?;
        let mut groups = Assigned::all(&rows);
        for (key, column) in grouping.keys.iter().zip(&keys) {
            groups.divide(column, key.step);
        }
        let first = Selection::Some(groups.first.clone());
        let values = grouping.keys.iter().zip(&keys);
        let values = values.map(|(key, column)| column.values(&first, key.step));
        let mut partials = Vec::new();
        for partial in &grouping.partials {
            let column = partial.column().map(|column| columns.get(column));
            partials.push(partial.cells(column.transpose()?.as_deref(), &groups));
        }
        Ok(Some(Self {
            groups: groups.first.len(),
            keys: values.collect(),
            partials,
        }))
    }
}

/// Which group each of some rows is in.
struct Assigned<'a> {
    rows: &'a Selection,
    groups: Vec<u32>,
    /// A row of each group.
    first: Vec<u32>,
}

impl<'a> Assigned<'a> {
    /// All rows in one group.
    fn all(rows: &'a Selection) -> Self {
        Self {
            rows,
            groups: vec![0; rows.len()],
            first: rows.get(0).into_iter().collect(),
        }
    }

    /// Divides the groups by the values of a column.
    fn divide(&mut self, column: &Column, step: i64) {
        let mut codes = Vec::with_capacity(self.rows.len());
        let kinds = match column {
            Column::Texts(texts) => {
                texts.codes(self.rows, &mut codes);
                texts.len() + 1
            }
            Column::Ints(ints) => int_codes(ints, self.rows, step, &mut codes),
        };
        let places = self.first.len().saturating_mul(kinds);
        let mut first = Vec::new();
        let mut next = |row: u32| {
            first.push(row);
            u32::try_from(first.len() - 1).unwrap_or(u32::MAX)
        };
        let each = self.groups.iter_mut().zip(&codes).zip(self.rows.iter());
        if places <= MOST_PLACES {
            let mut table = vec![u32::MAX; places];
            for ((group, code), row) in each {
                let at = place(*group) * kinds + place(*code);
                let Some(known) = table.get_mut(at) else {
                    continue;
                };
                if *known == u32::MAX {
                    *known = next(row);
                }
                *group = *known;
            }
        } else {
            let hasher = RandomState::default();
            let mut table = HashMap::with_capacity_and_hasher(self.rows.len() / 4, hasher);
            for ((group, code), row) in each {
                let both = u64::from(*group) << 32 | u64::from(*code);
                *group = *table.entry(both).or_insert_with(|| next(row));
            }
        }
        self.first = first;
    }
}

/// A small number for each distinct integer, 0 for none; gives one beyond the greatest.
fn int_codes(ints: &Ints, rows: &Selection, step: i64, codes: &mut Vec<u32>) -> usize {
    let (values, absent) = ints.parts();
    let value = |row: u32| value_of(values, absent, row, step);
    let (mut least, mut greatest) = (i64::MAX, i64::MIN);
    for value in rows.iter().filter_map(value) {
        (least, greatest) = (least.min(value), greatest.max(value));
    }
    let range = greatest
        .checked_sub(least)
        .and_then(|range| usize::try_from(range).ok());
    if let Some(range) = range.filter(|range| *range < MOST_PLACES - 2) {
        let code = |row: u32| value(row).map_or(0, |value| small(value - least));
        codes.extend(rows.iter().map(code));
        return range + 2;
    }
    let mut table: HashMap<u64, u32, RandomState> = HashMap::default();
    for row in rows.iter() {
        let next = u32::try_from(table.len() + 1).unwrap_or(u32::MAX);
        let code = value(row).map(|value| *table.entry(value.cast_unsigned()).or_insert(next));
        codes.push(code.unwrap_or(0));
    }
    table.len() + 1
}

/// The greatest multiple of `step` that is not above the value of a row.
#[inline]
fn value_of(
    values: &[i64],
    absent: Option<&crate::batch::Mask>,
    row: u32,
    step: i64,
) -> Option<i64> {
    let row = place(row);
    if absent.is_some_and(|absent| absent.contains(row)) {
        return None;
    }
    let value = values.get(row)?;
    Some(match step {
        ..=1 => *value,
        step => value - value.rem_euclid(step),
    })
}

fn small(value: i64) -> u32 {
    u32::try_from(value).unwrap_or(0) + 1
}

impl Column {
    /// The values of some rows.
    fn values(&self, rows: &Selection, step: i64) -> Cells {
        match self {
            Self::Ints(ints) => {
                let (values, absent) = ints.parts();
                let value = |row| value_of(values, absent, row, step);
                Cells::Ints(rows.iter().map(value).collect())
            }
            Self::Texts(texts) => {
                let mut codes = Vec::with_capacity(rows.len());
                texts.codes(rows, &mut codes);
                Cells::Texts(codes.into_iter().map(|code| texts.octets(code)).collect())
            }
        }
    }

    /// Calls `each` with the group of each row that has a value.
    fn each_present(&self, groups: &Assigned<'_>, mut each: impl FnMut(u32)) {
        match self {
            Self::Ints(ints) => ints.each(groups, |group, _| each(group)),
            Self::Texts(texts) => {
                let null = u32::try_from(texts.len()).unwrap_or(u32::MAX);
                texts.each_code(groups, |group, code| {
                    if code != null {
                        each(group);
                    }
                });
            }
        }
    }
}

impl Ints {
    /// Calls `each` with the group and the value of each row that has one.
    #[inline]
    fn each(&self, groups: &Assigned<'_>, mut each: impl FnMut(u32, i64)) {
        let (values, absent) = self.parts();
        if let (Selection::All(_), None) = (groups.rows, absent) {
            let both = groups.groups.iter().zip(values);
            return both.for_each(|(group, value)| each(*group, *value));
        }
        for (group, row) in groups.groups.iter().zip(groups.rows.iter()) {
            if let Some(value) = value_of(values, absent, row, 1) {
                each(*group, value);
            }
        }
    }
}

impl Texts {
    /// Calls `each` with the group and the place of the text of each row.
    fn each_code(&self, groups: &Assigned<'_>, mut each: impl FnMut(u32, u32)) {
        let mut codes = Vec::with_capacity(groups.rows.len());
        self.codes(groups.rows, &mut codes);
        for (group, code) in groups.groups.iter().zip(&codes) {
            each(*group, *code);
        }
    }
}

impl Partial {
    /// What is known of each group.
    fn cells(&self, column: Option<&Column>, groups: &Assigned<'_>) -> Cells {
        let all = groups.first.len();
        let mut counts = vec![0_i64; all];
        let mut counted = |group: u32| {
            if let Some(count) = counts.get_mut(place(group)) {
                *count += 1;
            }
        };
        match (self, column) {
            (Self::Count(_), Some(column)) => column.each_present(groups, counted),
            (Self::Sum(_) | Self::Total(_), Some(Column::Ints(ints))) => {
                return Cells::Sums(sums(ints, groups));
            }
            (Self::Min(_), Some(Column::Ints(ints))) => {
                return Cells::Ints(best(ints, groups, |new, old| new < old));
            }
            (Self::Max(_), Some(Column::Ints(ints))) => {
                return Cells::Ints(best(ints, groups, |new, old| new > old));
            }
            (Self::Min(_), Some(Column::Texts(texts))) => {
                return Cells::Texts(best_text(texts, groups, |new, old| new < old));
            }
            (Self::Max(_), Some(Column::Texts(texts))) => {
                return Cells::Texts(best_text(texts, groups, |new, old| new > old));
            }
            // Every other has a column of integers.
            _ => groups.groups.iter().for_each(|group| counted(*group)),
        }
        Cells::Counts(counts)
    }
}

fn sums(ints: &Ints, groups: &Assigned<'_>) -> Vec<Option<i128>> {
    let mut sums = vec![(0_i128, false); groups.first.len()];
    ints.each(groups, |group, value| {
        if let Some((sum, any)) = sums.get_mut(place(group)) {
            *sum = sum.wrapping_add(i128::from(value));
            *any = true;
        }
    });
    let known = |(sum, any): (i128, bool)| any.then_some(sum);
    sums.into_iter().map(known).collect()
}

fn best(ints: &Ints, groups: &Assigned<'_>, better: fn(i64, i64) -> bool) -> Vec<Option<i64>> {
    let mut best = vec![None; groups.first.len()];
    ints.each(groups, |group, new| {
        if let Some(best) = best.get_mut(place(group))
            && best.is_none_or(|old| better(new, old))
        {
            *best = Some(new);
        }
    });
    best
}

/// Texts are compared as SQL sees them, each with each other once.
fn best_text(
    texts: &Texts,
    groups: &Assigned<'_>,
    better: fn(usize, usize) -> bool,
) -> Vec<Option<Bytes>> {
    let shown = texts.each(|text| text.map(ToOwned::to_owned));
    let mut order: Vec<usize> = (0..texts.len()).collect();
    order.sort_by(|a, b| shown.get(*a).cmp(&shown.get(*b)));
    let mut ranks = vec![None; shown.len()];
    for (rank, at) in order.iter().enumerate() {
        if let Some(known) = ranks.get_mut(*at) {
            *known = Some(rank);
        }
    }
    let mut best: Vec<Option<usize>> = vec![None; groups.first.len()];
    texts.each_code(groups, |group, code| {
        let rank = ranks.get(place(code)).copied().flatten();
        if let (Some(best), Some(rank)) = (best.get_mut(place(group)), rank)
            && best.is_none_or(|old| better(rank, old))
        {
            *best = Some(rank);
        }
    });
    let octets = |rank: Option<usize>| {
        let at = order.get(rank?)?;
        texts.octets(u32::try_from(*at).ok()?)
    };
    best.into_iter().map(octets).collect()
}
