//! How the end of an append is told.

use std::fmt;

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::error::{AppendError, Refused};

/// A batch that is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The cursor of its first LogGroup.
    pub first: i64,
    /// The cursor behind its last LogGroup; equal to `first` when nothing was new.
    pub next: i64,
    /// Rows that were stored.
    pub rows: u64,
    /// Rows that were not stored, because the Logstore had their numbers.
    pub repeated: u64,
}

/// Tells when a batch is on disk.
#[derive(Debug)]
pub struct Receipt(Receiver<Result<Appended, Refused>>);

impl Receipt {
    /// Waits until the batch is on disk.
    ///
    /// # Errors
    /// [`Refused`], with the batch where it is still there.
    pub fn wait(self) -> Result<Appended, Refused> {
        self.0.recv().unwrap_or(Err(Refused {
            error: AppendError::Closed,
            batch: None,
        }))
    }

    /// The outcome, or the receipt when there is none yet.
    ///
    /// # Errors
    /// The receipt itself: ask again later.
    pub fn poll(self) -> Result<Result<Appended, Refused>, Self> {
        match self.0.try_recv() {
            Ok(outcome) => Ok(outcome),
            Err(crossbeam_channel::TryRecvError::Empty) => Err(self),
            Err(crossbeam_channel::TryRecvError::Disconnected) => Ok(Err(Refused {
                error: AppendError::Closed,
                batch: None,
            })),
        }
    }
}

/// Whom to tell.
pub(super) enum Completion {
    Receipt(Sender<Result<Appended, Refused>>),
    Call(Box<dyn FnOnce(Result<Appended, Refused>) + Send>),
}

impl Completion {
    pub(super) fn receipt() -> (Self, Receipt) {
        let (sender, receiver) = bounded(1);
        (Self::Receipt(sender), Receipt(receiver))
    }

    pub(super) fn complete(self, outcome: Result<Appended, Refused>) {
        match self {
            // Nobody may be waiting any more.
            Self::Receipt(sender) => drop(sender.try_send(outcome)),
            Self::Call(done) => done(outcome),
        }
    }
}

impl fmt::Debug for Completion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Completion")
    }
}
