//! The thread that brings rows to the Logstore and keeps what it does not take.
//!
//! Appends of different partitions overlap: one sync serves many. Those of one partition do not, for
//! the Logstore takes the rows of a partition in the order of their numbers or not at all: it counts
//! every number below the highest one as stored. What is refused for a reason that passes (the disk
//! is full) waits here, and so does everything behind it; what is not stored when the daemon stops
//! goes back to its partition.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver as Inbox, RecvTimeoutError, Sender};
use flowlog_logstore::{AppendError, Logstore, Receipt};
use flowlog_record::Timestamp;
use tracing::{error, warn};

use super::delivery::Delivery;
use super::figures::Board;
use super::thread::Event;
use super::worker::Handover;

/// Hand-overs that may be on their way to the disk.
const IN_FLIGHT: usize = 64;
/// How long to wait before what was refused is tried again.
const PAUSE: Duration = Duration::from_millis(500);
/// How often what was refused is tried again while the daemon stops, or while the Logstore says that
/// it is closed.
const LAST_TRIES: u32 = 6;

/// Brings rows to the Logstore.
#[derive(Debug)]
pub(crate) struct Deliverer {
    logstore: Arc<Logstore>,
    inbox: Inbox<Handover>,
    /// Disconnected when the daemon stops.
    stopping: Inbox<()>,
    board: Arc<Board>,
    events: Sender<Event>,
    now: fn() -> Timestamp,
    /// In the order in which they came, at most one of each partition.
    in_flight: VecDeque<Shipment>,
    refusals: u64,
    /// Whether rows wait because the Logstore refuses them; others look here.
    refusing: Arc<AtomicBool>,
}

/// A hand-over on its way.
#[derive(Debug)]
struct Shipment {
    handover: Handover,
    receipts: Vec<Receipt>,
    clamped_times: u64,
}

/// What became of a shipment.
#[derive(Debug)]
enum Outcome {
    /// It is stored, but for so many rows that no Logstore takes.
    Done { given_up: usize },
    /// It has to be sent again.
    Again(AppendError),
}

/// What became of all that was in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Settled {
    /// Nothing is left.
    All,
    /// It was sent again.
    Again,
    /// The Logstore takes nothing any more.
    Never,
}

impl Deliverer {
    pub(crate) fn new(
        logstore: Arc<Logstore>,
        (inbox, stopping): (Inbox<Handover>, Inbox<()>),
        board: Arc<Board>,
        events: Sender<Event>,
        (now, refusing): (fn() -> Timestamp, Arc<AtomicBool>),
    ) -> Self {
        Self {
            logstore,
            inbox,
            stopping,
            board,
            events,
            now,
            in_flight: VecDeque::new(),
            refusals: 0,
            refusing,
        }
    }

    /// Delivers until all workers are gone; gives back what could not be stored, in its order.
    pub(crate) fn run(mut self) -> Vec<Handover> {
        while let Ok(handover) = self.inbox.recv() {
            if !self.has_room(handover.partition) && !self.settle_all() {
                self.in_flight.push_back(Shipment::unsent(handover));
                return self.give_back();
            }
            self.send(handover);
            if self.inbox.is_empty() && !self.settle_all() {
                return self.give_back();
            }
        }
        if self.settle_all() {
            return Vec::new();
        }
        self.give_back()
    }

    /// Whether nothing of this partition is in flight, and not too much of others.
    fn has_room(&self, partition: u16) -> bool {
        self.in_flight.len() < IN_FLIGHT
            && !self
                .in_flight
                .iter()
                .any(|shipment| shipment.handover.partition == partition)
    }

    /// Waits until nothing is in flight. Gives up, `false`, when the daemon stops and some tries
    /// more have not helped, or when no try can help.
    fn settle_all(&mut self) -> bool {
        let mut last_tries = LAST_TRIES;
        loop {
            match self.settle() {
                Settled::All => return true,
                Settled::Again if self.pause() => {}
                Settled::Again if last_tries > 0 => {
                    last_tries -= 1;
                    thread::park_timeout(PAUSE);
                }
                Settled::Again => return false,
                Settled::Never => {
                    // The daemon ends because of it; until it does, rows wait with the workers.
                    while self.pause() {}
                    return false;
                }
            }
        }
    }

    /// There is nothing to wait on but time when a disk has no room. Whether the daemon goes on.
    fn pause(&self) -> bool {
        self.stopping.recv_timeout(PAUSE) != Err(RecvTimeoutError::Disconnected)
    }

