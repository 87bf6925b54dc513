//! The octets of a capture, with the offset of the record that is being read.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read};

use super::CaptureProblem;

/// Octets that decide a file's format.
const MAGIC: usize = 4;

pub(super) struct Source {
    reader: BufReader<Box<dyn Read>>,
    magic: Vec<u8>,
    offset: u64,
    record: u64,
}

impl Source {
    pub(super) fn new(reader: impl Read + 'static) -> Self {
        Self {
            reader: BufReader::with_capacity(64 * 1024, Box::new(reader)),
            magic: Vec::new(),
            offset: 0,
            record: 0,
        }
    }

    /// The first octets, at most four; they are read again afterwards.
    pub(super) fn peek(&mut self) -> io::Result<&[u8]> {
        let mut magic = Vec::new();
        self.take(MAGIC, &mut magic)?;
        self.offset = 0;
        self.magic = magic;
        Ok(&self.magic)
    }

    /// Marks that a record begins here.
    pub(super) fn begin_record(&mut self) {
        self.record = self.offset;
    }

    /// Where the current record begins.
    pub(super) fn record(&self) -> u64 {
        self.record
    }

    /// Appends the next `wanted` octets of the current record.
    ///
    /// The room grows with what is there, not with what the file claims.
    pub(super) fn fill(&mut self, wanted: usize, into: &mut Vec<u8>) -> Result<(), CaptureProblem> {
        let before = into.len();
        self.take(wanted, into)?;
        if into.len() == before.saturating_add(wanted) {
            return Ok(());
        }
        Err(CaptureProblem::CutShort {
            wanted: length(before.saturating_add(wanted)),
            there: length(into.len()),
        })
    }

    /// Whether the file ends here.
    pub(super) fn at_end(&mut self) -> io::Result<bool> {
        Ok(self.magic.is_empty() && self.reader.fill_buf()?.is_empty())
    }

    /// Appends a line with its line feed, or what is left; at most `limit` octets.
    pub(super) fn line(&mut self, limit: usize, into: &mut Vec<u8>) -> io::Result<()> {
        let before = into.len();
        let head = io::Cursor::new(std::mem::take(&mut self.magic));
        let mut reader = head.chain(&mut self.reader).take(length(limit));
        reader.read_until(b'\n', into)?;
        let (head, _) = reader.into_inner().into_inner();
        let read = usize::try_from(head.position()).unwrap_or(usize::MAX);
        self.magic = head.into_inner().split_off(read.min(MAGIC));
        self.offset += length(into.len() - before);
        Ok(())
    }

    fn take(&mut self, wanted: usize, into: &mut Vec<u8>) -> io::Result<()> {
        let before = into.len();
        let of_magic = wanted.min(self.magic.len());
        into.extend(self.magic.drain(..of_magic));
        let rest = length(wanted - of_magic);
        (&mut self.reader).take(rest).read_to_end(into)?;
        self.offset += length(into.len() - before);
        Ok(())
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source")
            .field("offset", &self.offset)
            .finish_non_exhaustive()
    }
}

fn length(octets: usize) -> u64 {
    u64::try_from(octets).unwrap_or(u64::MAX)
}
