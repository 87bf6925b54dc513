//! What can go wrong, for whoever opens, changes or appends; queries answer as the service does.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flowlog_journal::JournalError;

use crate::batch::{Batch, InvalidBatch};

/// Why a Logstore could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The operating system refused.
    #[error("cannot use {}: {source}", path.display())]
    Io {
        /// What was to be used.
        path: PathBuf,
        /// Why it could not.
        source: io::Error,
    },
    /// The metadata cannot be read, or was written by a newer program.
    #[error("cannot read the metadata: {0}")]
    Metadata(#[from] rusqlite::Error),
    /// A journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// What the metadata holds is not ours.
    #[error("the metadata is not sound: {0}")]
    Unsound(String),
}

impl OpenError {
    pub(crate) fn io(path: &Path) -> impl Fn(io::Error) -> Self {
        move |source| Self::Io {
            path: path.to_path_buf(),
            source,
        }
    }
}

/// Why a Project or a Logstore could not be made, changed or deleted.
#[derive(Debug, thiserror::Error)]
pub enum ManageError {
    /// A name that is none: 3 to 63 of `a-z 0-9 -` (Logstores also `_`), first and last a letter
    /// or digit.
    #[error("{0:?} is not a valid name")]
    InvalidName(String),
    /// A ttl of 0 or more than 3650 days, or a number of shards other than 1 to 256.
    #[error("{0} is out of range")]
    OutOfRange(&'static str),
    /// There is no Project of this name.
    #[error("the project {0:?} does not exist")]
    NoSuchProject(String),
    /// There is no Logstore of this name.
    #[error("the logstore {0:?} does not exist")]
    NoSuchLogstore(String),
    /// There is a Project of this name.
    #[error("the project {0:?} already exists")]
    ProjectExists(String),
    /// There is a Logstore of this name.
    #[error("the logstore {0:?} already exists")]
    LogstoreExists(String),
    /// The change could not be brought to disk.
    #[error("cannot write the metadata: {0}")]
    Metadata(#[from] rusqlite::Error),
    /// A shard could not be made.
    #[error(transparent)]
    Open(#[from] OpenError),
}

/// Why a shard could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// There is no such Project or Logstore.
    #[error("there is no logstore {logstore:?} in a project {project:?}")]
    NoSuchLogstore {
        /// The Project asked for.
        project: Arc<str>,
        /// The Logstore asked for.
        logstore: Arc<str>,
    },
    /// The Logstore has no shard of this number.
    #[error("there is no shard {0}")]
    NoSuchShard(u32),
    /// A segment cannot be read, and cannot be set aside.
    #[error("{0}")]
    Segment(String),
}

/// Why a batch was not stored.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AppendError {
    /// The batch is not valid.
    #[error(transparent)]
    Invalid(#[from] InvalidBatch),
    /// The batch is too long for one record of the journal.
    #[error("the batch is too long for one record")]
    TooLong,
    /// There is no such Project or Logstore.
    #[error("there is no logstore {logstore:?} in a project {project:?}")]
    NoSuchLogstore {
        /// The Project asked for.
        project: Arc<str>,
        /// The Logstore asked for.
        logstore: Arc<str>,
    },
    /// The disk, or the budget, is full, and there is nothing left to delete.
    #[error("the disk is full")]
    Full,
    /// The journal failed; the shard takes no more until the program is started again.
    #[error(transparent)]
    Journal(JournalError),
    /// The Logstore is being closed.
    #[error("the logstore is closed")]
    Closed,
}

/// A batch that was not stored, and the batch itself wherever it is still there, to try again.
#[derive(Debug)]
pub struct Refused {
    /// Why.
    pub error: AppendError,
    /// What was not stored.
    pub batch: Option<Box<Batch>>,
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for Refused {}
