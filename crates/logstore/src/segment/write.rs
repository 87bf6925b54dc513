//! Writes the file of a segment, a row group at a time, a column at a time.

use std::fs::File;
use std::ops::Range;
use std::sync::Arc;

use parquet::basic::Encoding;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::properties::{
    EnabledStatistics, WriterProperties, WriterPropertiesBuilder, WriterVersion,
};
use parquet::file::writer::{
    SerializedColumnWriter, SerializedFileWriter, SerializedRowGroupWriter,
};
use parquet::schema::types::{ColumnDescriptor, ColumnPath};

use super::checked::Summing;
use super::column::{Ints, Numbered, Texts};
use super::dictionary::Dictionary;
use super::layout::{Key, Kind, Layout, Part};
use super::pages::{self, Squeeze};
use super::rest::{rest_to, tags_to};
use crate::batch::{Cell, Group, Irregular, Values};
use crate::settings;
use crate::shard::Stored;

/// How segments are written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    pub(crate) compression: settings::Compression,
    pub(crate) row_group_rows: usize,
}

/// A dictionary larger than this is given up for the rest of a row group.
const DICTIONARY_OCTETS: usize = 4 << 20;

/// Rows of a page: what is read for a single log.
pub(super) const PAGE_ROWS: usize = 8192;

type RowGroup<'a> = SerializedRowGroupWriter<'a, Summing>;

/// Consecutive rows of one `LogGroup`.
struct Run<'a> {
    stored: &'a Stored,
    rows: Range<usize>,
}

/// Writes all rows of `groups`; the number of rows, and the checksums of the file's blocks.
pub(super) fn write_file(
    file: File,
    groups: &[Arc<Stored>],
    style: Style,
) -> Result<(u64, Arc<[u32]>), ParquetError> {
    let layout = Layout::of(groups);
    let properties = Arc::new(properties(&layout, style));
    let mut writer = SerializedFileWriter::new(Summing::new(file), layout.schema()?, properties)?;
    let described = writer.schema_descr().columns().to_vec();
    let mut desk = Desk {
        squeeze: Squeeze::new(style.compression)?,
        ints: Ints::default(),
        numbered: Numbered::default(),
    };
    let mut rows = 0;
    for runs in row_groups(groups, style.row_group_rows.max(1)) {
        let mut row_group = writer.next_row_group()?;
        let mut columns = Columns {
            layout: &layout,
            runs: &runs,
            described: &described,
            desk: &mut desk,
        };
        columns.write(&mut row_group)?;
        rows += runs.iter().map(|run| run.rows.len()).sum::<usize>();
        row_group.close()?;
    }
    let (_, sums) = writer.into_inner()?.finish();
    Ok((u64::try_from(rows).unwrap_or(u64::MAX), sums.into()))
}

fn properties(layout: &Layout, style: Style) -> WriterProperties {
    let rows = u64::try_from(style.row_group_rows).unwrap_or(u64::MAX);
    let mut properties = WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_2_0)
        .set_created_by("flowlogd".to_owned())
        .set_compression(pages::codec(style.compression))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true)
        .set_dictionary_page_size_limit(DICTIONARY_OCTETS)
        .set_data_page_row_count_limit(PAGE_ROWS);
    for part in layout.parts.iter().filter(|part| part.is_int()) {
        let path = ColumnPath::from(part.name());
        properties = without_dictionary(properties, path, Encoding::DELTA_BINARY_PACKED);
    }
    for key in &layout.keys {
        let path = ColumnPath::from(key.name.to_string());
        properties = match key.kind {
            Kind::Int => without_dictionary(properties, path, Encoding::DELTA_BINARY_PACKED),
            Kind::Unique => without_dictionary(properties, path, Encoding::DELTA_BYTE_ARRAY),
            Kind::Varied => {
                let encoding = Encoding::DELTA_BYTE_ARRAY;
                filtered(
                    without_dictionary(properties, path.clone(), encoding),
                    path,
                    rows,
                )
            }
            Kind::Text | Kind::Octets => filtered(properties, path, rows),
        };
    }
    properties.build()
}

fn filtered(
    properties: WriterPropertiesBuilder,
    path: ColumnPath,
    rows: u64,
) -> WriterPropertiesBuilder {
    properties
        .set_column_bloom_filter_fpp(path.clone(), 0.01)
        .set_column_bloom_filter_max_ndv(path, rows)
}

fn without_dictionary(
    properties: WriterPropertiesBuilder,
    path: ColumnPath,
    encoding: Encoding,
) -> WriterPropertiesBuilder {
    properties
        .set_column_dictionary_enabled(path.clone(), false)
        .set_column_encoding(path, encoding)
}

