//! Reading records back, while others may be appended.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::path::PathBuf;

use crate::recovery::Segment;
use crate::scan::{Scan, Step};
use crate::{JournalError, Position};

/// A part of one segment that is to be read.
#[derive(Debug)]
pub(crate) struct Span {
    path: PathBuf,
    position: Position,
    offset: u64,
    end: Position,
    end_octets: u64,
}

impl Span {
    /// From the last known offset at or before `from` to what is in the segment now.
    pub(crate) fn of(segment: &Segment, from: Position) -> Self {
        let (position, offset) = segment.seek(from);
        Self {
            path: segment.path.clone(),
            position,
            offset,
            end: segment.end,
            end_octets: segment.octets,
        }
    }
}

/// The records of a journal from a position on: those that were there when the reading began.
///
/// It borrows nothing, holds one file open at a time, and is finished after an error. Segments
/// that are freed meanwhile are left out, as are damaged records: the positions tell.
#[derive(Debug)]
pub struct Records {
    spans: VecDeque<Span>,
    from: Position,
    open: Option<(PathBuf, Scan<File>)>,
    lost_octets: u64,
}

impl Records {
    pub(crate) const fn new(spans: VecDeque<Span>, from: Position) -> Self {
        Self {
            spans,
            from,
            open: None,
            lost_octets: 0,
        }
    }

    /// Octets of damaged frames that were passed over so far.
    pub const fn lost_octets(&self) -> u64 {
        self.lost_octets
    }

    fn finish(&mut self) {
        self.spans.clear();
        self.open = None;
    }

    /// Opens the next span's segment; `false` when there is none.
    fn open_next(&mut self) -> Result<bool, JournalError> {
        while let Some(span) = self.spans.pop_front() {
            match File::open(&span.path) {
                Ok(file) => {
                    let scan = Scan::new(file, span.offset, span.end_octets, span.position)
                        .until(Some(span.end));
                    self.open = Some((span.path, scan));
                    return Ok(true);
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(JournalError::io("open", &span.path)(error)),
            }
        }
        Ok(false)
    }

    fn advance(&mut self) -> Result<Option<(Position, Vec<u8>)>, JournalError> {
        loop {
            let Some((path, scan)) = &mut self.open else {
                if self.open_next()? {
                    continue;
                }
                return Ok(None);
            };
            match scan.step().map_err(JournalError::io("read", path))? {
                Step::Record {
                    position, payload, ..
                } if position >= self.from => return Ok(Some((position, payload.to_vec()))),
                Step::Record { .. } => {}
                Step::Damaged { octets, .. } | Step::Lost { octets, .. } => {
                    self.lost_octets = self.lost_octets.saturating_add(octets);
                }
                Step::End => self.open = None,
            }
        }
    }
}

impl Iterator for Records {
    type Item = Result<(Position, Vec<u8>), JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.advance();
        if !matches!(next, Ok(Some(_))) {
            self.finish();
        }
        next.transpose()
    }
}
