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
use flowlog_pipeline::{Generation, Partition};
use flowlog_record::{Row, Timestamp};

use super::figures::{Board, Received};
use super::warnings::Warnings;

/// How long a worker waits for datagrams before it looks at the time.
const WAIT: Duration = Duration::from_millis(250);
/// After a batch with fewer datagrams than this, a worker naps so that the next one is fuller: at a
/// low rate waking up is what costs. The kernel keeps the time of arrival.
const FULL_ENOUGH: usize = 24;
const NAP: Duration = Duration::from_millis(4);
/// The most rows that are handed over at once.
const HANDOVER: usize = 16_384;

/// Rows that left one partition, in their order.
#[derive(Debug)]
pub(crate) struct Handover {
    pub(crate) partition: u16,
    pub(crate) rows: Vec<Row>,
}

/// What a worker is told beside datagrams.
#[derive(Clone, Debug)]
pub(crate) enum Command {
    /// Other flow logs or another inventory.
    Change(Arc<Generation>),
    /// Take what the kernel has queued, then end.
    Stop,
}

/// A partition and its number.
#[derive(Debug)]
pub(crate) struct Owned {
    pub(crate) number: u16,
    pub(crate) partition: Partition,
}

/// What connects a worker with the others.
#[derive(Debug)]
pub(crate) struct Links {
    pub(crate) commands: Inbox<Command>,
    pub(crate) rows: Sender<Handover>,
    /// Set while the process has too much memory: datagrams are shed.
    pub(crate) shed: Arc<AtomicBool>,
    pub(crate) board: Arc<Board>,
}

/// One worker. [`Worker::run`] returns its partitions.
#[derive(Debug)]
pub(crate) struct Worker {
    number: usize,
    partitions: NonZeroU16,
    receiver: Receiver,
    /// How many workers there are.
    workers: usize,
    /// Ascending; the partition with number `n` stands at `n / workers`.
    owned: Vec<Owned>,
    links: Links,
    clock: Clock,
    outbox: VecDeque<Handover>,
    received: Received,
    warnings: Warnings,
    second: i64,
}

impl Worker {
    pub(crate) fn new(
        (number, workers): (usize, usize),
        partitions: NonZeroU16,
        receiver: Receiver,
        owned: Vec<Owned>,
        links: Links,
    ) -> Self {
        Self {
            number,
            workers: workers.max(1),
            partitions,
            receiver,
            owned,
            links,
            clock: Clock::start(),
            outbox: VecDeque::new(),
            received: Received::default(),
            warnings: Warnings::default(),
            second: i64::MIN,
        }
    }

    /// Receives until it is told to stop; gives back what it owns, and rows that nobody took.
    pub(crate) fn run(mut self) -> (Vec<Owned>, VecDeque<Handover>) {
        loop {
            let taken = self.receive(WAIT);
            self.tick();
            self.hand_over();
            match self.links.commands.try_recv() {
                Ok(Command::Change(generation)) => self.change(&generation),
                Ok(Command::Stop) => break,
                Err(_) => {}
            }
            if (1..FULL_ENOUGH).contains(&taken) {
                thread::park_timeout(NAP);
            }
        }
        self.drain();
        (self.owned, self.outbox)
    }

    /// Takes one batch from the kernel; returns how many datagrams it had.
    fn receive(&mut self, wait: Duration) -> usize {
        let received = match self.receiver.receive(wait) {
            Ok(received) => received,
            Err(problem) => {
                self.received.errors += 1;
                self.warnings.receive_failed(&problem);
                return 0;
            }
        };
        if let Some(step) = self.clock.read() {
            self.warnings.clock_stepped(&step);
        }
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
                Some(Owned { partition, .. }) => {
                    apply(
                        partition,
                        (at, from, datagram.octets),
                        shed,
                        &mut self.warnings,
                    );
                }
                // The kernel steers by the same function, so this would be its mistake.
                None => self.received.missteered += 1,
            }
        }
        received.len()
    }

    /// Once a second time goes on for all partitions, and the figures are posted.
    fn tick(&mut self) {
        let now = Timestamp::from_micros(self.clock.now_us());
        if now.seconds() == self.second {
            return;
        }
        self.second = now.seconds();
        for owned in &mut self.owned {
            owned.partition.handle_tick(now);
        }
        self.received.kernel_drops = self.receiver.drops();
        self.post();
    }

    fn post(&self) {
        let waiting = self.outbox.iter().map(|handover| handover.rows.len()).sum();
        self.links
            .board
            .post(self.number, self.received, waiting, &self.owned);
    }

    /// Hands rows over as far as they are taken; the rest waits.
    fn hand_over(&mut self) {
        for owned in self
            .owned
            .iter_mut()
            .filter(|owned| owned.partition.has_rows())
        {
            let mut rows = owned.partition.take_rows();
            while rows.len() > HANDOVER {
                let rest = rows.split_off(HANDOVER);
                self.outbox.push_back(Handover {
                    partition: owned.number,
                    rows,
                });
                rows = rest;
            }
            self.outbox.push_back(Handover {
                partition: owned.number,
                rows,
            });
        }
        while let Some(handover) = self.outbox.pop_front() {
            if let Err(TrySendError::Full(back) | TrySendError::Disconnected(back)) =
                self.links.rows.try_send(handover)
            {
                self.outbox.push_front(back);
                return;
            }
        }
    }

    fn change(&mut self, generation: &Generation) {
        let now = Timestamp::from_micros(self.clock.now_us());
        for owned in &mut self.owned {
            owned.partition.handle_change(now, generation);
        }
    }

    /// What the kernel has queued is not lost by a planned stop; bounded, for senders go on.
    fn drain(&mut self) {
        for _ in 0..4096 {
            if self.receive(Duration::ZERO) == 0 {
                break;
            }
        }
        self.hand_over();
        self.received.kernel_drops = self.receiver.drops();
        self.post();
    }
}

fn apply(
    partition: &mut Partition,
    (at, from, octets): (Timestamp, IpAddr, &[u8]),
    shed: bool,
    warnings: &mut Warnings,
) {
    if shed {
        return partition.handle_shed(at);
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
