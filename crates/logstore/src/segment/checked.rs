//! Octets under checksums: a damaged file is found before its content is believed.
//!
//! A segment's checksums, one CRC-32 for each block of the file, stand in the metadata. What the
//! Parquet reader gets to see is what was written, or an error.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt as _;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, Length};

/// The octets under one checksum.
pub(super) const BLOCK: usize = 16 * 1024;

/// Writes a file and sums it up.
pub(super) struct Summing {
    file: File,
    hasher: crc32fast::Hasher,
    /// Octets of the block that is being summed up.
    filled: usize,
    sums: Vec<u32>,
}

impl Summing {
    pub(super) fn new(file: File) -> Self {
        Self {
            file,
            hasher: crc32fast::Hasher::new(),
            filled: 0,
            sums: Vec::new(),
        }
    }

    /// The file and the checksums of its blocks; the last one may be shorter.
    pub(super) fn finish(mut self) -> (File, Vec<u32>) {
        if self.filled > 0 {
            self.sums.push(self.hasher.finalize());
        }
        (self.file, self.sums)
    }
}

impl Write for Summing {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let room = BLOCK - self.filled;
        let part = octets.get(..room).unwrap_or(octets);
        let written = self.file.write(part)?;
        self.hasher.update(part.get(..written).unwrap_or(part));
        self.filled += written;
        if self.filled == BLOCK {
            let hasher = std::mem::replace(&mut self.hasher, crc32fast::Hasher::new());
            self.sums.push(hasher.finalize());
            self.filled = 0;
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Reads a file whose checksums are known.
#[derive(Clone)]
pub(super) struct Checked(Arc<Blocks>);

struct Blocks {
    file: File,
    octets: u64,
    sums: Arc<[u32]>,
    /// The block that was read last: neighbours are read next.
    last: Mutex<Option<(usize, Bytes)>>,
}

impl Checked {
    pub(super) fn new(file: File, sums: Arc<[u32]>) -> io::Result<Self> {
        let octets = file.metadata()?.len();
        let blocks = octets.div_ceil(u64::try_from(BLOCK).unwrap_or(u64::MAX));
        if usize::try_from(blocks).ok() != Some(sums.len()) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the file has another length",
            ));
        }
        Ok(Self(Arc::new(Blocks {
            file,
            octets,
            sums,
            last: Mutex::new(None),
        })))
    }

    /// One whole block.
    fn block(&self, number: usize) -> io::Result<Bytes> {
        let blocks = &*self.0;
        let mut last = blocks.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, block)) = &*last
            && *known == number
        {
            return Ok(block.clone());
        }
        let damaged = |what| io::Error::new(io::ErrorKind::InvalidData, what);
        let sum = blocks
            .sums
            .get(number)
            .ok_or_else(|| damaged("no such block"))?;
        let start = u64::try_from(number * BLOCK).unwrap_or(u64::MAX);
        let length = blocks.octets.saturating_sub(start);
        let mut octets = vec![0; usize::try_from(length).unwrap_or(BLOCK).min(BLOCK)];
        blocks.file.read_exact_at(&mut octets, start)?;
        if crc32fast::hash(&octets) != *sum {
            return Err(damaged("a block has another checksum"));
        }
        let block = Bytes::from(octets);
        *last = Some((number, block.clone()));
        Ok(block)
    }

    /// What is in one block from `start` on, at most `length` octets.
    fn part(&self, start: u64, length: usize) -> io::Result<Bytes> {
        let start = usize::try_from(start).map_err(io::Error::other)?;
        let block = self.block(start / BLOCK)?;
        let from = (start % BLOCK).min(block.len());
        let to = from.saturating_add(length).min(block.len());
        Ok(block.slice(from..to))
    }
}

impl Length for Checked {
    fn len(&self) -> u64 {
        self.0.octets
    }
}

impl ChunkReader for Checked {
    type T = CheckedReader;

    fn get_read(&self, start: u64) -> Result<CheckedReader> {
        Ok(CheckedReader {
            checked: self.clone(),
            at: start,
        })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let wanted = u64::try_from(length).unwrap_or(u64::MAX);
        if start
            .checked_add(wanted)
            .is_none_or(|end| end > self.0.octets)
        {
            return Err(ParquetError::EOF("the file ends too early".to_owned()));
        }
        let first = self.part(start, length)?;
        if first.len() == length {
            return Ok(first);
        }
        let mut all = Vec::with_capacity(length);
        all.extend_from_slice(&first);
        while all.len() < length {
            let at = start.saturating_add(u64::try_from(all.len()).unwrap_or(u64::MAX));
            let part = self.part(at, length - all.len())?;
            if part.is_empty() {
                return Err(ParquetError::EOF("the file ends too early".to_owned()));
            }
            all.extend_from_slice(&part);
        }
        Ok(all.into())
    }
}

/// Reads on from a place.
pub(super) struct CheckedReader {
    checked: Checked,
    at: u64,
}

impl Read for CheckedReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.checked.0.octets {
            return Ok(0);
        }
        let part = self.checked.part(self.at, out.len())?;
        if let Some(out) = out.get_mut(..part.len()) {
            out.copy_from_slice(&part);
        }
        self.at += u64::try_from(part.len()).unwrap_or(0);
        Ok(part.len())
    }
}