/// Cuts the rows of all groups into row groups of at most `most` rows.
fn row_groups(groups: &[Arc<Stored>], most: usize) -> Vec<Vec<Run<'_>>> {
    let mut all = Vec::new();
    let mut runs = Vec::new();
    let mut room = most;
    for stored in groups {
        let mut from = 0;
        while from < stored.group.rows() {
            let rows = room.min(stored.group.rows() - from);
            runs.push(Run {
                stored,
                rows: from..from + rows,
            });
            from += rows;
            room -= rows;
            if room == 0 {
                all.push(std::mem::take(&mut runs));
                room = most;
            }
        }
    }
    if !runs.is_empty() {
        all.push(runs);
    }
    all
}

/// The columns of one row group.
struct Columns<'a> {
    layout: &'a Layout,
    runs: &'a [Run<'a>],
    /// As the file has them.
    described: &'a [Arc<ColumnDescriptor>],
    desk: &'a mut Desk,
}

/// What one column after the other is made with: a system gives and clears new pages more slowly
/// than a column is written.
struct Desk {
    squeeze: Squeeze,
    ints: Ints,
    numbered: Numbered,
}

impl Columns<'_> {
    fn write(&mut self, row_group: &mut RowGroup<'_>) -> Result<(), ParquetError> {
        let mut described = self.described.iter();
        let mut next = || described.next().ok_or_else(missing);
        for part in &self.layout.parts {
            if *part == Part::Keys {
                for key in &self.layout.keys {
                    self.write_key(key, next()?, row_group)?;
                }
            } else {
                self.write_part(*part, next()?, row_group)?;
            }
        }
        Ok(())
    }

    /// Writes a column of ours.
    fn write_part(
        &mut self,
        part: Part,
        column: &Arc<ColumnDescriptor>,
        to: &mut RowGroup<'_>,
    ) -> Result<(), ParquetError> {
        if part.is_int() {
            let Desk { squeeze, ints, .. } = &mut *self.desk;
            ints.clear();
            for run in self.runs {
                run.ints(part, ints);
            }
            let (octets, close) = pages::ints(ints, column, squeeze)?;
            return to.append_column(&octets, close);
        }
        if !matches!(part, Part::KeyOrder | Part::Rest) {
            let mut texts = Dictionary::default();
            let filled = self.runs.iter().try_for_each(|run| {
                let text = run.shared(part);
                texts.fill(text.as_deref(), run.rows.len())
            });
            if filled.is_ok() {
                return self.write_dictionary(&texts, (column, false), to);
            }
        }
        let mut texts = Texts::default();
        for (run, row) in self.rows() {
            let octets = match part {
                Part::Rest => rest(&contents(self.layout, run, row)),
                Part::KeyOrder => key_order(&contents(self.layout, run, row)),
                part => run.shared(part),
            };
            texts.push(octets.map(ByteArray::from));
        }
        write(to, |to| texts.write(to, part.is_optional()))
    }

    fn write_key(
        &mut self,
        key: &Key,
        column: &Arc<ColumnDescriptor>,
        to: &mut RowGroup<'_>,
    ) -> Result<(), ParquetError> {
        let runs = self.runs;
        let columns = || runs.iter().map(|run| run.values(key));
        let Desk {
            squeeze,
            ints,
            numbered,
        } = &mut *self.desk;
        if key.kind == Kind::Int {
            ints.clear();
            for (values, rows) in columns() {
                ints.extend(values, rows);
            }
            let (octets, close) = pages::ints(ints, column, squeeze)?;
            return to.append_column(&octets, close);
        }
        if key.kind == Kind::Unique {
            numbered.clear();
            for (values, rows) in columns() {
                numbered.extend(values, rows);
            }
            let (octets, close) = pages::numbered(numbered, column, squeeze)?;
            return to.append_column(&octets, close);
        }
        let mut texts = Dictionary::default();
        if key.kind != Kind::Varied
            && columns().all(|(values, rows)| texts.extend(values, rows).is_ok())
        {
            return self.write_dictionary(&texts, (column, true), to);
        }
        let mut texts = Texts::default();
        for (values, rows) in columns() {
            texts.extend(values, rows);
        }
        write(to, |to| texts.write(to, true))
    }

    fn write_dictionary(
        &mut self,
        texts: &Dictionary,
        (column, filtered): (&Arc<ColumnDescriptor>, bool),
        to: &mut RowGroup<'_>,
    ) -> Result<(), ParquetError> {
        let squeeze = &mut self.desk.squeeze;
        let (octets, close) = pages::dictionary(texts, (column, filtered), squeeze)?;
        to.append_column(&octets, close)
    }

    fn rows(&self) -> impl Iterator<Item = (&Run<'_>, usize)> {
        self.runs
            .iter()
            .flat_map(|run| run.rows.clone().map(move |row| (run, row)))
    }
}

