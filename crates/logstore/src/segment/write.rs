//! Writes the file of a segment, a row group at a time, a column at a time.

use std::collections::BTreeMap;
use std::fs::File;
use std::ops::Range;
use std::sync::Arc;

use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::{
    BloomFilterPosition, EnabledStatistics, WriterProperties, WriterVersion,
};
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::ColumnPath;

use super::checked::Summing;
use super::layout::{Kind, Layout};
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

/// Consecutive rows of one LogGroup.
struct Run<'a> {
    stored: &'a Stored,
    rows: Range<usize>,
}

/// Writes all rows of `groups`; the number of rows, and the checksums of the file's blocks.
pub(super) fn write(
    file: File,
    groups: &[Arc<Stored>],
    style: Style,
) -> Result<(u64, Arc<[u32]>), ParquetError> {
    let layout = Layout::of(groups);
    let properties = Arc::new(properties(&layout, style)?);
    let mut writer = SerializedFileWriter::new(Summing::new(file), layout.schema()?, properties)?;
    let mut rows = 0;
    for runs in row_groups(groups, style.row_group_rows.max(1)) {
        let mut row_group = writer.next_row_group()?;
        let mut columns = Columns {
            layout: &layout,
            runs: &runs,
            at: 0,
        };
        while let Some(mut column) = row_group.next_column()? {
            columns.write_next(&mut column)?;
            column.close()?;
        }
        rows += columns.rows();
        row_group.close()?;
    }
    let (_, sums) = writer.into_inner()?.finish();
    Ok((rows, sums.into()))
}

fn properties(layout: &Layout, style: Style) -> Result<WriterProperties, ParquetError> {
    let compression = match style.compression {
        settings::Compression::Lz4 => Compression::LZ4_RAW,
        settings::Compression::Zstd => Compression::ZSTD(ZstdLevel::try_new(1)?),
    };
    let rows = u64::try_from(style.row_group_rows).unwrap_or(u64::MAX);
    let mut properties = WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_2_0)
        .set_created_by("flowlogd".to_owned())
        .set_compression(compression)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true)
        .set_dictionary_page_size_limit(DICTIONARY_OCTETS)
        .set_bloom_filter_position(BloomFilterPosition::AfterRowGroup);
    let ours = [
        "__cursor__",
        "__position__",
        "__time__",
        "__time_ns_part__",
        "__receive_time__",
    ];
    for name in ours {
        properties = delta(
            properties,
            ColumnPath::from(name),
            Encoding::DELTA_BINARY_PACKED,
        );
    }
    for key in &layout.keys {
        let path = ColumnPath::from(key.name.to_string());
        properties = match key.kind {
            Kind::Int => delta(properties, path, Encoding::DELTA_BINARY_PACKED),
            Kind::Unique => delta(properties, path, Encoding::DELTA_BYTE_ARRAY),
            Kind::Text | Kind::Octets => properties
                .set_column_bloom_filter_fpp(path.clone(), 0.01)
                .set_column_bloom_filter_max_ndv(path, rows),
        };
    }
    Ok(properties.build())
}

fn delta(
    properties: parquet::file::properties::WriterPropertiesBuilder,
    path: ColumnPath,
    encoding: Encoding,
) -> parquet::file::properties::WriterPropertiesBuilder {
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

/// The columns of one row group in the order of the schema.
struct Columns<'a> {
    layout: &'a Layout,
    runs: &'a [Run<'a>],
    at: usize,
}

