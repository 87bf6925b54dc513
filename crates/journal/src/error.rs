//! What can go wrong with a journal.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::Position;

/// Why the journal could not do what it was asked for. Cheap to clone: one failure reaches every
/// thread that waits.
#[derive(Clone, Debug, thiserror::Error)]
pub enum JournalError {
    /// The operating system refused. A write that failed has been taken back.
    #[error("cannot {doing} {}: {source}", path.display())]
    Io {
        /// The verb: `create`, `write`, `sync`, …
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// The operating system's reason.
        source: Arc<io::Error>,
    },
    /// A record is longer than [`Settings::record_octets_max`](crate::Settings::record_octets_max).
    #[error("a record of {octets} octets exceeds the limit of {limit}")]
    RecordTooLong {
        /// Its length.
        octets: u64,
        /// The limit.
        limit: u32,
    },
    /// Another journal, here or in another process, has the directory.
    #[error("{} is in use by another journal", dir.display())]
    InUse {
        /// The directory.
        dir: PathBuf,
    },
    /// A segment was written by a later version of this program.
    #[error("{} has format version {version}, this program knows {known}", path.display())]
    UnknownVersion {
        /// The segment.
        path: PathBuf,
        /// Its version.
        version: u32,
        /// The version that this program writes.
        known: u32,
    },
    /// An earlier failure left open what is on disk: the journal must be opened again.
    #[error("the journal has failed and must be opened again: {cause}")]
    Failed {
        /// The failure.
        cause: Arc<Self>,
    },
    /// Somebody waits for a record that nobody has appended.
    #[error("there is no record {position} yet: the next one is {next}")]
    NotAppended {
        /// The position asked for.
        position: Position,
        /// The next record's position.
        next: Position,
    },
    /// The position behind 2⁶⁴ − 2 was asked for.
    #[error("the journal has no positions left")]
    PositionsExhausted,
}

impl JournalError {
    /// The disk, or the quota on it, is full: freeing room and trying again may help.
    pub fn is_disk_full(&self) -> bool {
        match self {
            Self::Io { source, .. } => matches!(
                source.kind(),
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
            ),
            Self::Failed { cause } => cause.is_disk_full(),
            _ => false,
        }
    }

    /// The journal refuses everything until it is opened again.
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::Failed { .. })
    }

    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io {
            doing,
            path,
            source: Arc::new(source),
        }
    }
}
