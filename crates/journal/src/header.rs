//! The header of a segment, and the name of its file.

#[cfg(test)]
mod tests;

use crate::Position;

/// Octets before the first frame.
pub(crate) const SEGMENT_HEADER: usize = 32;
/// The same as an offset in a file.
pub(crate) const FIRST_FRAME: u64 = 32;
/// What this program writes.
pub(crate) const VERSION: u32 = 1;

const MAGIC: [u8; 8] = *b"flowjrnl";
const SUFFIX: &str = ".journal";
const UNFINISHED: &str = ".unfinished";
const DIGITS: usize = 20;

/// Where a segment begins, and where the one before it ended when this one was begun: what lies
/// between was left out on purpose, what is missing before it was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    pub(crate) first: Position,
    pub(crate) previous_end: Position,
}

/// What the first octets of a file say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeaderFound {
    /// A good header.
    Good(SegmentHeader),
    /// A good header of a later format.
    UnknownVersion(u32),
    /// Too short, or the checksum does not fit.
    Damaged,
}

impl SegmentHeader {
    pub(crate) fn encode(self) -> [u8; SEGMENT_HEADER] {
        let (version, first, previous) = (
            VERSION.to_le_bytes(),
            self.first.0.to_le_bytes(),
            self.previous_end.0.to_le_bytes(),
        );
        let checksum = checksum_of(&[&MAGIC, &version, &first, &previous]);
        let mut octets = [0; SEGMENT_HEADER];
        let fields: [&[u8]; 5] = [&MAGIC, &version, &checksum.to_le_bytes(), &first, &previous];
        for (to, from) in octets.iter_mut().zip(fields.into_iter().flatten()) {
            *to = *from;
        }
        octets
    }

    pub(crate) fn parse(octets: &[u8]) -> HeaderFound {
        let Some((magic, rest)) = octets.split_first_chunk::<8>() else {
            return HeaderFound::Damaged;
        };
        let Some((version, rest)) = rest.split_first_chunk::<4>() else {
            return HeaderFound::Damaged;
        };
        let Some((checksum, rest)) = rest.split_first_chunk::<4>() else {
            return HeaderFound::Damaged;
        };
        let Some((first, rest)) = rest.split_first_chunk::<8>() else {
            return HeaderFound::Damaged;
        };
        let Some((previous, _)) = rest.split_first_chunk::<8>() else {
            return HeaderFound::Damaged;
        };
        let computed = checksum_of(&[magic, version, first, previous]);
        if *magic != MAGIC || u32::from_le_bytes(*checksum) != computed {
            return HeaderFound::Damaged;
        }
        match u32::from_le_bytes(*version) {
            VERSION => HeaderFound::Good(Self {
                first: Position(u64::from_le_bytes(*first)),
                previous_end: Position(u64::from_le_bytes(*previous)),
            }),
            version => HeaderFound::UnknownVersion(version),
        }
    }
}

/// `00000000000000004711.journal`
pub(crate) fn file_name(first: Position) -> String {
    format!("{first:0DIGITS$}{SUFFIX}", first = first.0)
}

/// Under which name a segment stands until its header is on disk.
pub(crate) fn unfinished_name(first: Position) -> String {
    format!("{first:0DIGITS$}{UNFINISHED}", first = first.0)
}

/// The first position that a file's name states; `None` for a file that is no segment.
pub(crate) fn first_position(name: &str) -> Option<Position> {
    numbered(name, SUFFIX)
}

/// Whether a file is a segment whose making was cut short.
pub(crate) fn is_unfinished(name: &str) -> bool {
    numbered(name, UNFINISHED).is_some()
}

fn numbered(name: &str, suffix: &str) -> Option<Position> {
    let digits = name.strip_suffix(suffix)?;
    if digits.len() != DIGITS || !digits.bytes().all(|octet| octet.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok().map(Position)
}

fn checksum_of(parts: &[&[u8]]) -> u32 {
    let mut checksum = crc32fast::Hasher::new();
    for part in parts {
        checksum.update(part);
    }
    checksum.finalize()
}