impl Columns<'_> {
    fn rows(&self) -> u64 {
        let rows: usize = self.runs.iter().map(|run| run.rows.len()).sum();
        u64::try_from(rows).unwrap_or(u64::MAX)
    }

    /// Writes the next column of a key, or one of our own.
    fn write_next(&mut self, to: &mut SerializedColumnWriter<'_>) -> Result<(), ParquetError> {
        match &*name_of(to)? {
            "__cursor__" => write_ints(to, self.each(|run, _| Some(run.stored.cursor))),
            "__position__" => write_ints(to, self.each(|_, row| i64::try_from(row).ok())),
            "__time__" => write_ints(to, self.each(|run, row| run.time(row))),
            "__time_ns_part__" => write_optional_ints(to, &self.each(|run, row| run.ns(row))),
            "__receive_time__" => write_ints(to, self.each(|run, _| run.received())),
            "__topic__" => write_octets(to, false, self.per_run(|group| text(&group.topic))),
            "__source__" => write_octets(to, false, self.per_run(|group| text(&group.source))),
            "__tags__" => write_octets(to, true, self.per_run(tags)),
            "__key_order__" => write_octets(to, true, self.each_octets(key_order)),
            "__rest__" => write_octets(to, true, self.each_octets(rest)),
            _ => self.write_key(to),
        }
    }

    fn write_key(&mut self, to: &mut SerializedColumnWriter<'_>) -> Result<(), ParquetError> {
        let key = self.layout.keys.get(self.at);
        let key = key.ok_or_else(|| ParquetError::General("one column too many".to_owned()))?;
        self.at += 1;
        if key.kind == Kind::Int {
            let mut all = Vec::new();
            for run in self.runs {
                let column = run.stored.group.column(&key.name);
                let int = |row| column.and_then(|values| values.cell(row).int());
                all.extend(run.rows.clone().map(int));
            }
            return write_optional_ints(to, &all);
        }
        let mut texts = Texts::default();
        for run in self.runs {
            texts.add(run.stored.group.column(&key.name), run.rows.clone());
        }
        write_octets(to, true, texts.all)
    }

    fn each(&self, value: impl Fn(&Run<'_>, usize) -> Option<i64>) -> Vec<Option<i64>> {
        let rows = self
            .runs
            .iter()
            .flat_map(|run| run.rows.clone().map(move |row| (run, row)));
        rows.map(|(run, row)| value(run, row)).collect()
    }

    fn each_octets(
        &self,
        value: impl Fn(&Layout, &Run<'_>, usize) -> Option<Vec<u8>>,
    ) -> Vec<Option<ByteArray>> {
        let rows = self
            .runs
            .iter()
            .flat_map(|run| run.rows.clone().map(move |row| (run, row)));
        rows.map(|(run, row)| value(self.layout, run, row).map(ByteArray::from))
            .collect()
    }

    fn per_run(&self, value: impl Fn(&Group) -> Option<Vec<u8>>) -> Vec<Option<ByteArray>> {
        let mut all = Vec::new();
        for run in self.runs {
            let octets = value(&run.stored.group).map(ByteArray::from);
            all.extend(run.rows.clone().map(|_| octets.clone()));
        }
        all
    }
}

impl Run<'_> {
    fn time(&self, row: usize) -> Option<i64> {
        self.stored.group.time.get(row).copied().map(i64::from)
    }

    fn ns(&self, row: usize) -> Option<i64> {
        let ns = self.stored.group.time_ns.get(row)?;
        let sent = self
            .stored
            .group
            .irregular
            .as_ref()
            .is_none_or(|i| i.has_ns(row));
        sent.then_some(i64::from(*ns))
    }

    fn received(&self) -> Option<i64> {
        Some(i64::from(self.stored.received))
    }
}

/// Values of one column of a row group; an address becomes text once.
#[derive(Default)]
struct Texts {
    all: Vec<Option<ByteArray>>,
    addresses: BTreeMap<[u8; 16], ByteArray>,
    scratch: Vec<u8>,
}

impl Texts {
    fn add(&mut self, values: Option<&Values>, rows: Range<usize>) {
        match values {
            None => self.all.extend(rows.map(|_| None)),
            Some(Values::Text { dictionary, index }) => {
                let entries = dictionary
                    .iter()
                    .map(|text| ByteArray::from(&**text))
                    .collect();
                self.add_entries(entries, index, rows);
            }
            Some(Values::Octets { dictionary, index }) => {
                let entries = dictionary.iter().cloned().map(ByteArray::from).collect();
                self.add_entries(entries, index, rows);
            }
            Some(values) => {
                for row in rows {
                    let value = self.value(values.cell(row));
                    self.all.push(value);
                }
            }
        }
    }

    fn add_entries(&mut self, entries: Vec<ByteArray>, index: &[u32], rows: Range<usize>) {
        let value = |at: &u32| {
            usize::try_from(*at)
                .ok()
                .and_then(|at| entries.get(at))
                .cloned()
        };
        self.all
            .extend(index.get(rows).unwrap_or_default().iter().map(value));
    }

