//! A worker: one thread that receives, and owns the partitions that its sockets feed.
//!
//! Its loop is the second of the five files of the hot path: datagrams come from `collect`, go into
//! their partition, and rows leave for the Logstore. No lock, no queue and no allocation per
//! datagram; between threads travel batches of rows. When the Logstore is slow, rows wait here and
//! receiving goes on.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::num::NonZeroU16;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver as Inbox, Sender, TrySendError};
use flowlog_collect::{Clock, Receiver, partition_of};
use flowlog_decode::Outcome;
use flowlog_pipeline::{Generation, Partition, RowBlocks};
use flowlog_record::Timestamp;
use flowlog_sink::OwnSockets;

use super::application::Application;
use super::begin::Owned;
use super::delivery::Delivery;
use super::figures::{Board, Received};
use super::merging::Said;
use super::warnings::Warnings;

/// How long a worker waits for datagrams before it looks at the time.
const WAIT: Duration = Duration::from_millis(250);
/// How long a worker leaves a socket alone that the kernel refuses to read.
const REFUSED: Duration = Duration::from_millis(4);
/// The most rows that are handed over at once: at most one batch of the Logstore per flow log.
const HANDOVER: usize = 8_192;
/// Batches that are taken from the kernel at the end: senders may go on for ever.
const LAST_BATCHES: usize = 8192;

/// Rows that left one partition, in their order.
#[derive(Debug)]
pub(crate) struct Handover {
    pub(crate) partition: u16,
    /// How they become batches: by the flow logs under which they left.
    pub(crate) delivery: Arc<Delivery>,
    pub(crate) rows: RowBlocks,
}

/// What a worker is told beside datagrams.
#[derive(Clone, Debug)]
pub(crate) enum Command {
    /// Everything is there: begin.
    Begin,
    /// Other flow logs or another inventory, how rows are delivered from then on, and whom to tell
    /// when that holds.
    Change(Arc<Generation>, Arc<Delivery>, Arc<Application>),
    /// Take what the kernel has queued, then end.
    Stop,
}

/// What connects a worker with the others.
#[derive(Clone, Debug)]
pub(crate) struct Links {
    pub(crate) rows: Sender<Handover>,
    /// What the partitions say of watched resources.
    pub(crate) notices: Sender<Said>,
    /// Set while the process has too much memory: datagrams are shed.
    pub(crate) shed: Arc<AtomicBool>,
    /// The sockets from which we export: what comes from them is refused, or a loop could form.
    pub(crate) own: OwnSockets,
    pub(crate) board: Arc<Board>,
    pub(crate) delivery: Arc<Delivery>,
}

/// What a worker gives back: its partitions, and rows that nobody took.
pub(crate) type Ended = (Vec<Owned>, VecDeque<Handover>);

/// One worker. [`Worker::run`] returns its partitions.
#[derive(Debug)]
pub(crate) struct Worker {
    number: usize,
    /// How many workers there are.
    workers: usize,
    partitions: NonZeroU16,
    receiver: Receiver,
    /// Ascending; the partition with number `n` stands at `n / workers`.
    owned: Vec<Owned>,
    commands: Inbox<Command>,
    links: Links,
    clock: Clock,
    outbox: VecDeque<Handover>,
    received: Received,
    warnings: Warnings,
    second: i64,
}

impl Worker {
    pub(crate) fn new(
        (number, workers, partitions): (usize, usize, NonZeroU16),
        receiver: Receiver,
        owned: Vec<Owned>,
        commands: Inbox<Command>,
        links: Links,
    ) -> Self {
        Self {
            number,
            workers: workers.max(1),
            partitions,
            receiver,
            owned,
            commands,
            links,
            clock: Clock::start(),
            outbox: VecDeque::new(),
            received: Received::default(),
            warnings: Warnings::default(),
            second: i64::MIN,
        }
    }

    /// Waits for [`Command::Begin`], receives until it is told to stop, and takes then what the
    /// kernel has.
    pub(crate) fn run(mut self) -> Ended {
        // Told to stop before it began, or the start failed: the kernel keeps what it has.
        if matches!(self.commands.recv(), Ok(Command::Begin)) {
            while !self.turn() {}
            self.drain();
        }
        (self.owned, self.outbox)
    }

    /// Receives once and does what is due; whether the worker shall end.
    fn turn(&mut self) -> bool {
        let errors = self.received.errors;
        let taken = self.receive(WAIT).taken;
        self.tick();
        self.hand_over();
        match self.commands.try_recv() {
            Ok(Command::Change(generation, delivery, application)) => {
                self.change(&generation, delivery);
                application.worker_done();
            }
            Ok(Command::Stop) => return true,
            Ok(Command::Begin) | Err(_) => {}
        }
        let refused = taken == 0 && self.received.errors > errors;
        let nap = if refused {
            Some(REFUSED)
        } else {
            self.receiver.nap(self.clock.now_us())
        };
        if let Some(nap) = nap {
            thread::park_timeout(nap);
        }
        false
    }

