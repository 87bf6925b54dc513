//! The thread that brings rows to the Logstore and keeps what it does not take.
//!
//! Appends of different partitions overlap: one sync serves many. Those of one partition do not, for
//! the Logstore takes the rows of a partition in the order of their numbers or not at all. A batch
//! that is refused for a reason that passes (the disk is full) waits here, and so does everything
//! behind it; what cannot be stored when the daemon stops goes back to its partition.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crossbeam_channel::{Receiver as Inbox, RecvTimeoutError};
use flowlog_logstore::{AppendError, Logstore, Receipt};
use flowlog_record::{Row, Timestamp};
use tracing::{error, warn};

use super::delivery::Delivery;
use super::worker::Handover;
use crate::telemetry::metrics as names;

/// Hand-overs that may be on their way to the disk.
const IN_FLIGHT: usize = 64;
/// How long to wait before what was refused is tried again.
const PAUSE: Duration = Duration::from_millis(500);
/// How often what was refused is tried again while the daemon stops.
const LAST_TRIES: usize = 6;

/// How rows become batches; replaced when the flow logs change.
pub(crate) type Current = Arc<Mutex<Arc<Delivery>>>;

/// Brings rows to the Logstore.
#[derive(Debug)]
pub(crate) struct Deliverer {
    logstore: Arc<Logstore>,
    delivery: Current,
    inbox: Inbox<Handover>,
    now: fn() -> Timestamp,
    in_flight: VecDeque<(Handover, Vec<Receipt>)>,
    figures: Figures,
}

#[derive(Debug, Default)]
struct Figures {
    clamped_times: u64,
    refusals: u64,
}

impl Deliverer {
    pub(crate) fn new(
        logstore: Arc<Logstore>,
        delivery: Current,
        inbox: Inbox<Handover>,
        now: fn() -> Timestamp,
    ) -> Self {
        Self {
            logstore,
            delivery,
            inbox,
            now,
            in_flight: VecDeque::new(),
            figures: Figures::default(),
        }
    }

    /// Delivers until all workers are gone; gives back what could not be stored.
    pub(crate) fn run(mut self) -> Vec<Handover> {
        loop {
            match self.inbox.recv_timeout(PAUSE) {
                Ok(handover) => {
                    self.make_room(handover.partition);
                    self.send(handover);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if self.inbox.is_empty() && !self.settle() {
                Self::wait();
            }
        }
        for _ in 0..LAST_TRIES {
            if self.settle() {
                return Vec::new();
            }
            Self::wait();
        }
        self.in_flight
            .into_iter()
            .map(|(handover, _)| handover)
            .collect()
    }

    /// Waits until nothing of this partition is in flight, and not too much of others.
    fn make_room(&mut self, partition: u16) {
        let mut of_partition = self
            .in_flight
            .iter()
            .map(|(handover, _)| handover.partition);
        if of_partition.any(|other| other == partition) || self.in_flight.len() >= IN_FLIGHT {
            while !self.settle() {
                Self::wait();
            }
        }
    }

    /// There is nothing to wait on but time when a disk has no room.
    fn wait() {
        std::thread::park_timeout(PAUSE);
    }

    fn send(&mut self, handover: Handover) {
        let receipts = self.submit(handover.partition, &handover.rows);
        self.in_flight.push_back((handover, receipts));
    }

    fn submit(&mut self, partition: u16, rows: &[Row]) -> Vec<Receipt> {
        let delivery = Arc::clone(&self.delivery.lock().unwrap_or_else(PoisonError::into_inner));
        let (batches, clamped) = delivery.batches(partition, rows, (self.now)());
        self.figures.clamped_times += clamped;
        names::LOGSTORE_CLAMPED_TIMES.count(&[], self.figures.clamped_times);
        batches
            .into_iter()
            .map(|batch| self.logstore.append(batch))
            .collect()
    }

    /// Waits for what is in flight. After a refusal what is left is sent again: what the Logstore
    /// has by then, it does not take twice. Returns whether nothing is left.
    fn settle(&mut self) -> bool {
        while let Some((handover, receipts)) = self.in_flight.pop_front() {
            let refused = receipts
                .into_iter()
                .filter_map(|receipt| receipt.wait().err())
                .last();
            let Some(refused) = refused else { continue };
            self.say(&handover, &refused.error);
            if matches!(
                refused.error,
                AppendError::Invalid(_) | AppendError::TooLong
            ) {
                continue; // it would be refused for ever, and everything behind it with it
            }
            self.in_flight.push_front((handover, Vec::new()));
            self.send_again();
            return false;
        }
        true
    }

    fn send_again(&mut self) {
        for (handover, receipts) in std::mem::take(&mut self.in_flight) {
            drop(receipts);
            self.send(handover);
        }
    }

    fn say(&mut self, handover: &Handover, problem: &AppendError) {
        self.figures.refusals += 1;
        if matches!(problem, AppendError::Invalid(_) | AppendError::TooLong) {
            let rows = handover.rows.len();
            error!(%problem, rows, partition = handover.partition, "rows cannot be stored");
        } else if self.figures.refusals.is_power_of_two() {
            warn!(%problem, times = self.figures.refusals, "rows wait for the Logstore");
        }
    }
}
