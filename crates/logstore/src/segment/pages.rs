//! Column chunks: their pages, as Parquet wants them, and what is said of them.
//!
//! The crate's own writer takes a value at a time; here a column of a row group is at hand as a
//! whole.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::{Compression, Encoding};
use parquet::bloom_filter::Sbbf;
use parquet::column::page::{CompressedPage, Page, PageWriter as _};
use parquet::column::writer::ColumnCloseResult;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::statistics::{Statistics, ValueStatistics};
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescriptor;

use super::column::{Ints, Levels, Numbered};
use super::dictionary::Dictionary;
use super::write::PAGE_ROWS;
use super::{delta, runs};
use crate::batch::Values;
use crate::settings;

/// Octets of a bound that is worth its place in the footer.
const BOUND_OCTETS: usize = 64;
/// How often a Bloom filter may say yes without cause.
const FALSE_YES: f64 = 0.01;

/// A column chunk, and what the row group has to know of it.
pub(super) type Chunk = (Bytes, ColumnCloseResult);

/// How chunks are compressed; what that takes is kept for the next.
pub(super) struct Squeeze {
    compression: settings::Compression,
    zstd: zstd::bulk::Compressor<'static>,
}

/// What makes the pages of a column chunk.
struct Pages<'a> {
    column: &'a Arc<ColumnDescriptor>,
    squeeze: &'a mut Squeeze,
    encoding: Encoding,
}

/// The rows of a data page, and its values with what stands before them.
struct Data {
    rows: usize,
    nulls: usize,
    /// Levels, not compressed.
    levels: Vec<u8>,
    values: Vec<u8>,
}

impl Squeeze {
    pub(super) fn new(compression: settings::Compression) -> io::Result<Self> {
        Ok(Self {
            compression,
            zstd: zstd::bulk::Compressor::new(1)?,
        })
    }

    fn squeeze(&mut self, octets: &[u8]) -> io::Result<Vec<u8>> {
        match self.compression {
            settings::Compression::Lz4 => Ok(lz4_flex::block::compress(octets)),
            settings::Compression::Zstd => self.zstd.compress(octets),
        }
    }
}

/// Texts, each distinct one once; with a filter when searches ask for its values.
pub(super) fn dictionary(
    dictionary: &Dictionary,
    (column, filtered): (&Arc<ColumnDescriptor>, bool),
    squeeze: &mut Squeeze,
) -> Result<Chunk, ParquetError> {
    let mut pages = Pages {
        column,
        squeeze,
        encoding: Encoding::RLE_DICTIONARY,
    };
    let first = pages.dictionary(dictionary)?;
    let rows = dictionary.index.chunks(PAGE_ROWS);
    let data = rows.map(|index| indexed(dictionary, index, column.max_def_level() > 0));
    let nulls = dictionary.index.iter().filter(|at| **at == Values::NO_KEY);
    let statistics = bounds(
        dictionary.entries.iter().min(),
        dictionary.entries.iter().max(),
        (Some(dictionary.entries.len()), nulls.count()),
    );
    let (octets, mut close) = pages.chunk(Some(first), data, statistics)?;
    if filtered {
        close.bloom_filter = Some(filter(dictionary)?);
    }
    Ok((octets, close))
}

/// Integers.
pub(super) fn ints(
    ints: &Ints,
    column: &Arc<ColumnDescriptor>,
    squeeze: &mut Squeeze,
) -> Result<Chunk, ParquetError> {
    let pages = Pages {
        column,
        squeeze,
        encoding: Encoding::DELTA_BINARY_PACKED,
    };
    let data = data(&ints.levels, column, |values, out| {
        delta::encode(ints.values.get(values).unwrap_or_default(), out);
    });
    let statistics = ValueStatistics::new(
        ints.values.iter().min().copied(),
        ints.values.iter().max().copied(),
        None,
        u64::try_from(ints.levels.rows - ints.values.len()).ok(),
        false,
    );
    pages.chunk(None, data, Statistics::Int64(statistics))
}

