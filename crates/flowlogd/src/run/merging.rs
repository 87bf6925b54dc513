//! The thread that makes rows of what the partitions of all workers say together: `NODATA` and
//! `SKIPDATA`.
//!
//! Workers tell it once a second what their partitions have said, and how far they have come. Its
//! rows go the way of all rows, as those of a partition behind the real ones.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver as Inbox, RecvTimeoutError, Sender, TrySendError};
use flowlog_aggregate::Notice;
use flowlog_pipeline::Merger;
use flowlog_record::Timestamp;

use super::begin::Owned;
use super::delivery::Delivery;
use super::figures::Board;
use super::worker::Handover;

/// How often rows that nobody took are offered again.
const AGAIN: Duration = Duration::from_millis(250);

/// What the merger is told.
#[derive(Debug)]
pub(crate) enum Said {
    /// What the partitions of a worker have said.
    Notices(Vec<Notices>),
    /// How rows are delivered from now on; told before the workers are.
    Change(Arc<Delivery>),
}

/// What one partition has said.
#[derive(Debug)]
pub(crate) struct Notices {
    partition: u16,
    /// Its pipeline time.
    now: Timestamp,
    news: Vec<Notice>,
}

/// What the thread gives back: the merger, and rows that nobody took.
pub(crate) type Ended = (Merger, VecDeque<Handover>);

/// The merger and what connects it with the others. [`Merging::run`] returns it.
#[derive(Debug)]
pub(crate) struct Merging {
    merger: Merger,
    inbox: Inbox<Said>,
    rows: Sender<Handover>,
    board: Arc<Board>,
    delivery: Arc<Delivery>,
    outbox: VecDeque<Handover>,
}

impl Said {
    /// What these partitions have said, and how far they have come.
    pub(crate) fn of(owned: &mut [Owned]) -> Self {
        let notices = owned.iter_mut().map(|owned| Notices {
            partition: owned.number,
            now: owned.partition.now(),
            news: owned.partition.take_notices(),
        });
        Self::Notices(notices.collect())
    }
}

impl Merging {
    pub(crate) fn new(
        merger: Merger,
        inbox: Inbox<Said>,
        rows: Sender<Handover>,
        board: Arc<Board>,
        delivery: Arc<Delivery>,
    ) -> Self {
        Self {
            merger,
            inbox,
            rows,
            board,
            delivery,
            outbox: VecDeque::new(),
        }
    }

    /// Merges until nobody can say anything any more.
    pub(crate) fn run(mut self) -> Ended {
        self.board.merged(self.merger.row_counts());
        // Rows that an earlier run has saved.
        self.hand_over();
        loop {
            match self.hear() {
                Ok(said) => self.take(said),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.hand_over();
        }
        (self.merger, self.outbox)
    }

    fn hear(&self) -> Result<Said, RecvTimeoutError> {
        if self.outbox.is_empty() {
            let said = self.inbox.recv();
            return said.map_err(|_| RecvTimeoutError::Disconnected);
        }
        self.inbox.recv_timeout(AGAIN)
    }

    fn take(&mut self, said: Said) {
        match said {
            Said::Change(delivery) => self.delivery = delivery,
            Said::Notices(all) => {
                for said in all {
                    self.merger
                        .handle_notices(said.partition, said.now, said.news);
                }
                self.merger.advance();
            }
        }
    }

    /// Hands rows over as far as they are taken; the rest waits.
    fn hand_over(&mut self) {
        let rows = self.merger.take_rows();
        if !rows.is_empty() {
            self.board.rows_left(rows.len());
            self.board.merged(self.merger.row_counts());
            self.outbox.push_back(Handover {
                partition: self.merger.number(),
                delivery: Arc::clone(&self.delivery),
                rows: rows.into(),
            });
        }
        while let Some(handover) = self.outbox.pop_front() {
            if let Err(TrySendError::Full(back) | TrySendError::Disconnected(back)) =
                self.rows.try_send(handover)
            {
                self.outbox.push_front(back);
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests;
