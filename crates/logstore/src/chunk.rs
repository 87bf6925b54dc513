//! What a query reads: runs of rows, in the head or in a segment, a field at a time.

mod lane;

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;

use crate::batch::{Cell, Irregular};
use crate::segment::{Reader, SegmentError, rest_from, tags_from};
use crate::shard::Stored;

use lane::{held, inside, overlaid, tag_lane};

pub(crate) use lane::Lane;

/// What a query may ask of a row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Field {
    /// `__time__`
    Time,
    /// `__time_ns_part__`
    TimeNs,
    /// When the LogGroup was received.
    Received,
    /// The cursor of the LogGroup.
    Cursor,
    /// The place in the LogGroup.
    Position,
    /// `__topic__`
    Topic,
    /// `__source__`
    Source,
    /// `__tag__:NAME`
    Tag(Arc<str>),
    /// A key.
    Key(Arc<str>),
    /// A value inside a key, whose values are JSON: the key, and where.
    Inside(Arc<str>, Arc<str>),
}

/// Names and values of tags, in their order.
pub(crate) type Tags = Vec<(Arc<str>, Arc<str>)>;

/// Rows that are read together.
pub(crate) struct Chunk {
    part: Part,
    rows: usize,
    /// When set: only these rows of the row group are read, and count from 0.
    only: Option<Vec<u32>>,
    lanes: RefCell<BTreeMap<Field, Rc<Lane>>>,
    ours: RefCell<BTreeMap<&'static str, Rc<Lane>>>,
    /// Of the keys of a row group that have a column: this alone.
    columns: RefCell<BTreeMap<Arc<str>, Rc<Lane>>>,
    /// What rows of a row group have beside their columns.
    rests: OnceCell<Rests>,
}

/// The keys of the rest: of each the rows that have it, ascending, and the first value of each.
type Rests = BTreeMap<Arc<str>, Vec<(usize, Bytes)>>;

/// Where the rows of a chunk are.
#[derive(Clone, Debug)]
pub(crate) enum Part {
    /// A LogGroup in the head.
    Group(Arc<Stored>),
    /// A row group of an open segment.
    RowGroup(Arc<Reader>, usize),
}

impl Field {
    /// The field that a name of the query language means.
    pub(crate) fn named(name: &str) -> Self {
        match name {
            "__time__" => Self::Time,
            "__time_ns_part__" => Self::TimeNs,
            "__receive_time__" | "__tag__:__receive_time__" => Self::Received,
            "__topic__" => Self::Topic,
            "__source__" => Self::Source,
            _ => match name.strip_prefix("__tag__:") {
                Some(tag) => Self::Tag(tag.into()),
                None => Self::Key(name.into()),
            },
        }
    }
}

impl Chunk {
    pub(crate) fn new(part: Part) -> Self {
        let rows = match &part {
            Part::Group(stored) => stored.group.rows(),
            Part::RowGroup(reader, row_group) => reader.rows(*row_group),
        };
        Self {
            part,
            rows,
            only: None,
            lanes: RefCell::default(),
            ours: RefCell::default(),
            columns: RefCell::default(),
            rests: OnceCell::new(),
        }
    }

    /// A few rows of a row group, ascending; they count from 0.
    pub(crate) fn few(reader: Arc<Reader>, row_group: usize, only: Vec<u32>) -> Self {
        let part = Part::RowGroup(reader, row_group);
        Self {
            rows: only.len(),
            only: Some(only),
            ..Self::new(part)
        }
    }

