//! One journal for many threads: all append, one `fdatasync` makes them durable together.

#[cfg(test)]
mod tests;

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::{Journal, JournalError, Position, Records};

/// A [`Journal`] that threads share. Clones are handles to the same journal.
///
/// The first thread that waits leads: it syncs for all records appended so far, without holding up
/// those who append meanwhile; they are served by the next sync. There is no thread of its own, and
/// nothing to stop. An error of the sync reaches every thread whose record it leaves open.
#[derive(Clone, Debug)]
pub struct GroupCommit {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// A sync has ended.
    changed: Condvar,
    max_delay: Duration,
}

#[derive(Debug)]
struct State {
    journal: Journal,
    /// A thread is leading.
    syncing: bool,
}

impl GroupCommit {
    /// Shares `journal`. A leader waits `max_delay` for company before it syncs: 0 (sync at once;
    /// what comes during a sync shares the next) is right for nearly everyone, 1–2 ms trades
    /// latency for fewer syncs on slow disks.
    pub fn new(journal: Journal, max_delay: Duration) -> Self {
        Self {
            shared: Arc::new(Shared {
                state: Mutex::new(State {
                    journal,
                    syncing: false,
                }),
                changed: Condvar::new(),
                max_delay,
            }),
        }
    }

    /// Appends one record; it is not yet durable.
    ///
    /// # Errors
    /// As [`Journal::append`].
    pub fn append(&self, parts: &[&[u8]]) -> Result<Position, JournalError> {
        let octets = parts.iter().map(|part| part.len()).sum();
        let mut state = self.lock();
        while state.syncing && state.journal.would_roll(crate::frame::size(octets)) {
            state = self.wait(state);
        }
        state.journal.append(parts)
    }

    /// Waits until record `position` is on disk, syncing if nobody else does.
    ///
    /// # Errors
    /// [`JournalError::Failed`]: the record is not durable and never will be;
    /// [`JournalError::NotAppended`].
    pub fn wait_durable(&self, position: Position) -> Result<(), JournalError> {
        let mut state = self.lock();
        loop {
            let journal = &state.journal;
            if position < journal.durable() {
                return Ok(());
            }
            if let Some(failure) = journal.failure() {
                return Err(failure.clone());
            }
            if position >= journal.next() {
                return Err(JournalError::NotAppended {
                    position,
                    next: journal.next(),
                });
            }
            state = if state.syncing {
                self.wait(state)
            } else {
                self.lead(state)
            };
        }
    }

    /// Appends one record and waits until it is on disk.
    ///
    /// # Errors
    /// As [`append`](Self::append) and [`wait_durable`](Self::wait_durable).
    pub fn commit(&self, parts: &[&[u8]]) -> Result<Position, JournalError> {
        let position = self.append(parts)?;
        self.wait_durable(position)?;
        Ok(position)
    }

    /// Makes all that is appended durable; returns the position behind it.
    ///
    /// # Errors
    /// As [`Journal::sync`].
    pub fn sync(&self) -> Result<Position, JournalError> {
        let last = self.next().0.checked_sub(1).map(Position);
        if let Some(last) = last.filter(|&last| last >= self.durable()) {
            self.wait_durable(last)?;
        }
        Ok(self.durable())
    }

    /// As [`Journal::roll`].
    ///
    /// # Errors
    /// As [`Journal::roll`].
    pub fn roll(&self) -> Result<(), JournalError> {
        let mut state = self.lock();
        while state.syncing {
            state = self.wait(state);
        }
        state.journal.roll()
    }

    /// As [`Journal::free_before`].
    ///
    /// # Errors
    /// As [`Journal::free_before`].
    pub fn free_before(&self, position: Position) -> Result<u64, JournalError> {
        self.lock().journal.free_before(position)
    }

    /// As [`Journal::read`]; the reading itself holds up nobody.
    pub fn read(&self, from: Position) -> Records {
        self.lock().journal.read(from)
    }

    /// As [`Journal::first`].
    pub fn first(&self) -> Position {
        self.lock().journal.first()
    }

    /// As [`Journal::next`].
    pub fn next(&self) -> Position {
        self.lock().journal.next()
    }

    /// As [`Journal::durable`].
    pub fn durable(&self) -> Position {
        self.lock().journal.durable()
    }

    /// As [`Journal::disk_octets`].
    pub fn disk_octets(&self) -> u64 {
        self.lock().journal.disk_octets()
    }

    /// As [`Journal::failure`].
    pub fn failure(&self) -> Option<JournalError> {
        self.lock().journal.failure().cloned()
    }

    /// Syncs for all who have appended by then.
    fn lead<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        state.syncing = true;
        if !self.shared.max_delay.is_zero() {
            let waited =
                self.shared
                    .changed
                    .wait_timeout_while(state, self.shared.max_delay, |_| true);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        if let Some(sync) = state.journal.begin_sync() {
            drop(state);
            let outcome = sync.run();
            state = self.lock();
            // A failure stays in the journal, where every waiter finds it.
            drop(state.journal.finish_sync(&sync, outcome));
        }
        state.syncing = false;
        self.shared.changed.notify_all();
        state
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let changed = &self.shared.changed;
        changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        let state = self.shared.state.lock();
        state.unwrap_or_else(PoisonError::into_inner)
    }
}
