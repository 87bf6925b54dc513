//! What an owner may choose.

use crate::Position;

/// How a journal is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// A segment is closed before it would grow beyond this; a longer record gets a segment of its
    /// own. Default 64 MiB. Smaller: room is given back in smaller steps, with more files.
    pub segment_octets: u64,
    /// The longest record that [`Journal::append`](super::Journal::append) takes. Default 32 MiB, at most 256 MiB. Records
    /// that are there already are read whatever this says.
    pub record_octets_max: u32,
    /// The next record gets at least this position: for an owner that has seen positions which the
    /// journal has lost, or whose journal is new. Default 0.
    pub first_position: Position,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            segment_octets: 64 * 1024 * 1024,
            record_octets_max: 32 * 1024 * 1024,
            first_position: Position::ZERO,
        }
    }
}
