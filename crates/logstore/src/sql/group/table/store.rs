//! The groups of all chunks so far, until they are handed out.
//!
//! A text of a key is kept once and has a number; groups are found by the numbers of their keys.

use std::hash::BuildHasher as _;
use std::sync::Arc;

use bytes::Bytes;
use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::NoGroups;
use super::local::{Cells, Local};
use crate::query::place;
use crate::sql::functions::Share;
use crate::sql::group::{Grouping, Partial};
use crate::sql::{ColumnKind, shown};

/// Groups that are kept before they are handed out.
#[cfg(not(test))]
const MOST_GROUPS: usize = 1 << 18;
#[cfg(test)]
const MOST_GROUPS: usize = 40;
/// Octets that they may take, about.
const MOST_OCTETS: usize = 64 << 20;
/// What a value takes beside its text: its number, its place in a table, and what grows ahead.
const CELL: usize = 48;

/// Groups of all chunks so far.
pub(super) struct Store {
    grouping: Arc<Grouping>,
    /// The place of each combination of keys. Looked up, never gone through: its order does not
    /// matter.
    places: HashTable<u32>,
    hasher: RandomState,
    made: Made,
    share: Share,
    octets: usize,
    /// There is no more memory for them.
    is_full: bool,
}

/// Groups, column by column.
#[derive(Default)]
pub(in crate::sql) struct Made {
    groups: usize,
    /// The numbers of the keys of each group, then a word that tells which of them are NULL.
    words: Vec<u64>,
    width: usize,
    /// For each key its texts; none for one of integers.
    texts: Vec<Option<Interned>>,
    partials: Vec<Known>,
}

/// A value of a group.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::sql) enum Shown<'a> {
    Null,
    Int(i64),
    Real(f64),
    Text(&'a str),
}

/// Texts that have numbers.
#[derive(Default)]
struct Interned {
    /// Octets of a text that SQL sees.
    most: usize,
    texts: Vec<Arc<str>>,
    /// Looked up, never gone through: its order does not matter.
    places: HashTable<u32>,
    hasher: RandomState,
}

/// What is known of each group of one partial.
enum Known {
    Counts(Vec<i64>),
    /// Whether it has to fit 64 bits.
    Sums(Vec<Option<i128>>, bool),
    Ints(Vec<Option<i64>>),
    Texts(Vec<Option<Arc<str>>>),
}

impl Store {
    pub(super) fn new(grouping: &Arc<Grouping>, share: Share) -> Self {
        Self {
            places: HashTable::new(),
            hasher: RandomState::default(),
            made: Made::of(grouping),
            share,
            octets: 0,
            is_full: false,
            grouping: Arc::clone(grouping),
        }
    }

    /// Adds the groups of a chunk.
    pub(super) fn add(&mut self, local: &Local) {
        let before = self.octets;
        let mut words = vec![0; self.made.width];
        let mut places = Vec::with_capacity(local.groups);
        for group in 0..local.groups {
            self.octets += self.made.number(local, group, &mut words);
            places.push(self.place(&words));
        }
        let partials = self.made.partials.iter_mut().zip(&local.partials);
        for ((known, new), partial) in partials.zip(&self.grouping.partials) {
            self.octets += known.merge(new, &places, partial);
        }
        // Without more memory what there is goes out; SQLite puts together what comes twice.
        self.is_full |= self.share.take(self.octets - before).is_err();
    }

    /// The place of a combination of keys, which gets one if it has none.
    fn place(&mut self, words: &[u64]) -> usize {
        let Self {
            places,
            hasher,
            made,
            ..
        } = self;
        let hash = hasher.hash_one(words);
        let equal = |at: &u32| made.key(place(*at)) == words;
        if let Some(known) = places.find(hash, equal) {
            return place(*known);
        }
        let at = made.groups;
        made.groups += 1;
        made.words.extend_from_slice(words);
        self.octets += CELL + 16 * words.len();
        let rehash = |at: &u32| hasher.hash_one(made.key(place(*at)));
        places.insert_unique(hash, u32::try_from(at).unwrap_or(u32::MAX), rehash);
        at
    }

