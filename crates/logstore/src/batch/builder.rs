//! Rows of keys and octets become columns, each distinct value of a column kept once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;

use super::{Column, Group, Irregular, MAX_COLUMNS, Values, reserved};
use crate::distinct::Distinct;

/// The most cells of all columns together: a row may have a key that no other has, and a column
/// has a cell for every row. Keys beyond are kept with their rows.
const MAX_CELLS: usize = 1 << 21;

/// A [`Group`] in the making. Nothing of what is given is lost, neither order nor repetitions.
#[derive(Debug)]
pub(crate) struct GroupBuilder {
    rows: usize,
    time: Vec<u32>,
    time_ns: Vec<u32>,
    columns: Vec<Building>,
    names: BTreeMap<Arc<str>, usize>,
    /// The keys of what has no column, each once.
    rest_names: BTreeSet<Arc<str>>,
    irregular: Irregular,
    /// The places of the keys of the row in the making.
    order: Vec<u16>,
}

/// A key that is not UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InvalidKey<'c>(pub(crate) &'c [u8]);

/// A column in the making: values of one key.
#[derive(Debug)]
struct Building {
    name: Arc<str>,
    /// The distinct values.
    values: Distinct,
    /// For each row so far the place of its value.
    index: Vec<u32>,
    last: u32,
}

impl GroupBuilder {
    /// A builder for so many rows.
    pub(crate) fn new(rows: usize) -> Self {
        Self {
            rows,
            time: Vec::with_capacity(rows),
            time_ns: Vec::with_capacity(rows),
            columns: Vec::new(),
            names: BTreeMap::new(),
            rest_names: BTreeSet::new(),
            irregular: Irregular {
                has_ns: Vec::with_capacity(rows),
                ..Irregular::default()
            },
            order: Vec::new(),
        }
    }

    /// Adds a row.
    pub(crate) fn row<'c>(
        &mut self,
        time: u32,
        time_ns: Option<u32>,
        contents: impl Iterator<Item = (&'c str, &'c [u8])>,
    ) {
        let contents = contents.map(|(key, value)| (key.as_bytes(), value));
        // A text is UTF-8.
        let _: Result<(), InvalidKey<'_>> = self.row_of(time, time_ns, contents);
    }

    /// Adds a row of which nobody knows yet whether its keys are UTF-8; when they are not, what was
    /// built is of no use any more.
    pub(crate) fn row_of<'c>(
        &mut self,
        time: u32,
        time_ns: Option<u32>,
        contents: impl Iterator<Item = (&'c [u8], &'c [u8])>,
    ) -> Result<(), InvalidKey<'c>> {
        let row = self.time.len();
        self.time.push(time);
        self.time_ns.push(time_ns.unwrap_or(0));
        self.irregular.has_ns.push(time_ns.is_some());
        self.order.clear();
        let mut rest = Vec::new();
        let mut expected = 0;
        for (key, value) in contents {
            let place = self.column(key, expected)?;
            let place = place.filter(|at| self.set(*at, row, value));
            if let Some((at, Ok(place))) = place.map(|at| (at, u16::try_from(at))) {
                self.order.push(place);
                expected = at + 1;
            } else {
                self.order.push(Irregular::REST);
                let key = str::from_utf8(key).map_err(|_| InvalidKey(key))?;
                rest.push((self.rest_name(key), Bytes::copy_from_slice(value)));
            }
        }
        let Irregular {
            order,
            rest: all_rest,
            ..
        } = &mut self.irregular;
        if !self.order.is_sorted() {
            order.resize(row, Vec::new());
            order.push(self.order.clone());
        }
        if !rest.is_empty() {
            rest.shrink_to_fit();
            all_rest.resize(row, Vec::new());
            all_rest.push(rest);
        }
        Ok(())
    }

    /// The rows as a group without topic, source and tags.
    pub(crate) fn finish(mut self) -> Group {
        let rows = self.time.len();
        let irregular = &mut self.irregular;
        if !irregular.order.is_empty() {
            irregular.order.resize(rows, Vec::new());
        }
        if !irregular.rest.is_empty() {
            irregular.rest.resize(rows, Vec::new());
        }
        if !irregular.has_ns.contains(&true) {
            self.time_ns = Vec::new();
            irregular.has_ns = Vec::new();
        } else if !irregular.has_ns.contains(&false) {
            irregular.has_ns = Vec::new();
        }
        let regular = self.irregular == Irregular::default();
        let columns = self.columns.into_iter();
        Group {
            time: self.time,
            time_ns: self.time_ns,
            columns: columns.map(|column| column.finish(rows)).collect(),
            irregular: (!regular).then(|| Box::new(self.irregular)),
            ..Group::default()
        }
    }

    /// The column for a key, mostly the one behind that of the key before; made when there is
    /// room.
    fn column<'c>(
        &mut self,
        key: &'c [u8],
        expected: usize,
    ) -> Result<Option<usize>, InvalidKey<'c>> {
        let column = self.columns.get(expected);
        if column.is_some_and(|column| column.name.as_bytes() == key) {
            return Ok(Some(expected));
        }
        let key = str::from_utf8(key).map_err(|_| InvalidKey(key))?;
        if let Some(at) = self.names.get(key) {
            return Ok(Some(*at));
        }
        let at = self.columns.len();
        let cells = (at + 1).saturating_mul(self.rows);
        let room = at == 0 || (at < MAX_COLUMNS && cells <= MAX_CELLS);
        if !room || reserved(key) {
            return Ok(None);
        }
        let name: Arc<str> = key.into();
        self.columns
            .push(Building::new(Arc::clone(&name), self.rows));
        self.names.insert(name, at);
        Ok(Some(at))
    }

    /// Sets the value of a row; `false` when it has one.
    fn set(&mut self, at: usize, row: usize, value: &[u8]) -> bool {
        self.columns
            .get_mut(at)
            .is_some_and(|column| column.set(row, value))
    }

    fn rest_name(&mut self, key: &str) -> Arc<str> {
        if let Some(name) = self.rest_names.get(key) {
            return Arc::clone(name);
        }
        let name: Arc<str> = key.into();
        self.rest_names.insert(Arc::clone(&name));
        name
    }
}

impl Building {
    fn new(name: Arc<str>, rows: usize) -> Self {
        Self {
            name,
            values: Distinct::default(),
            index: Vec::with_capacity(rows),
            last: Values::NO_KEY,
        }
    }

    fn set(&mut self, row: usize, value: &[u8]) -> bool {
        if self.index.len() > row {
            return false;
        }
        self.index.resize(row, Values::NO_KEY);
        if self.values.get(self.last) != Some(value) {
            self.last = self.values.place(value);
        }
        self.index.push(self.last);
        true
    }

    fn finish(mut self, rows: usize) -> Column {
        self.index.resize(rows, Values::NO_KEY);
        let (octets, ends) = self.values.into_parts();
        let octets = Bytes::from(octets);
        let mut begin = 0;
        let value = |end: usize| {
            let value = octets.slice(begin..end);
            begin = end;
            value
        };
        Column {
            name: self.name,
            values: Values::Octets {
                dictionary: ends.into_iter().map(value).collect(),
                index: self.index,
            },
        }
    }
}

#[cfg(test)]
mod tests;
