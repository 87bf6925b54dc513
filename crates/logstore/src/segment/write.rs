//! Writes the file of a segment, a row group at a time, a column at a time.

use std::fs::File;
use std::ops::Range;
use std::sync::Arc;

use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::properties::{
    EnabledStatistics, WriterProperties, WriterPropertiesBuilder, WriterVersion,
};
use parquet::file::writer::{
    SerializedColumnWriter, SerializedFileWriter, SerializedRowGroupWriter,
};
use parquet::schema::types::ColumnPath;

use super::checked::Summing;
use super::column::{Ints, Texts};
use super::layout::{Key, Kind, Layout, Part};
use super::rest::{rest_to, tags_to};
use crate::batch::{Cell, Group, Irregular};
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
const PAGE_ROWS: usize = 8192;

/// Consecutive rows of one `LogGroup`.
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
        let columns = Columns {
            layout: &layout,
            runs: &runs,
        };
        columns.write(&mut row_group)?;
        rows += runs.iter().map(|run| run.rows.len()).sum::<usize>();
        row_group.close()?;
    }
    let (_, sums) = writer.into_inner()?.finish();
    Ok((u64::try_from(rows).unwrap_or(u64::MAX), sums.into()))
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
            Kind::Text | Kind::Octets => properties
                .set_column_bloom_filter_fpp(path.clone(), 0.01)
                .set_column_bloom_filter_max_ndv(path, rows),
        };
    }
    Ok(properties.build())
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
}

impl Columns<'_> {
    fn write(
        &self,
        row_group: &mut SerializedRowGroupWriter<'_, Summing>,
    ) -> Result<(), ParquetError> {
        for part in &self.layout.parts {
            if *part != Part::Keys {
                let mut to = next(row_group)?;
                self.write_part(*part, &mut to)?;
                to.close()?;
                continue;
            }
            for key in &self.layout.keys {
                let mut to = next(row_group)?;
                self.write_key(key, &mut to)?;
                to.close()?;
            }
        }
        Ok(())
    }

    /// Writes a column of ours.
    fn write_part(
        &self,
        part: Part,
        to: &mut SerializedColumnWriter<'_>,
    ) -> Result<(), ParquetError> {
        if part.is_int() {
            let mut ints = Ints::default();
            for (run, row) in self.rows() {
                ints.push(run.int(part, row));
            }
            return ints.write(to, part.is_optional());
        }
        let mut texts = Texts::default();
        if matches!(part, Part::KeyOrder | Part::Rest) {
            for (run, row) in self.rows() {
                let contents = contents(self.layout, run, row);
                let octets = if part == Part::Rest {
                    rest(&contents)
                } else {
                    key_order(&contents)
                };
                texts.push(octets.map(ByteArray::from));
            }
        } else {
            for run in self.runs {
                let octets = run.shared(part).map(ByteArray::from);
                run.rows.clone().for_each(|_| texts.push(octets.clone()));
            }
        }
        texts.write(to, part.is_optional())
    }

    fn write_key(
        &self,
        key: &Key,
        to: &mut SerializedColumnWriter<'_>,
    ) -> Result<(), ParquetError> {
        if key.kind == Kind::Int {
            let mut ints = Ints::default();
            for run in self.runs {
                ints.extend(run.stored.group.column(&key.name), run.rows.clone());
            }
            return ints.write(to, true);
        }
        let mut texts = Texts::default();
        for run in self.runs {
            texts.extend(run.stored.group.column(&key.name), run.rows.clone());
        }
        texts.write(to, true)
    }

    fn rows(&self) -> impl Iterator<Item = (&Run<'_>, usize)> {
        self.runs
            .iter()
            .flat_map(|run| run.rows.clone().map(move |row| (run, row)))
    }
}

fn next<'a>(
    row_group: &'a mut SerializedRowGroupWriter<'_, Summing>,
) -> Result<SerializedColumnWriter<'a>, ParquetError> {
    let missing = || ParquetError::General("a column is missing".to_owned());
    row_group.next_column()?.ok_or_else(missing)
}

impl Run<'_> {
    fn int(&self, part: Part, row: usize) -> Option<i64> {
        let group = &self.stored.group;
        match part {
            Part::Cursor => Some(self.stored.cursor),
            Part::Position => i64::try_from(row).ok(),
            Part::Time => group.time.get(row).copied().map(i64::from),
            Part::Received => Some(i64::from(self.stored.received)),
            Part::TimeNs => {
                let sent = group.irregular.as_ref().is_none_or(|i| i.has_ns(row));
                group
                    .time_ns
                    .get(row)
                    .filter(|_| sent)
                    .copied()
                    .map(i64::from)
            }
            _ => None,
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