    /// The number of rows.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    pub(crate) fn part(&self) -> &Part {
        &self.part
    }

    /// Whether the rows are in a segment.
    pub(crate) fn is_stored(&self) -> bool {
        matches!(self.part, Part::RowGroup(..))
    }

    /// The least and the greatest time of all rows, where that is known.
    pub(crate) fn times(&self) -> Option<(i64, i64)> {
        match &self.part {
            Part::Group(stored) => Some((stored.times.0.into(), stored.times.1.into())),
            Part::RowGroup(reader, row_group) => reader.bounds(*row_group, "__time__"),
        }
    }

    /// The tags that some row has.
    pub(crate) fn tag_names(&self) -> Result<Vec<Arc<str>>, SegmentError> {
        let mut names: Vec<Arc<str>> = match &self.part {
            Part::Group(stored) => stored
                .group
                .tags
                .iter()
                .map(|(name, _)| Arc::clone(name))
                .collect(),
            Part::RowGroup(..) => match &*self.our("__tags__")? {
                Lane::Octets { dictionary, .. } => {
                    let tags = dictionary.iter().flat_map(|json| tags_from(json));
                    tags.map(|(name, _)| name).collect()
                }
                _ => Vec::new(),
            },
        };
        names.sort();
        names.dedup();
        Ok(names)
    }

    /// A field of all rows; read once.
    pub(crate) fn lane(&self, field: &Field) -> Result<Rc<Lane>, SegmentError> {
        if let Some(lane) = self.lanes.borrow().get(field) {
            return Ok(Rc::clone(lane));
        }
        let lane = match (&self.part, field) {
            (_, Field::Inside(key, path)) => {
                let whole = self.lane(&Field::Key(Arc::clone(key)))?;
                Rc::new(inside(&whole, self.rows, path))
            }
            (Part::Group(stored), field) => Rc::new(held(stored, field)),
            (Part::RowGroup(..), Field::Key(key)) => self.key(key)?,
            (Part::RowGroup(..), field) => Rc::new(self.stored(field)?),
        };
        self.lanes
            .borrow_mut()
            .insert(field.clone(), Rc::clone(&lane));
        Ok(lane)
    }

    /// The cursor of a row's LogGroup and the row's place in it.
    pub(crate) fn place(&self, row: usize) -> Result<(i64, i64), SegmentError> {
        match &self.part {
            Part::Group(stored) => Ok((stored.cursor, i64::try_from(row).unwrap_or(i64::MAX))),
            Part::RowGroup(..) => {
                let cursor = self.our("__cursor__")?.cell(row).int();
                let position = self.our("__position__")?.cell(row).int();
                Ok((cursor.unwrap_or(0), position.unwrap_or(0)))
            }
        }
    }

    /// The tags of a row.
    pub(crate) fn tags(&self, row: usize) -> Result<Tags, SegmentError> {
        match &self.part {
            Part::Group(stored) => Ok(stored.group.tags.clone()),
            Part::RowGroup(..) => {
                let lane = self.our("__tags__")?;
                Ok(match lane.cell(row) {
                    Cell::Octets(json) => tags_from(json),
                    _ => Vec::new(),
                })
            }
        }
    }

    /// The keys that some row has.
    pub(crate) fn keys(&self) -> Result<Vec<Arc<str>>, SegmentError> {
        let mut keys: Vec<Arc<str>> = match &self.part {
            Part::Group(stored) => stored
                .group
                .columns
                .iter()
                .map(|c| Arc::clone(&c.name))
                .collect(),
            Part::RowGroup(reader, _) => reader.keys().cloned().collect(),
        };
        match &self.part {
            Part::Group(stored) => {
                let irregular = stored.group.irregular.iter();
                let rests = irregular
                    .flat_map(|irregular| (0..self.rows).flat_map(|row| irregular.rest(row)));
                keys.extend(rests.map(|(key, _)| Arc::clone(key)));
            }
            Part::RowGroup(..) => keys.extend(self.rests()?.keys().cloned()),
        }
        keys.sort();
        keys.dedup();
        Ok(keys)
    }

    /// The keys and values of a row in their order, as the client sent them.
    pub(crate) fn contents(
        &self,
        row: usize,
        mut each: impl FnMut(&Arc<str>, &[u8]),
    ) -> Result<(), SegmentError> {
        let rest = self.rest(row)?;
        let mut rest = rest.iter();
        let mut scratch = Vec::new();
        let keys: Vec<Arc<str>> = match &self.part {
            Part::Group(stored) => stored
                .group
                .columns
                .iter()
                .map(|c| Arc::clone(&c.name))
                .collect(),
            Part::RowGroup(reader, _) => reader.keys().cloned().collect(),
        };
        let order = self.order(row)?;
        let natural = order.is_empty();
        let order = if natural {
            (0..keys.len()).map(Some).collect()
        } else {
            order
        };
        for place in order {
            let Some(key) = place.map(|at| keys.get(at)) else {
                if let Some((key, value)) = rest.next() {
                    each(key, value);
                }
                continue;
            };
            let Some(key) = key else { continue };
            let lane = match &self.part {
                Part::Group(_) => self.lane(&Field::Key(Arc::clone(key)))?,
                Part::RowGroup(reader, row_group) => self.column(reader, *row_group, key)?,
            };
            if let Some(value) = lane.cell(row).text(&mut scratch) {
                each(key, value);
            }
        }
        if natural {
            rest.for_each(|(key, value)| each(key, value));
        }
        Ok(())
    }

    /// The places of a row's keys, `None` for one of the rest; empty for the natural order.
    fn order(&self, row: usize) -> Result<Vec<Option<usize>>, SegmentError> {
        match &self.part {
            Part::Group(stored) => {
                let order = stored
                    .group
                    .irregular
                    .as_ref()
                    .map_or(&[][..], |i| i.order(row));
                let place = |at: &u16| (*at != Irregular::REST).then_some(usize::from(*at));
                Ok(order.iter().map(place).collect())
            }
            Part::RowGroup(..) => {
                let lane = self.our("__key_order__")?;
                let Cell::Octets(order) = lane.cell(row) else {
                    return Ok(Vec::new());
                };
                let order = std::str::from_utf8(order).unwrap_or_default();
                Ok(order.split(',').map(|place| place.parse().ok()).collect())
            }
        }
    }

    /// The keys of a row that have no column.
    fn rest(&self, row: usize) -> Result<Vec<(Arc<str>, Bytes)>, SegmentError> {
        match &self.part {
            Part::Group(stored) => Ok(stored
                .group
                .irregular
                .as_ref()
                .map_or(Vec::new(), |i| i.rest(row).to_vec())),
            Part::RowGroup(..) => Ok(match &*self.our("__rest__")? {
                Lane::Octets { dictionary, index } => {
                    let at = index.get(row).and_then(|at| usize::try_from(*at).ok());
                    at.and_then(|at| dictionary.get(at))
                        .map_or(Vec::new(), rest_from)
                }
                _ => Vec::new(),
            }),
        }
    }

    /// The keys of a row group that rows have beside their columns; read once.
    fn rests(&self) -> Result<&Rests, SegmentError> {
        if let Some(rests) = self.rests.get() {
            return Ok(rests);
        }
        let mut rests = Rests::new();
        let may_have = match &self.part {
            Part::Group(_) => false,
            Part::RowGroup(reader, row_group) => reader.has_rest(*row_group),
        };
        for row in (0..self.rows).filter(|_| may_have) {
            for (key, value) in self.rest(row)? {
                let rows = rests.entry(key).or_default();
                if rows.last().is_none_or(|(last, _)| *last < row) {
                    rows.push((row, value));
                }
            }
        }
        Ok(self.rests.get_or_init(|| rests))
    }

    /// A key of a row group: its column, and where a row has none there, the rest.
    fn key(&self, key: &Arc<str>) -> Result<Rc<Lane>, SegmentError> {
        let Part::RowGroup(reader, row_group) = &self.part else {
            return Ok(Rc::new(Lane::Nothing));
        };
        let column = self.column(reader, *row_group, key)?;
        let Some(rest) = self.rests()?.get(key) else {
            return Ok(column);
        };
        let lane = overlaid(&column, rest, self.rows);
        Ok(lane.map_or(column, Rc::new))
    }

    /// The column of a key in a row group; read once.
    fn column(
        &self,
        reader: &Reader,
        row_group: usize,
        key: &Arc<str>,
    ) -> Result<Rc<Lane>, SegmentError> {
        if let Some(lane) = self.columns.borrow().get(key) {
            return Ok(Rc::clone(lane));
        }
        let lane = Rc::new(self.read(reader, row_group, key)?);
        let mut columns = self.columns.borrow_mut();
        columns.insert(Arc::clone(key), Rc::clone(&lane));
        Ok(lane)
    }

    fn stored(&self, field: &Field) -> Result<Lane, SegmentError> {
        let Part::RowGroup(reader, row_group) = &self.part else {
            return Ok(Lane::Nothing);
        };
        match field {
            Field::Time => self.read(reader, *row_group, "__time__"),
            Field::TimeNs => self.read(reader, *row_group, "__time_ns_part__"),
            Field::Received => self.read(reader, *row_group, "__receive_time__"),
            Field::Cursor => self.read(reader, *row_group, "__cursor__"),
            Field::Position => self.read(reader, *row_group, "__position__"),
            Field::Topic => self.read(reader, *row_group, "__topic__"),
            Field::Source => self.read(reader, *row_group, "__source__"),
            Field::Tag(tag) => Ok(tag_lane(&*self.our("__tags__")?, tag)),
            Field::Key(_) | Field::Inside(..) => Ok(Lane::Nothing),
        }
    }

    fn read(&self, reader: &Reader, row_group: usize, name: &str) -> Result<Lane, SegmentError> {
        match &self.only {
            Some(only) => reader.few(row_group, name, only),
            None => reader.lane(row_group, name),
        }
    }

    /// A column of ours in a segment; read once.
    fn our(&self, name: &'static str) -> Result<Rc<Lane>, SegmentError> {
        if let Some(lane) = self.ours.borrow().get(name) {
            return Ok(Rc::clone(lane));
        }
        let lane = Rc::new(match &self.part {
            Part::Group(_) => Lane::Nothing,
            Part::RowGroup(reader, row_group) => self.read(reader, *row_group, name)?,
        });
        self.ours.borrow_mut().insert(name, Rc::clone(&lane));
        Ok(lane)
    }
}