    fn value(&mut self, cell: Cell<'_>) -> Option<ByteArray> {
        if let Cell::Address(octets) = cell {
            if let Some(known) = self.addresses.get(&octets) {
                return Some(known.clone());
            }
            let text = ByteArray::from(cell.text(&mut self.scratch)?.to_vec());
            self.addresses.insert(octets, text.clone());
            return Some(text);
        }
        cell.text(&mut self.scratch)
            .map(|text| ByteArray::from(text.to_vec()))
    }
}

fn text(text: &str) -> Option<Vec<u8>> {
    Some(text.as_bytes().to_vec())
}

fn tags(group: &Group) -> Option<Vec<u8>> {
    if group.tags.is_empty() {
        None
    } else {
        tags_to(&group.tags)
    }
}

/// The keys of a row in their order, as `(place in the file, name, cell)`; a key of the rest has
/// no place.
fn contents<'a>(
    layout: &Layout,
    run: &Run<'a>,
    row: usize,
) -> Vec<(Option<usize>, &'a str, Cell<'a>)> {
    let group = &run.stored.group;
    let cells = |at: usize| {
        let column = group.columns.get(at)?;
        let cell = column.values.cell(row);
        let place = layout.place(&column.name);
        (cell != Cell::NoKey).then_some((place, &*column.name, cell))
    };
    let rest = group
        .irregular
        .as_ref()
        .map_or(&[][..], |irregular| irregular.rest(row));
    let rest = rest
        .iter()
        .map(|(key, value)| (None, &**key, Cell::Octets(value)));
    let order = group
        .irregular
        .as_ref()
        .map_or(&[][..], |irregular| irregular.order(row));
    if order.is_empty() {
        return (0..group.columns.len())
            .filter_map(cells)
            .chain(rest)
            .collect();
    }
    let mut rest = rest;
    let entry = |at: &u16| match *at {
        Irregular::REST => rest.next(),
        at => cells(usize::from(at)),
    };
    order.iter().filter_map(entry).collect()
}

/// `None` when the order is that of the file's columns, with the rest behind them.
fn key_order(layout: &Layout, run: &Run<'_>, row: usize) -> Option<Vec<u8>> {
    let contents = contents(layout, run, row);
    let places = contents
        .iter()
        .map(|(place, ..)| place.unwrap_or(usize::MAX));
    if places.is_sorted() {
        return None;
    }
    let place = |(place, ..): &(Option<usize>, _, _)| {
        place.map_or_else(|| "*".to_owned(), |place| place.to_string())
    };
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
fn rest(layout: &Layout, run: &Run<'_>, row: usize) -> Option<Vec<u8>> {
    let contents = contents(layout, run, row);
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

fn name_of(column: &mut SerializedColumnWriter<'_>) -> Result<String, ParquetError> {
    match column.untyped() {
        ColumnWriter::Int64ColumnWriter(c) => Ok(c.get_descriptor().name().to_owned()),
        ColumnWriter::ByteArrayColumnWriter(c) => Ok(c.get_descriptor().name().to_owned()),
        _ => Err(ParquetError::General(
            "a column of a foreign type".to_owned(),
        )),
    }
}

fn write_ints(
    to: &mut SerializedColumnWriter<'_>,
    values: Vec<Option<i64>>,
) -> Result<(), ParquetError> {
    let values: Vec<i64> = values.into_iter().flatten().collect();
    to.typed::<Int64Type>()
        .write_batch(&values, None, None)
        .map(|_| ())
}

fn write_optional_ints(
    to: &mut SerializedColumnWriter<'_>,
    values: &[Option<i64>],
) -> Result<(), ParquetError> {
    let levels: Vec<i16> = values
        .iter()
        .map(|value| i16::from(value.is_some()))
        .collect();
    let values: Vec<i64> = values.iter().flatten().copied().collect();
    to.typed::<Int64Type>()
        .write_batch(&values, Some(&levels), None)
        .map(|_| ())
}

fn write_octets(
    to: &mut SerializedColumnWriter<'_>,
    optional: bool,
    values: Vec<Option<ByteArray>>,
) -> Result<(), ParquetError> {
    let levels: Vec<i16> = values
        .iter()
        .map(|value| i16::from(value.is_some()))
        .collect();
    let values: Vec<ByteArray> = values.into_iter().flatten().collect();
    let levels = optional.then_some(&*levels);
    to.typed::<ByteArrayType>()
        .write_batch(&values, levels, None)
        .map(|_| ())
}