/// Row ids.
pub(super) fn numbered(
    numbered: &Numbered,
    column: &Arc<ColumnDescriptor>,
    squeeze: &mut Squeeze,
) -> Result<Chunk, ParquetError> {
    let pages = Pages {
        column,
        squeeze,
        encoding: Encoding::DELTA_BYTE_ARRAY,
    };
    let data = data(&numbered.levels, column, |values, out| {
        numbered.encode(values, out);
    });
    let nulls = numbered.levels.rows - numbered.numbers.len();
    let (least, greatest) = numbered.bounds().unzip();
    let statistics = bounds(least.as_deref(), greatest.as_deref(), (None, nulls));
    pages.chunk(None, data, statistics)
}

/// The pages of values that stand one behind the other; `encode` writes some of them.
fn data<'a>(
    levels: &'a Levels,
    column: &ColumnDescriptor,
    mut encode: impl FnMut(Range<usize>, &mut Vec<u8>) + 'a,
) -> impl Iterator<Item = Data> + 'a {
    let optional = column.max_def_level() > 0;
    let mut next = 0;
    (0..levels.rows).step_by(PAGE_ROWS).map(move |from| {
        let rows = from..(from + PAGE_ROWS).min(levels.rows);
        let some = levels.of(&rows);
        let nulls = some.iter().filter(|level| **level == 0).count();
        let there = rows.len() - nulls;
        let mut page = Data {
            rows: rows.len(),
            nulls,
            levels: Vec::new(),
            values: Vec::new(),
        };
        if optional && nulls == 0 {
            runs::encode_run(1, rows.len(), 1, &mut page.levels);
        } else if optional {
            runs::encode(some, 1, &mut page.levels);
        }
        encode(next..next + there, &mut page.values);
        next += there;
        page
    })
}

/// A page of places in a dictionary.
fn indexed(dictionary: &Dictionary, index: &[u32], optional: bool) -> Data {
    let there = |at: &&u32| **at != Values::NO_KEY;
    let count = index.iter().filter(there).count();
    let width = width_of(dictionary.entries.len());
    let mut page = Data {
        rows: index.len(),
        nulls: index.len() - count,
        levels: Vec::new(),
        values: vec![u8::try_from(width).unwrap_or(32)],
    };
    if count == index.len() {
        if optional {
            runs::encode_run(1, count, 1, &mut page.levels);
        }
        runs::encode(index, width, &mut page.values);
    } else {
        let levels = index.iter().map(|at| u32::from(*at != Values::NO_KEY));
        runs::encode(&levels.collect::<Vec<_>>(), 1, &mut page.levels);
        let there: Vec<u32> = index.iter().filter(there).copied().collect();
        runs::encode(&there, width, &mut page.values);
    }
    page
}