    fn send(&mut self, handover: Handover) {
        let now = (self.now)();
        let Handover {
            partition,
            delivery,
            rows,
        } = &handover;
        let (batches, clamped_times) = delivery.batches(*partition, rows.iter(), now);
        let receipts = batches
            .into_iter()
            .map(|batch| self.logstore.append(batch))
            .collect();
        self.in_flight.push_back(Shipment {
            handover,
            receipts,
            clamped_times,
        });
    }

    /// Waits for what is in flight. After a refusal what is left is sent again: what the Logstore
    /// has by then, it does not take twice.
    fn settle(&mut self) -> Settled {
        while let Some(mut shipment) = self.in_flight.pop_front() {
            let receipts = std::mem::take(&mut shipment.receipts);
            match outcome(receipts, &shipment.handover.delivery) {
                Outcome::Done { given_up } => self.done(&shipment, given_up),
                Outcome::Again(problem) => {
                    self.in_flight.push_front(shipment);
                    return self.refused(&problem);
                }
            }
        }
        self.refusals = 0;
        self.refusing.store(false, Ordering::Relaxed);
        Settled::All
    }

    fn done(&self, shipment: &Shipment, given_up: usize) {
        let Handover {
            partition, rows, ..
        } = &shipment.handover;
        if given_up > 0 {
            error!(
                rows = given_up,
                partition, "rows that cannot be stored were given up"
            );
        }
        self.board
            .rows_delivered(rows.len(), shipment.clamped_times, given_up);
    }

    fn refused(&mut self, problem: &AppendError) -> Settled {
        self.refusals += 1;
        self.refusing.store(true, Ordering::Relaxed);
        if self.refusals.is_power_of_two() {
            warn!(%problem, times = self.refusals, "rows wait for the Logstore");
        }
        let closed = matches!(problem, AppendError::Closed);
        let final_failure = matches!(problem, AppendError::Journal(journal) if journal.is_final());
        if final_failure || (closed && self.refusals > LAST_TRIES.into()) {
            let problem = format!("the Logstore takes no more rows: {problem}");
            // Without anybody who listens the process is at its end anyway.
            let _ = self.events.send(Event::Broken(problem));
            return Settled::Never;
        }
        if let AppendError::NoSuchLogstore { project, logstore } = problem {
            self.make_logstore(project, logstore);
        }
        for shipment in std::mem::take(&mut self.in_flight) {
            drop(shipment.receipts);
            self.send(shipment.handover);
        }
        Settled::Again
    }

    /// Somebody has deleted the Logstore of a flow log: as at a start, it is made.
    fn make_logstore(&self, project: &str, name: &str) {
        let refused = self.in_flight.front();
        let made = refused.map(|refused| {
            let delivery = &refused.handover.delivery;
            delivery.make_logstore(&self.logstore, (project, name))
        });
        if let Some(Err(problem)) = made {
            warn!(%problem, "the Logstore of a flow log cannot be made again");
        }
    }

    /// Everything that is not stored, until the last worker is gone.
    fn give_back(self) -> Vec<Handover> {
        self.in_flight
            .into_iter()
            .map(|shipment| shipment.handover)
            .chain(self.inbox)
            .collect()
    }
}

impl Shipment {
    fn unsent(handover: Handover) -> Self {
        Self {
            handover,
            receipts: Vec::new(),
            clamped_times: 0,
        }
    }
}

/// Waits for all batches of a shipment. Those that were refused for good do not come again when
/// others do: the Logstore refuses them each time, and the last time they count.
fn outcome(receipts: Vec<Receipt>, delivery: &Delivery) -> Outcome {
    let mut given_up = 0;
    let mut again = None;
    for receipt in receipts {
        let Err(refused) = receipt.wait() else {
            continue;
        };
        match refused.error {
            AppendError::Invalid(_) | AppendError::TooLong => {
                given_up += refused.batch.map_or(0, |batch| batch.rows());
            }
            // It had to be there, by the configuration, and somebody has deleted it.
            AppendError::NoSuchLogstore { project, logstore }
                if !delivery.makes((&project, &logstore)) =>
            {
                given_up += refused.batch.map_or(0, |batch| batch.rows());
            }
            passing => again = Some(passing),
        }
    }
    again.map_or(Outcome::Done { given_up }, Outcome::Again)
}

#[cfg(test)]
mod tests;
