//! Traffic through caches, in real time.

use std::error::Error;
use std::io::{self, Write};
use std::time::Duration;

use flowlog_exporter_sim::{Counts, Fleet, Tally};
use flowlog_record::Timestamp;

use crate::args::Args;
use crate::sender::{Clock, Sender};

/// Without anything due, look again after that long.
const IDLE: Duration = Duration::from_millis(100);

/// Runs the fleet for as long as asked, then empties the caches and tells what was sent.
pub(crate) fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    let clock = Clock::start();
    let mut fleet = Fleet::new(&args.fleet(), clock.started())?;
    let mut sender = Sender::new(args.to);
    let end = clock.started().plus(i64::from(args.seconds) * 1000);
    loop {
        let now = clock.now().min(end);
        while let Some(datagram) = fleet.poll(now) {
            sender.send(datagram.from, &datagram.octets)?;
        }
        if now >= end {
            break;
        }
        let next = fleet.next_due().unwrap_or(end).min(end);
        let millis = u64::try_from(next.since(clock.started())).unwrap_or_default();
        clock.wait_until(Duration::from_millis(millis).min(clock.elapsed() + IDLE));
    }
    fleet.stop(end);
    while let Some(datagram) = fleet.poll(Timestamp::MAX) {
        sender.send(datagram.from, &datagram.octets)?;
    }
    report(fleet.tallies(), sender.refused)?;
    Ok(())
}

/// One line per Exporter, one for all.
fn report(tallies: &[Tally], refused: u64) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let mut all = (Counts::default(), Counts::default());
    for tally in tallies {
        let after_loss = tally.after_loss();
        all.0 += tally.generated;
        all.1 += after_loss;
        write!(
            out,
            "exporter={} version={} ",
            tally.address,
            tally.version.word()
        )?;
        write_counts(&mut out, &tally.generated, &after_loss)?;
        writeln!(
            out,
            " duplicates={} delayed={} restarts={}",
            tally.duplicates, tally.delayed, tally.restarts
        )?;
    }
    write!(out, "exporter=all version=all ")?;
    write_counts(&mut out, &all.0, &all.1)?;
    writeln!(out, " refused={refused}")
}

fn write_counts(out: &mut impl Write, generated: &Counts, after: &Counts) -> io::Result<()> {
    for (prefix, counts) in [("generated", generated), ("after_loss", after)] {
        let separator = if prefix == "generated" { "" } else { " " };
        write!(
            out,
            "{separator}{prefix}_datagrams={} {prefix}_records={} {prefix}_packets={} {prefix}_octets={}",
            counts.datagrams, counts.records, counts.packets, counts.octets
        )?;
    }
    Ok(())
}