/// Lets `write` write the next column.
fn write(
    row_group: &mut RowGroup<'_>,
    write: impl FnOnce(&mut SerializedColumnWriter<'_>) -> Result<(), ParquetError>,
) -> Result<(), ParquetError> {
    let mut to = row_group.next_column()?.ok_or_else(missing)?;
    write(&mut to)?;
    to.close()
}

fn missing() -> ParquetError {
    ParquetError::General("a column is missing".to_owned())
}

impl<'a> Run<'a> {
    /// A column, and which of its rows.
    fn values(&self, key: &Key) -> (Option<&'a Values>, Range<usize>) {
        (self.stored.group.column(&key.name), self.rows.clone())
    }

    /// Adds a column of ours.
    fn ints(&self, part: Part, to: &mut Ints) {
        let group = &self.stored.group;
        let rows = self.rows.clone();
        let same = |value: i64| std::iter::repeat_n(value, rows.len());
        let each = |values: &[u32]| values.get(rows.clone()).unwrap_or_default().to_vec();
        match part {
            Part::Cursor => to.add(same(self.stored.cursor)),
            Part::Received => to.add(same(i64::from(self.stored.received))),
            Part::Position => to.add(rows.filter_map(|row| i64::try_from(row).ok())),
            Part::Time => to.add(each(&group.time).into_iter().map(i64::from)),
            _ => {
                for row in rows {
                    let sent = group.irregular.as_ref().is_none_or(|i| i.has_ns(row));
                    let ns = group.time_ns.get(row).filter(|_| sent);
                    to.push(ns.copied().map(i64::from));
                }
            }
        }
    }

    /// What all rows of the run have.
    fn shared(&self, part: Part) -> Option<Vec<u8>> {
        let Group {
            topic,
            source,
            tags,
            ..
        } = &self.stored.group;
        match part {
            Part::Topic => Some(topic.as_bytes().to_vec()),
            Part::Source => Some(source.as_bytes().to_vec()),
            Part::Tags if !tags.is_empty() => tags_to(tags),
            _ => None,
        }
    }
}

/// A key of a row: its place in the file (the rest has none), its name, its value.
type Content<'a> = (Option<usize>, &'a str, Cell<'a>);

/// The keys of a row in their order.
fn contents<'a>(layout: &Layout, run: &Run<'a>, row: usize) -> Vec<Content<'a>> {
    let group = &run.stored.group;
    let cells = |at: usize| {
        let column = group.columns.get(at)?;
        let cell = column.values.cell(row);
        let place = layout.place(&column.name);
        (cell != Cell::NoKey).then_some((place, &*column.name, cell))
    };
    let irregular = group.irregular.as_ref();
    let rest = irregular.map_or(&[][..], |irregular| irregular.rest(row));
    let mut rest = rest
        .iter()
        .map(|(key, value)| (None, &**key, Cell::Octets(value)));
    let order = irregular.map_or(&[][..], |irregular| irregular.order(row));
    if order.is_empty() {
        return (0..group.columns.len())
            .filter_map(cells)
            .chain(rest)
            .collect();
    }
    let entry = |at: &u16| match *at {
        Irregular::REST => rest.next(),
        at => cells(usize::from(at)),
    };
    order.iter().filter_map(entry).collect()
}

/// `None` when the order is that of the file's columns, with the rest behind them.
fn key_order(contents: &[Content<'_>]) -> Option<Vec<u8>> {
    let places = contents
        .iter()
        .map(|(place, ..)| place.unwrap_or(usize::MAX));
    if places.is_sorted() {
        return None;
    }
    let place =
        |(place, ..): &Content<'_>| place.map_or_else(|| "*".to_owned(), |place| place.to_string());
    Some(
        contents
            .iter()
            .map(place)
            .collect::<Vec<_>>()
            .join(",")
            .into_bytes(),
    )
}

/// The keys of a row that have no column in the file.
fn rest(contents: &[Content<'_>]) -> Option<Vec<u8>> {
    let rest = contents.iter().filter(|(place, ..)| place.is_none());
    let mut scratch = Vec::new();
    let texts: Vec<(&str, Vec<u8>)> = rest
        .filter_map(|(_, key, cell)| Some((*key, cell.text(&mut scratch)?.to_vec())))
        .collect();
    let octets = rest_to(texts.iter().map(|(key, value)| (*key, &**value)));
    if octets.is_empty() {
        None
    } else {
        Some(octets)
    }
}