    pub(super) fn is_full(&self) -> bool {
        self.is_full || self.made.groups >= MOST_GROUPS || self.octets >= MOST_OCTETS
    }

    /// Hands out what there is.
    pub(super) fn take(&mut self) -> Result<Made, NoGroups> {
        self.places = HashTable::new();
        self.share.give(self.octets);
        (self.octets, self.is_full) = (0, false);
        let made = std::mem::replace(&mut self.made, Made::of(&self.grouping));
        if made.partials.iter().all(Known::fits) {
            Ok(made)
        } else {
            Err(NoGroups::Overflow)
        }
    }
}

impl Made {
    fn of(grouping: &Grouping) -> Self {
        let texts = grouping.keys.iter().map(|key| match key.column.kind {
            ColumnKind::Text(most) => Some(Interned {
                most,
                ..Interned::default()
            }),
            ColumnKind::Long | ColumnKind::Double => None,
        });
        Self {
            width: grouping.keys.len() + 1,
            texts: texts.collect(),
            partials: grouping.partials.iter().map(Known::of).collect(),
            ..Self::default()
        }
    }

    pub(in crate::sql) const fn len(&self) -> usize {
        self.groups
    }

    fn key(&self, group: usize) -> &[u64] {
        let from = group * self.width;
        self.words.get(from..from + self.width).unwrap_or_default()
    }

    /// Puts the numbers of a group's keys into `words`; gives the octets that new texts take.
    fn number(&mut self, local: &Local, group: usize, words: &mut [u64]) -> usize {
        let mut octets = 0;
        let mut nulls = 0;
        let keys = local.keys.iter().zip(&mut self.texts);
        for (at, (word, (cells, texts))) in words.iter_mut().zip(keys).enumerate() {
            let number = match (cells, texts) {
                (Cells::Ints(values), _) => {
                    let value = values.get(group).copied().flatten();
                    value.map(i64::cast_unsigned)
                }
                (Cells::Texts(values), Some(texts)) => {
                    let value = values.get(group).and_then(Option::as_ref);
                    value.map(|value| u64::from(texts.number(value, &mut octets)))
                }
                _ => None,
            };
            *word = number.unwrap_or(0);
            nulls |= u64::from(number.is_none()) << at.min(63);
        }
        if let Some(last) = words.last_mut() {
            *last = nulls;
        }
        octets
    }

    /// The value of a group in a column: the keys, and behind them the partials.
    pub(in crate::sql) fn value(&self, group: usize, column: usize) -> Shown<'_> {
        let Some(texts) = self.texts.get(column) else {
            let partial = self.partials.get(column - self.texts.len());
            return partial.map_or(Shown::Null, |known| known.value(group));
        };
        let key = self.key(group);
        let nulls = key.last().copied().unwrap_or(u64::MAX);
        let Some(number) = key.get(column).filter(|_| nulls >> column.min(63) & 1 == 0) else {
            return Shown::Null;
        };
        match texts {
            None => Shown::Int(number.cast_signed()),
            Some(texts) => texts.text(*number),
        }
    }
}

impl Interned {
    /// The number of a text, which gets one if it has none.
    fn number(&mut self, octets: &Bytes, taken: &mut usize) -> u32 {
        let text = shown(octets, self.most);
        let hash = self.hasher.hash_one(&*text);
        let Self {
            texts,
            places,
            hasher,
            ..
        } = self;
        let known = places.find(hash, |at| {
            texts.get(place(*at)).is_some_and(|known| **known == *text)
        });
        if let Some(known) = known {
            return *known;
        }
        let number = u32::try_from(texts.len()).unwrap_or(u32::MAX);
        *taken += CELL + text.len();
        texts.push(Arc::from(&*text));
        let rehash = |at: &u32| {
            let text = texts.get(place(*at)).map(|text| &**text);
            hasher.hash_one(text.unwrap_or_default())
        };
        places.insert_unique(hash, number, rehash);
        number
    }

    fn text(&self, number: u64) -> Shown<'_> {
        let at = usize::try_from(number).ok();
        let text = at.and_then(|at| self.texts.get(at));
        text.map_or(Shown::Null, |text| Shown::Text(text))
    }
}

