//! Walking over the frames of one segment, good and bad.

#[cfg(test)]
mod tests;

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use crate::Position;
use crate::frame::{FRAME_HEADER, FrameHeader, size};

const READ_AHEAD: usize = 256 * 1024;

/// Octets that can be read at an offset.
pub(crate) trait ReadAt {
    /// As `pread(2)`: how many octets were read; 0 at the end.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;
}

impl ReadAt for File {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        FileExt::read_at(self, buffer, offset)
    }
}

/// What a step over a segment meets.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step<'a> {
    /// A good record.
    Record {
        position: Position,
        offset: u64,
        payload: &'a [u8],
    },
    /// One bad record; the chain of lengths goes on behind it.
    Damaged { offset: u64, octets: u64 },
    /// Nothing good can be found from here to the end; the last step.
    Lost { offset: u64, octets: u64 },
    /// The end.
    End,
}

/// A walk over the frames of one segment, from a frame's offset and position.
#[derive(Debug)]
pub(crate) struct Scan<S> {
    source: S,
    /// Where the next frame begins, and which record it must be.
    offset: u64,
    position: Position,
    /// Where the segment ends, in octets and in positions.
    end: u64,
    stop: Option<Position>,
    buffer: Vec<u8>,
    buffer_at: u64,
}

/// What stands at an offset.
enum Frame {
    Good(u64),
    /// The length that it claims, if one can be believed.
    Bad(Option<u64>),
}

impl<S: ReadAt> Scan<S> {
    /// Walks from the frame of `position` at `offset` to octet `end`.
    pub(crate) fn new(source: S, offset: u64, end: u64, position: Position) -> Self {
        Self {
            source,
            offset,
            position,
            end,
            stop: None,
            buffer: Vec::new(),
            buffer_at: 0,
        }
    }

    /// Ends the walk before `stop`: from there another segment speaks.
    pub(crate) fn until(mut self, stop: Option<Position>) -> Self {
        self.stop = stop;
        self
    }

    /// The next frame.
    pub(crate) fn step(&mut self) -> io::Result<Step<'_>> {
        let (offset, position) = (self.offset, self.position);
        if offset >= self.end {
            return Ok(Step::End);
        }
        let after = match position.next() {
            Some(after) if self.stop.is_none_or(|stop| position < stop) => after,
            _ => return Ok(self.lose_the_rest()),
        };
        match self.frame_at(offset, position)? {
            Frame::Good(octets) => {
                self.offset = offset.saturating_add(octets);
                self.position = after;
                let payload = self.held(offset, octets).get(FRAME_HEADER..).unwrap_or(&[]);
                Ok(Step::Record {
                    position,
                    offset,
                    payload,
                })
            }
            Frame::Bad(Some(octets)) => {
                let next = offset.saturating_add(octets);
                match self.frame_at(next, after)? {
                    Frame::Good(_) => {
                        self.offset = next;
                        self.position = after;
                        Ok(Step::Damaged { offset, octets })
                    }
                    Frame::Bad(_) => Ok(self.lose_the_rest()),
                }
            }
            Frame::Bad(None) => Ok(self.lose_the_rest()),
        }
    }

    fn lose_the_rest<'a>(&mut self) -> Step<'a> {
        let offset = self.offset;
        self.offset = self.end;
        Step::Lost {
            offset,
            octets: self.end.saturating_sub(offset),
        }
    }

    fn frame_at(&mut self, offset: u64, position: Position) -> io::Result<Frame> {
        self.fill(offset, size(FRAME_HEADER))?;
        let Some(header) = self
            .held(offset, size(FRAME_HEADER))
            .first_chunk::<FRAME_HEADER>()
            .and_then(|&octets| FrameHeader::parse(octets))
        else {
            return Ok(Frame::Bad(None));
        };
        let octets = header.octets();
        if offset.saturating_add(octets) > self.end {
            return Ok(Frame::Bad(None));
        }
        self.fill(offset, octets)?;
        let good = self
            .held(offset, octets)
            .get(FRAME_HEADER..)
            .is_some_and(|payload| header.covers(position, payload));
        Ok(if good {
            Frame::Good(octets)
        } else {
            Frame::Bad(Some(octets))
        })
    }

    /// The octets from `offset` on that are in the buffer; empty unless all of them are.
    fn held(&self, offset: u64, octets: u64) -> &[u8] {
        let range = || {
            let from = usize::try_from(offset.checked_sub(self.buffer_at)?).ok()?;
            let to = from.checked_add(usize::try_from(octets).ok()?)?;
            self.buffer.get(from..to)
        };
        range().unwrap_or(&[])
    }

    /// Brings the octets from `offset` on into the buffer, as far as the segment has them.
    fn fill(&mut self, offset: u64, octets: u64) -> io::Result<()> {
        let available = self.end.saturating_sub(offset);
        let wanted = octets.min(available);
        if size(self.held(offset, wanted).len()) == wanted {
            return Ok(());
        }
        let read_ahead = octets.max(size(READ_AHEAD)).min(available);
        self.buffer.clear();
        self.buffer_at = offset;
        self.buffer
            .resize(usize::try_from(read_ahead).unwrap_or(usize::MAX), 0);
        let mut filled = 0;
        while let Some(room) = self
            .buffer
            .get_mut(filled..)
            .filter(|room| !room.is_empty())
        {
            match self
                .source
                .read_at(room, offset.saturating_add(size(filled)))
            {
                Ok(0) => break,
                Ok(read) => filled = filled.saturating_add(read),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.buffer.truncate(filled);
        Ok(())
    }
}