impl Pages<'_> {
    fn chunk(
        mut self,
        dictionary: Option<CompressedPage>,
        data: impl Iterator<Item = Data>,
        statistics: Statistics,
    ) -> Result<Chunk, ParquetError> {
        let mut to = TrackedWrite::new(Vec::with_capacity(1 << 16));
        let mut pages = SerializedPageWriter::new(&mut to);
        let (mut rows, mut plain) = (0, 0);
        let (mut dictionary_at, mut data_at) = (None, None);
        let mut encodings = vec![Encoding::RLE, self.encoding];
        if let Some(page) = dictionary {
            let written = pages.write_page(page)?;
            dictionary_at = Some(signed(written.offset));
            plain += written.uncompressed_size;
            encodings.push(Encoding::PLAIN);
        }
        for data in data {
            rows += data.rows;
            let written = pages.write_page(self.page(&data)?)?;
            data_at.get_or_insert(written.offset);
            plain += written.uncompressed_size;
        }
        let octets = Bytes::from(to.into_inner()?);
        let metadata = ColumnChunkMetaData::builder(Arc::clone(self.column))
            .set_compression(codec(self.squeeze.compression))
            .set_encodings(encodings)
            .set_num_values(signed(rows))
            .set_total_compressed_size(signed(octets.len()))
            .set_total_uncompressed_size(signed(plain))
            .set_dictionary_page_offset(dictionary_at)
            .set_data_page_offset(signed(data_at.unwrap_or(0)))
            .set_statistics(statistics);
        let close = ColumnCloseResult {
            bytes_written: u64::try_from(octets.len()).unwrap_or(u64::MAX),
            rows_written: u64::try_from(rows).unwrap_or(u64::MAX),
            metadata: metadata.build()?,
            bloom_filter: None,
            column_index: None,
            offset_index: None,
        };
        Ok((octets, close))
    }

    /// Each entry with its length before it.
    fn dictionary(&mut self, dictionary: &Dictionary) -> Result<CompressedPage, ParquetError> {
        let entries = &dictionary.entries;
        let mut plain = Vec::with_capacity(entries.octets() + 4 * entries.len());
        for entry in entries.iter() {
            let length = u32::try_from(entry.len()).unwrap_or(u32::MAX);
            plain.extend(length.to_le_bytes());
            plain.extend_from_slice(entry);
        }
        let page = Page::DictionaryPage {
            buf: self.squeeze.squeeze(&plain)?.into(),
            num_values: u32::try_from(entries.len()).unwrap_or(u32::MAX),
            encoding: Encoding::PLAIN,
            is_sorted: false,
        };
        Ok(CompressedPage::new(page, plain.len()))
    }

    fn page(&mut self, data: &Data) -> Result<CompressedPage, ParquetError> {
        let plain = data.levels.len() + data.values.len();
        let small = self.squeeze.squeeze(&data.values)?;
        let is_compressed = small.len() < data.values.len();
        let values = if is_compressed { &small } else { &data.values };
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let page = Page::DataPageV2 {
            buf: [&*data.levels, values].concat().into(),
            num_values: number(data.rows),
            encoding: self.encoding,
            num_nulls: number(data.nulls),
            num_rows: number(data.rows),
            def_levels_byte_len: number(data.levels.len()),
            rep_levels_byte_len: 0,
            is_compressed,
            statistics: None,
        };
        Ok(CompressedPage::new(page, plain))
    }
}

/// The bits that a place among so many entries needs.
fn width_of(entries: usize) -> u32 {
    usize::BITS - entries.saturating_sub(1).leading_zeros()
}

/// Says which values lie before and behind all others; how many different ones there are, and how
/// many rows have none.
fn bounds(
    least: Option<&[u8]>,
    greatest: Option<&[u8]>,
    (distinct, nulls): (Option<usize>, usize),
) -> Statistics {
    let short = |entry: &&[u8]| entry.len() <= BOUND_OCTETS;
    let bound = |entry: Option<&[u8]>| entry.filter(short).map(|e| ByteArray::from(e.to_vec()));
    Statistics::ByteArray(ValueStatistics::new(
        bound(least),
        bound(greatest),
        distinct.and_then(|distinct| u64::try_from(distinct).ok()),
        u64::try_from(nulls).ok(),
        false,
    ))
}

fn filter(dictionary: &Dictionary) -> Result<Sbbf, ParquetError> {
    let entries = u64::try_from(dictionary.entries.len()).unwrap_or(u64::MAX);
    let mut filter = Sbbf::new_with_ndv_fpp(entries.max(1), FALSE_YES)?;
    for entry in dictionary.entries.iter() {
        filter.insert(entry);
    }
    Ok(filter)
}

/// What the footer calls a compression.
pub(super) fn codec(compression: settings::Compression) -> Compression {
    match compression {
        settings::Compression::Lz4 => Compression::LZ4_RAW,
        settings::Compression::Zstd => Compression::ZSTD(parquet::basic::ZstdLevel::default()),
    }
}

fn signed<N: TryInto<i64>>(n: N) -> i64 {
    n.try_into().unwrap_or(i64::MAX)
}
