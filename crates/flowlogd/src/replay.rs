//! `flowlogd replay`: captures through the whole pipeline under their own clock.
//!
//! Never sleeps and reads no clock: the epoch is 0, the present is pipeline time, the tables are
//! hashed under a public key. The same captures give the same octets, whatever the number of
//! workers; they share the partitions as the daemon's do.

mod print;

use std::num::NonZeroU16;
use std::thread;

use flowlog_collect::partition_of;
use flowlog_pipeline::{Generation, Ledger, Merger, Partition, Settings};
use flowlog_record::{FlowLogIndex, HashKey, Row, Timestamp};

use crate::capture::{Capture, Captured};
use crate::commands::{Failure, ReplayArgs};
use crate::config::Config;
use crate::output::{Output, say};
use crate::run::Numbered;
use print::Printer;

/// As many as a data directory has.
const PARTITIONS: u16 = 64;
/// Datagrams that the workers are given at a time.
const CHUNK: usize = 8192;

/// `flowlogd replay`.
///
/// # Errors
/// A configuration or a capture that cannot be used; what was whole in it has been printed.
pub fn replay(args: &ReplayArgs) -> Result<(), Failure> {
    let config = args.load()?;
    let mut replay = Replay::new(&config)?;
    let mut output = Output::stdout(args.format);
    let mut printer = Printer::new(&mut output, &config, &replay.numbered);
    let mut problem = None;
    for file in &args.files {
        let mut capture = Capture::open(file)?;
        let read = replay.capture(&mut capture, &mut printer)?;
        if !capture.skipped().is_empty() {
            say(format_args!("{}: {}", file.display(), capture.skipped()));
        }
        if let Err(error) = read {
            problem = Some(Failure::from(error));
            break;
        }
    }
    replay.finish(&mut printer)?;
    printer.ledger(&replay.ledger(), |flow_log| {
        replay.flow_log_ledger(flow_log)
    })?;
    output.finish()?;
    problem.map_or(Ok(()), Err)
}

/// The partitions, and the datagrams that they have not had yet.
struct Replay {
    numbered: Numbered,
    partitions: Vec<Partition>,
    merger: Merger,
    workers: usize,
    pending: Vec<(u16, Captured)>,
    /// Pipeline time: the greatest arrival so far.
    now: Timestamp,
}

impl Replay {
    fn new(config: &Config) -> Result<Self, Failure> {
        let numbered = Numbered::new(config, Vec::new(), Vec::new()).map_err(usage)?;
        let generation: Generation = numbered.generation().map_err(usage)?;
        for warning in numbered.warnings(&generation) {
            say(format_args!("warning: {warning}"));
        }
        let settings = Settings::with_key(HashKey::PUBLIC);
        let partitions = (0..PARTITIONS)
            .map(|_| Partition::new(&settings, &generation))
            .collect();
        let workers = usize::from(config.collect.workers.max(1));
        Ok(Self {
            numbered,
            partitions,
            merger: Merger::new(PARTITIONS),
            workers,
            pending: Vec::new(),
            now: Timestamp::MIN,
        })
    }

    /// Takes a capture to its end, or to where it is damaged: that is the inner result.
    fn capture(
        &mut self,
        capture: &mut Capture,
        printer: &mut Printer<'_>,
    ) -> Result<Result<(), crate::capture::CaptureError>, Failure> {
        let partitions = NonZeroU16::new(PARTITIONS).unwrap_or(NonZeroU16::MIN);
        for captured in capture {
            match captured {
                Ok(captured) => {
                    let partition = partition_of(captured.exporter, partitions);
                    self.pending.push((partition, captured));
                }
                Err(problem) => return Ok(Err(problem)),
            }
            if self.pending.len() >= CHUNK {
                self.advance(printer)?;
            }
        }
        Ok(Ok(()))
    }

    /// Gives the workers what is pending, then lets time go on for all partitions. Where the chunks
    /// end changes no row: ticks never do.
    fn advance(&mut self, printer: &mut Printer<'_>) -> Result<(), Failure> {
        let pending = std::mem::take(&mut self.pending);
        let latest = pending
            .iter()
            .map(|(_, captured)| Timestamp::from_micros(captured.at_us))
            .max();
        self.now = self.now.max(latest.unwrap_or(Timestamp::MIN));
        let (now, workers) = (self.now, self.workers);
        let mut shares: Vec<Vec<(u16, &mut Partition)>> =
            (0..workers).map(|_| Vec::new()).collect();
        for (number, partition) in (0..).zip(&mut self.partitions) {
            if let Some(share) = shares.get_mut(usize::from(number) % workers) {
                share.push((number, partition));
            }
        }
        thread::scope(|scope| {
            for mut share in shares {
                let pending = &pending;
                scope.spawn(move || work(&mut share, pending, now, workers));
            }
        });
        self.merge();
        self.merger.advance();
        self.print(printer)
    }

    /// The merger hears what all partitions have said.
    fn merge(&mut self) {
        for (number, partition) in (0..).zip(&mut self.partitions) {
            let notices = partition.take_notices();
            self.merger.handle_notices(number, partition.now(), notices);
        }
    }

    /// Everything that is open leaves.
    fn finish(&mut self, printer: &mut Printer<'_>) -> Result<(), Failure> {
        self.advance(printer)?;
        self.partitions.iter_mut().for_each(Partition::finish);
        self.merge();
        self.merger.finish();
        self.print(printer)
    }

    /// The rows that have left, in an order that depends on the input alone.
    fn print(&mut self, printer: &mut Printer<'_>) -> Result<(), Failure> {
        let mut rows: Vec<(u16, Row)> = Vec::new();
        for (number, partition) in (0..).zip(&mut self.partitions) {
            rows.extend(partition.take_rows().into_iter().map(|row| (number, row)));
        }
        let merged = self.merger.take_rows().into_iter();
        rows.extend(merged.map(|row| (self.merger.number(), row)));
        rows.sort_by_key(|(partition, row)| (row.left_at, *partition, row.flow_log, row.number));
        for (partition, row) in &rows {
            printer.row(*partition, row)?;
        }
        Ok(())
    }

    fn ledger(&self) -> Ledger {
        let mut sum = Ledger::default();
        self.partitions
            .iter()
            .for_each(|partition| sum += partition.ledger());
        sum
    }

    fn flow_log_ledger(&self, flow_log: FlowLogIndex) -> flowlog_aggregate::FlowLogLedger {
        let mut sum = flowlog_aggregate::FlowLogLedger::default();
        self.partitions
            .iter()
            .for_each(|partition| sum += partition.flow_log_ledger(flow_log));
        let merged = self.merger.row_counts().find(|(of, _)| *of == flow_log);
        sum.rows += merged.map_or(0, |(_, rows)| rows);
        sum
    }
}

fn usage(problem: impl std::fmt::Display) -> Failure {
    Failure::usage(problem.to_string())
}

/// One worker: the datagrams of its partitions in their order, then the time of all.
fn work(
    share: &mut [(u16, &mut Partition)],
    pending: &[(u16, Captured)],
    now: Timestamp,
    workers: usize,
) {
    for (number, captured) in pending {
        let place = usize::from(*number) / workers.max(1);
        if let Some((owned, partition)) = share.get_mut(place)
            && owned == number
        {
            let at = Timestamp::from_micros(captured.at_us);
            let _ = partition.handle_datagram(at, captured.exporter, &captured.payload);
        }
    }
    for (_, partition) in share {
        partition.handle_tick(now);
    }
}