    /// Takes one batch from the kernel.
    fn receive(&mut self, wait: Duration) -> Batch {
        let outcome = self.receiver.receive(wait);
        if let Some(step) = self.clock.read() {
            self.warnings.clock_stepped(&step);
        }
        let received = match outcome {
            Ok(received) => received,
            Err(problem) => {
                self.received.errors += 1;
                self.warnings.receive_failed(&problem);
                return Batch::default();
            }
        };
        let shed = self.links.shed.load(Ordering::Relaxed);
        for datagram in &received {
            self.received.datagrams += 1;
            self.received.octets += u64::try_from(datagram.octets.len()).unwrap_or(0);
            let at = Timestamp::from_micros(self.clock.arrival_us(datagram.at_us));
            let from = datagram.from.ip();
            let number = partition_of(from, self.partitions);
            let place = usize::from(number) / self.workers;
            match self
                .owned
                .get_mut(place)
                .filter(|owned| owned.number == number)
            {
                Some(owned) if self.links.own.contains(datagram.from) => {
                    owned.partition.handle_own(at);
                }
                Some(owned) => {
                    apply(
                        &mut owned.partition,
                        (at, from, datagram.octets),
                        shed,
                        &mut self.warnings,
                    );
                    hand_over_many(owned, &mut self.outbox, &self.links);
                }
                // The kernel steers by the same function, so this would be its mistake.
                None => self.received.missteered += 1,
            }
        }
        Batch {
            taken: received.len(),
            woken: received.woken(),
        }
    }

    /// Once a second time goes on for all partitions, and the figures are posted.
    fn tick(&mut self) {
        let now = Timestamp::from_micros(self.clock.now_us());
        if now.seconds() == self.second {
            return;
        }
        self.second = now.seconds();
        let dropped = self.receiver.drops() > self.received.kernel_drops;
        for owned in &mut self.owned {
            owned.partition.handle_tick(now);
            if dropped {
                owned.partition.handle_kernel_drops(now);
            }
            hand_over_many(owned, &mut self.outbox, &self.links);
        }
        // When nobody listens any more, the daemon ends and has been told why.
        let _ = self.links.notices.send(Said::of(&mut self.owned));
        self.post();
    }

    fn post(&mut self) {
        self.received.kernel_drops = self.receiver.drops();
        self.received.suppressed_warnings = self.warnings.suppressed();
        self.links
            .board
            .post(self.number, self.received, &self.owned);
    }

    /// Hands rows over as far as they are taken; the rest waits.
    fn hand_over(&mut self) {
        for owned in self.owned.iter_mut().filter(|it| it.partition.has_rows()) {
            queue(owned, &mut self.outbox, &self.links);
        }
        send(&mut self.outbox, &self.links);
    }

    /// Rows that are due by now leave under the flow logs that held until now.
    fn change(&mut self, generation: &Generation, delivery: Arc<Delivery>) {
        let now = Timestamp::from_micros(self.clock.now_us());
        for owned in &mut self.owned {
            owned.partition.handle_tick(now);
        }
        self.hand_over();
        self.links.delivery = delivery;
        for owned in &mut self.owned {
            owned.partition.handle_change(now, generation);
        }
        self.hand_over();
    }

    /// What the kernel has queued is not lost by a planned stop; bounded, for senders go on.
    fn drain(&mut self) {
        for _ in 0..LAST_BATCHES {
            let Batch { taken, woken } = self.receive(Duration::ZERO);
            // A wake that came with the command says nothing of the sockets.
            if taken == 0 && !woken {
                break;
            }
        }
        self.hand_over();
        self.post();
    }
}

/// What one call to the kernel brought.
#[derive(Clone, Copy, Debug, Default)]
struct Batch {
    taken: usize,
    woken: bool,
}

/// Hands the rows of a partition over if they are many: they are stored while those of the next one
/// leave. Few wait until more has been received.
fn hand_over_many(owned: &mut Owned, outbox: &mut VecDeque<Handover>, links: &Links) {
    if owned.partition.has_full_block() {
        queue(owned, outbox, links);
        send(outbox, links);
    }
}

/// Puts what has left a partition behind what waits.
fn queue(owned: &mut Owned, outbox: &mut VecDeque<Handover>, links: &Links) {
    let mut all = owned.partition.take_blocks();
    links.board.rows_left(all.len());
    while let Some(rows) = all.split_front(HANDOVER) {
        outbox.push_back(Handover {
            partition: owned.number,
            delivery: Arc::clone(&links.delivery),
            rows,
        });
    }
}

/// Hands over what waits, as far as it is taken.
fn send(outbox: &mut VecDeque<Handover>, links: &Links) {
    while let Some(handover) = outbox.pop_front() {
        if let Err(TrySendError::Full(back) | TrySendError::Disconnected(back)) =
            links.rows.try_send(handover)
        {
            outbox.push_front(back);
            return;
        }
    }
}

fn apply(
    partition: &mut Partition,
    (at, from, octets): (Timestamp, IpAddr, &[u8]),
    shed: bool,
    warnings: &mut Warnings,
) {
    if shed {
        return partition.handle_shed(at, from);
    }
    let decoded = partition.handle_datagram(at, from, octets);
    if !matches!(
        decoded.outcome,
        Outcome::Accepted {
            partly_malformed: false
        }
    ) {
        warnings.datagram(at, from, &decoded.outcome);
    }
}

#[cfg(test)]
mod tests;
