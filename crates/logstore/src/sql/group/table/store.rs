//! The groups of all chunks so far, until they are handed out.

use std::collections::hash_map::RandomState;

use hashbrown::HashMap;

use super::{Local, NoGroups, Row};
use crate::query::place;
use crate::sql::group::{Grouping, Known};

/// Groups that are kept before they are handed out.
#[cfg(not(test))]
const MOST_GROUPS: usize = 1 << 18;
#[cfg(test)]
const MOST_GROUPS: usize = 40;
/// Octets that they may take, about.
const MOST_OCTETS: usize = 64 << 20;

/// Groups of all chunks so far.
#[derive(Default)]
pub(super) struct Store {
    /// The place of each combination of keys. Looked up, never gone through: its order does not
    /// matter.
    places: HashMap<Box<[Known]>, u32, RandomState>,
    rows: Vec<Row>,
    octets: usize,
}

impl Store {
    pub(super) fn add(&mut self, grouping: &Grouping, local: Local) -> Result<(), NoGroups> {
        let keys = grouping.keys.len();
        for row in local.rows {
            let (key, partials) = row.split_at(keys.min(row.len()));
            let Some(at) = self.places.get(key) else {
                self.octets += row.iter().map(size).sum::<usize>();
                let next = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
                self.places.insert(key.into(), next);
                self.rows.push(row);
                continue;
            };
            let Some(known) = self.rows.get_mut(place(*at)) else {
                continue;
            };
            let known = known.iter_mut().skip(keys);
            for ((partial, known), new) in grouping.partials.iter().zip(known).zip(partials) {
                *known = partial.merged(known, new).ok_or(NoGroups::Overflow)?;
            }
        }
        Ok(())
    }

    pub(super) fn is_full(&self) -> bool {
        self.rows.len() >= MOST_GROUPS || self.octets >= MOST_OCTETS
    }

    pub(super) fn take(&mut self) -> Vec<Row> {
        self.places.clear();
        self.octets = 0;
        std::mem::take(&mut self.rows)
    }
}

/// What a value takes, about: twice as a key, and the table around it.
fn size(value: &Known) -> usize {
    64 + match value {
        Known::Text(text) => text.len(),
        Known::Null | Known::Int(_) => 0,
    }
}