impl Known {
    fn of(partial: &Partial) -> Self {
        match partial {
            Partial::Rows | Partial::Count(_) => Self::Counts(Vec::new()),
            Partial::Sum(_) => Self::Sums(Vec::new(), true),
            Partial::Total(_) => Self::Sums(Vec::new(), false),
            Partial::Min(column) | Partial::Max(column) => match column.kind {
                ColumnKind::Text(_) => Self::Texts(Vec::new()),
                ColumnKind::Long | ColumnKind::Double => Self::Ints(Vec::new()),
            },
        }
    }

    /// Adds what is known of a chunk's groups, of which `places` tells which they are; gives the
    /// octets that it takes.
    fn merge(&mut self, new: &Cells, places: &[usize], partial: &Partial) -> usize {
        let is_max = matches!(partial, Partial::Max(_));
        let groups = places.iter().max().map_or(0, |last| last + 1);
        let before = self.len();
        match (&mut *self, new) {
            (Self::Counts(known), Cells::Counts(new)) => {
                merge(known, new, (places, groups), |old, new| *old += new);
            }
            (Self::Sums(known, _), Cells::Sums(new)) => {
                merge(known, new, (places, groups), |old, new| {
                    if let Some(new) = new {
                        *old = Some(old.unwrap_or(0).saturating_add(*new));
                    }
                });
            }
            (Self::Ints(known), Cells::Ints(new)) => {
                merge(known, new, (places, groups), |old, new| {
                    if let Some(new) = new
                        && old.is_none_or(|old| (*new > old) == is_max && *new != old)
                    {
                        *old = Some(*new);
                    }
                });
            }
            (Self::Texts(known), Cells::Texts(new)) => {
                let (Partial::Min(column) | Partial::Max(column)) = partial else {
                    return 0;
                };
                let most = match column.kind {
                    ColumnKind::Text(most) => most,
                    ColumnKind::Long | ColumnKind::Double => usize::MAX,
                };
                merge(known, new, (places, groups), |old, new| {
                    let Some(new) = new.as_ref().map(|new| shown(new, most)) else {
                        return;
                    };
                    let is_better = |old: &Arc<str>| (*new > **old) == is_max && *new != **old;
                    if old.as_ref().is_none_or(is_better) {
                        *old = Some(Arc::from(&*new));
                    }
                });
            }
            _ => {}
        }
        CELL * (self.len() - before)
    }

    fn len(&self) -> usize {
        match self {
            Self::Counts(known) => known.len(),
            Self::Sums(known, _) => known.len(),
            Self::Ints(known) => known.len(),
            Self::Texts(known) => known.len(),
        }
    }

    /// Whether sums that have to fit 64 bits do.
    fn fits(&self) -> bool {
        let fits = |sum: &i128| i64::try_from(*sum).is_ok();
        match self {
            Self::Sums(sums, true) => sums.iter().flatten().all(fits),
            _ => true,
        }
    }

    fn value(&self, group: usize) -> Shown<'_> {
        match self {
            Self::Counts(known) => known.get(group).map_or(Shown::Null, |n| Shown::Int(*n)),
            Self::Ints(known) => known
                .get(group)
                .copied()
                .flatten()
                .map_or(Shown::Null, Shown::Int),
            Self::Sums(known, _) => match known.get(group).copied().flatten() {
                None => Shown::Null,
                Some(sum) => i64::try_from(sum).map_or_else(|_| Shown::Real(real(sum)), Shown::Int),
            },
            Self::Texts(known) => match known.get(group).and_then(Option::as_ref) {
                None => Shown::Null,
                Some(text) => Shown::Text(text),
            },
        }
    }
}

fn merge<K: Default + Clone, N>(
    known: &mut Vec<K>,
    new: &[N],
    (places, groups): (&[usize], usize),
    mut both: impl FnMut(&mut K, &N),
) {
    if known.len() < groups {
        known.resize(groups, K::default());
    }
    for (at, new) in places.iter().zip(new) {
        if let Some(old) = known.get_mut(*at) {
            both(old, new);
        }
    }
}

#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "what is beyond 64 bits is a double"
)]
const fn real(sum: i128) -> f64 {
    sum as f64
}
