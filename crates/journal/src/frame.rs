//! Frames: how one record lies in a segment.

#[cfg(test)]
mod tests;

use crate::{JournalError, Position};

/// Length and checksum.
pub(crate) const FRAME_HEADER: usize = 8;
/// No record is longer, whatever the settings allow: what a damaged length can make us reserve.
pub(crate) const RECORD_OCTETS_BOUND: u32 = 256 * 1024 * 1024;

/// Puts one frame into `buffer` (emptied first): the gathered parts of one record.
///
/// # Errors
/// [`JournalError::RecordTooLong`].
pub(crate) fn encode(
    buffer: &mut Vec<u8>,
    position: Position,
    parts: &[&[u8]],
    limit: u32,
) -> Result<(), JournalError> {
    let octets: usize = parts.iter().map(|part| part.len()).sum();
    let limit = limit.min(RECORD_OCTETS_BOUND);
    let too_long = || JournalError::RecordTooLong {
        octets: size(octets),
        limit,
    };
    if size(octets) > u64::from(limit) {
        return Err(too_long());
    }
    let length = u32::try_from(octets.saturating_add(FRAME_HEADER)).map_err(|_| too_long())?;
    let mut checksum = checksum_of(length, position);
    for part in parts {
        checksum.update(part);
    }
    buffer.clear();
    buffer.reserve(octets.saturating_add(FRAME_HEADER));
    buffer.extend_from_slice(&length.to_le_bytes());
    buffer.extend_from_slice(&checksum.finalize().to_le_bytes());
    for part in parts {
        buffer.extend_from_slice(part);
    }
    Ok(())
}

/// The first eight octets of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FrameHeader {
    length: u32,
    checksum: u32,
}

impl FrameHeader {
    /// Reads a header; `None` when the length is none that this journal writes.
    pub(crate) fn parse(octets: [u8; FRAME_HEADER]) -> Option<Self> {
        let [l0, l1, l2, l3, c0, c1, c2, c3] = octets;
        let length = u32::from_le_bytes([l0, l1, l2, l3]);
        let payload = usize::try_from(length).ok()?.checked_sub(FRAME_HEADER)?;
        (size(payload) <= u64::from(RECORD_OCTETS_BOUND)).then_some(Self {
            length,
            checksum: u32::from_le_bytes([c0, c1, c2, c3]),
        })
    }

    /// Octets of the whole frame.
    pub(crate) fn octets(self) -> u64 {
        u64::from(self.length)
    }

    /// Whether this is the frame of record `position` with that payload.
    pub(crate) fn covers(self, position: Position, payload: &[u8]) -> bool {
        let mut checksum = checksum_of(self.length, position);
        checksum.update(payload);
        checksum.finalize() == self.checksum
    }
}

/// A length in memory as a length on disk.
pub(crate) fn size(octets: usize) -> u64 {
    u64::try_from(octets).unwrap_or(u64::MAX)
}

fn checksum_of(length: u32, position: Position) -> crc32fast::Hasher {
    let mut checksum = crc32fast::Hasher::new();
    checksum.update(&length.to_le_bytes());
    checksum.update(&position.0.to_le_bytes());
    checksum
}
