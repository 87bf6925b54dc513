//! `LogGroup`s as they are sent: encoded once, compressed, and shared by all attempts.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use flowlog_flowlog::is_own_column;
use flowlog_logstore::ReadGroup;
use flowlog_logstore::batch::{Cell, Group};
use flowlog_sls::log_group::{ContentsWriter, EncodedKey, LogGroupWriter};

use super::Columns;

/// Raw octets of a request, after which it is full.
const FULL_OCTETS: usize = 1 << 20;
/// Logs of a request.
const MOST_LOGS: usize = 4096;
/// Rows of one request.
#[derive(Clone, Debug)]
pub(super) struct Parcel {
    /// Rows of `LogGroup`s that have topic, source and tags in common.
    pieces: Vec<Piece>,
    /// How long the LogGroup is before it is compressed.
    pub(super) raw: usize,
    /// The LogGroup, compressed.
    pub(super) body: Bytes,
}

/// Some rows of a LogGroup.
#[derive(Clone, Debug)]
struct Piece {
    group: ReadGroup,
    rows: Range<usize>,
}

/// Writes rows; its buffers and the keys it knows are kept.
#[derive(Debug, Default)]
pub(super) struct Encoder {
    columns: Columns,
    /// Our own columns have none where they are not wanted.
    keys: BTreeMap<Arc<str>, Option<EncodedKey>>,
    writer: LogGroupWriter,
    scratch: Vec<u8>,
    compressed: Vec<u8>,
}

impl Parcel {
    pub(super) fn rows(&self) -> usize {
        self.pieces.iter().map(|piece| piece.rows.len()).sum()
    }
}

impl Encoder {
    pub(super) fn new(columns: Columns) -> Self {
        Self {
            columns,
            ..Self::default()
        }
    }

    /// The requests for these `LogGroup`s, in their order.
    pub(super) fn parcels(&mut self, groups: &[ReadGroup]) -> Vec<Parcel> {
        let pieces = groups.iter().map(|group| Piece {
            rows: 0..group.group().rows(),
            group: group.clone(),
        });
        self.cut(pieces.collect())
    }

    /// The same rows in two requests; `None` for a single row.
    pub(super) fn split(&mut self, parcel: &Parcel) -> Option<[Vec<Parcel>; 2]> {
        let half = parcel.rows() / 2;
        if half == 0 {
            return None;
        }
        let (mut before, mut behind, mut left) = (Vec::new(), Vec::new(), half);
        for piece in &parcel.pieces {
            let cut = piece.rows.start + left.min(piece.rows.len());
            left -= cut - piece.rows.start;
            let part = |rows: Range<usize>| Piece {
                group: piece.group.clone(),
                rows,
            };
            before.extend((piece.rows.start < cut).then(|| part(piece.rows.start..cut)));
            behind.extend((cut < piece.rows.end).then(|| part(cut..piece.rows.end)));
        }
        Some([self.cut(before), self.cut(behind)])
    }

    fn cut(&mut self, pieces: Vec<Piece>) -> Vec<Parcel> {
        let mut parcels = Vec::new();
        let mut open: Vec<Piece> = Vec::new();
        for piece in pieces {
            let apart = |last: &Piece| !go_together(last.group.group(), piece.group.group());
            if open.last().is_some_and(apart) {
                self.close(&mut open, &mut parcels);
            }
            let Range { mut start, end } = piece.rows;
            while start < end {
                let written = self.write(piece.group.group(), start..end);
                open.push(Piece {
                    group: piece.group.clone(),
                    rows: start..written,
                });
                start = written;
                if self.is_full() {
                    self.close(&mut open, &mut parcels);
                }
            }
        }
        self.close(&mut open, &mut parcels);
        parcels
    }

    fn is_full(&self) -> bool {
        self.writer.octets().len() >= FULL_OCTETS || self.writer.len() >= MOST_LOGS
    }

    /// Writes rows until the request is full; behind which row it is.
    fn write(&mut self, group: &Group, rows: Range<usize>) -> usize {
        let columns = self.columns;
        for column in &group.columns {
            if !self.keys.contains_key(&column.name) {
                let wanted = columns == Columns::All || !is_own_column(&column.name);
                let key = wanted.then(|| EncodedKey::new(&column.name));
                self.keys.insert(Arc::clone(&column.name), key);
            }
        }
        let keys: Vec<_> = group
            .columns
            .iter()
            .map(|column| self.keys.get(&column.name))
            .collect();
        let shown: Vec<_> = group
            .columns
            .iter()
            .zip(keys)
            .filter_map(|(column, key)| Some((key?.as_ref()?, &column.values)))
            .collect();
        for row in rows.clone() {
            let time = group.time.get(row).copied().unwrap_or(0);
            let scratch = &mut self.scratch;
            self.writer.log(time, None, |contents| {
                for (key, values) in &shown {
                    put(contents, key, values.cell(row), scratch);
                }
            });
            if self.writer.octets().len() >= FULL_OCTETS || self.writer.len() >= MOST_LOGS {
                return row + 1;
            }
        }
        rows.end
    }

    /// Ends the request in the making.
    fn close(&mut self, open: &mut Vec<Piece>, parcels: &mut Vec<Parcel>) {
        let pieces = std::mem::take(open);
        let Some(first) = pieces.first() else { return };
        let Group {
            topic,
            source,
            tags,
            ..
        } = first.group.group();
        self.writer.topic(topic.as_bytes());
        self.writer.source(source.as_bytes());
        for (key, value) in tags {
            self.writer.tag(key.as_bytes(), value.as_bytes());
        }
        let raw = self.writer.octets();
        let most = lz4_flex::block::get_maximum_output_size(raw.len());
        self.compressed.resize(most, 0);
        // There is room for the worst case, so that it cannot fail.
        let length = lz4_flex::block::compress_into(raw, &mut self.compressed).unwrap_or(0);
        parcels.push(Parcel {
            raw: raw.len(),
            body: Bytes::copy_from_slice(self.compressed.get(..length).unwrap_or_default()),
            pieces,
        });
        self.writer.clear();
    }
}

fn put(contents: &mut ContentsWriter<'_>, key: &EncodedKey, cell: Cell<'_>, scratch: &mut Vec<u8>) {
    if let Cell::Int(value) = cell {
        contents.integer(key, value);
    } else if let Some(text) = cell.text(scratch) {
        contents.text(key, text);
    }
}

fn go_together(a: &Group, b: &Group) -> bool {
    (&a.topic, &a.source, &a.tags) == (&b.topic, &b.source, &b.tags)
}

#[cfg(test)]
mod tests;
