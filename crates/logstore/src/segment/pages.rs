//! The column chunk of a dictionary: its pages, as Parquet wants them, and what is said of them.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::{Compression, Encoding};
use parquet::bloom_filter::Sbbf;
use parquet::column::page::{CompressedPage, Page, PageWriter as _};
use parquet::column::writer::ColumnCloseResult;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, ColumnChunkMetaDataBuilder};
use parquet::file::statistics::{Statistics, ValueStatistics};
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescriptor;

use super::dictionary::Dictionary;
use super::runs;
use super::write::PAGE_ROWS;
use crate::batch::Values;
use crate::settings;

/// Octets of a bound that is worth its place in the footer.
const BOUND_OCTETS: usize = 64;
/// How often a Bloom filter may say yes without cause.
const FALSE_YES: f64 = 0.01;

/// How a chunk is written.
#[derive(Clone, Debug)]
pub(super) struct Form {
    pub(super) column: Arc<ColumnDescriptor>,
    pub(super) compression: settings::Compression,
    /// Whether searches ask for its values.
    pub(super) filter: bool,
}

/// A column chunk, and what the row group has to know of it.
pub(super) fn chunk(
    dictionary: &Dictionary,
    form: &Form,
) -> Result<(Bytes, ColumnCloseResult), ParquetError> {
    let rows = dictionary.index.len();
    let mut to = TrackedWrite::new(Vec::with_capacity(rows));
    let mut pages = SerializedPageWriter::new(&mut to);
    let first = pages.write_page(dictionary_page(dictionary, form)?)?;
    let mut data_at = None;
    let mut plain = first.uncompressed_size;
    for index in dictionary.index.chunks(PAGE_ROWS) {
        let page = data_page(dictionary, index, form)?;
        let written = pages.write_page(page)?;
        data_at.get_or_insert(written.offset);
        plain += written.uncompressed_size;
    }
    let octets = Bytes::from(to.into_inner()?);
    let metadata = ColumnChunkMetaData::builder(Arc::clone(&form.column))
        .set_compression(codec(form.compression))
        .set_encodings(vec![
            Encoding::PLAIN,
            Encoding::RLE,
            Encoding::RLE_DICTIONARY,
        ])
        .set_num_values(signed(rows))
        .set_total_compressed_size(signed(octets.len()))
        .set_total_uncompressed_size(signed(plain))
        .set_dictionary_page_offset(Some(signed(first.offset)))
        .set_data_page_offset(signed(data_at.unwrap_or(first.bytes_written)));
    let close = ColumnCloseResult {
        bytes_written: u64::try_from(octets.len()).unwrap_or(u64::MAX),
        rows_written: u64::try_from(rows).unwrap_or(u64::MAX),
        metadata: bounded(metadata, dictionary).build()?,
        bloom_filter: filter(dictionary, form)?,
        column_index: None,
        offset_index: None,
    };
    Ok((octets, close))
}

/// Each entry with its length before it.
fn dictionary_page(dictionary: &Dictionary, form: &Form) -> Result<CompressedPage, ParquetError> {
    let mut plain = Vec::new();
    for entry in &dictionary.entries {
        let length = u32::try_from(entry.len()).unwrap_or(u32::MAX);
        plain.extend(length.to_le_bytes());
        plain.extend_from_slice(entry);
    }
    let page = Page::DictionaryPage {
        buf: compress(&plain, form.compression)?.into(),
        num_values: u32::try_from(dictionary.entries.len()).unwrap_or(u32::MAX),
        encoding: Encoding::PLAIN,
        is_sorted: false,
    };
    Ok(CompressedPage::new(page, plain.len()))
}

fn data_page(
    dictionary: &Dictionary,
    index: &[u32],
    form: &Form,
) -> Result<CompressedPage, ParquetError> {
    let there = |at: &&u32| **at != Values::NO_KEY;
    let count = index.iter().filter(there).count();
    let mut octets = Vec::new();
    if form.column.max_def_level() > 0 {
        levels(index, count, &mut octets);
    }
    let levels = octets.len();
    let width = width_of(dictionary.entries.len());
    let mut values = vec![u8::try_from(width).unwrap_or(32)];
    if count == index.len() {
        runs::encode(index, width, &mut values);
    } else {
        let there: Vec<u32> = index.iter().filter(there).copied().collect();
        runs::encode(&there, width, &mut values);
    }
    let plain = levels + values.len();
    let small = compress(&values, form.compression)?;
    let is_compressed = small.len() < values.len();
    octets.extend_from_slice(if is_compressed { &small } else { &values });
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let page = Page::DataPageV2 {
        buf: octets.into(),
        num_values: number(index.len()),
        encoding: Encoding::RLE_DICTIONARY,
        num_nulls: number(index.len() - count),
        num_rows: number(index.len()),
        def_levels_byte_len: number(levels),
        rep_levels_byte_len: 0,
        is_compressed,
        statistics: None,
    };
    Ok(CompressedPage::new(page, plain))
}

/// 1 for each row that has a value, 0 for the others.
fn levels(index: &[u32], there: usize, out: &mut Vec<u8>) {
    if there == index.len() {
        return runs::encode_run(1, index.len(), 1, out);
    }
    let levels: Vec<u32> = index
        .iter()
        .map(|at| u32::from(*at != Values::NO_KEY))
        .collect();
    runs::encode(&levels, 1, out);
}

/// The bits that a place among so many entries needs.
fn width_of(entries: usize) -> u32 {
    usize::BITS - entries.saturating_sub(1).leading_zeros()
}

/// Says which values lie before and behind all others.
fn bounded(
    metadata: ColumnChunkMetaDataBuilder,
    dictionary: &Dictionary,
) -> ColumnChunkMetaDataBuilder {
    let short = |entry: &&Bytes| entry.len() <= BOUND_OCTETS;
    let bound = |entry: Option<&Bytes>| entry.filter(short).cloned().map(ByteArray::from);
    let absent = dictionary.index.iter().filter(|at| **at == Values::NO_KEY);
    let statistics = ValueStatistics::new(
        bound(dictionary.entries.iter().min()),
        bound(dictionary.entries.iter().max()),
        u64::try_from(dictionary.entries.len()).ok(),
        u64::try_from(absent.count()).ok(),
        false,
    );
    metadata.set_statistics(Statistics::ByteArray(statistics))
}

fn filter(dictionary: &Dictionary, form: &Form) -> Result<Option<Sbbf>, ParquetError> {
    if !form.filter {
        return Ok(None);
    }
    let entries = u64::try_from(dictionary.entries.len()).unwrap_or(u64::MAX);
    let mut filter = Sbbf::new_with_ndv_fpp(entries.max(1), FALSE_YES)?;
    for entry in &dictionary.entries {
        filter.insert(&**entry);
    }
    Ok(Some(filter))
}

/// What the footer calls a compression.
pub(super) fn codec(compression: settings::Compression) -> Compression {
    match compression {
        settings::Compression::Lz4 => Compression::LZ4_RAW,
        settings::Compression::Zstd => Compression::ZSTD(parquet::basic::ZstdLevel::default()),
    }
}

fn compress(octets: &[u8], compression: settings::Compression) -> io::Result<Vec<u8>> {
    match compression {
        settings::Compression::Lz4 => Ok(lz4_flex::block::compress(octets)),
        settings::Compression::Zstd => zstd::bulk::compress(octets, 1),
    }
}

fn signed<N: TryInto<i64>>(n: N) -> i64 {
    n.try_into().unwrap_or(i64::MAX)
}
