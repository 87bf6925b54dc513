//! Load: datagrams of one size at an exact rate.

use std::error::Error;
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use flowlog_exporter_sim::{Blaster, Counts};

use crate::args::Args;
use crate::sender::{Clock, Sender};

/// The schedule is looked at once in so many datagrams.
const BURST: u64 = 16;
/// Behind by more than that, the schedule is moved: a paced load stays paced after a stall.
const LATE: Duration = Duration::from_millis(5);

/// One Exporter of the load.
struct Source {
    address: IpAddr,
    blaster: Blaster,
    records: u16,
}

/// Sends for as long as asked, then tells what was sent.
pub(crate) fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    let mut sources = sources(args);
    let mut sender = Sender::new(args.to);
    let clock = Clock::start();
    let wanted = u64::from(args.rate) * u64::from(args.seconds);
    let (mut sent, mut slipped, mut octets) = (Counts::default(), Duration::ZERO, Vec::new());
    while sent.records < wanted {
        for source in &mut sources {
            let counts = source
                .blaster
                .datagram(clock.now(), source.records, &mut octets);
            sender.send(source.address, &octets)?;
            sent += counts;
            if sent.datagrams.is_multiple_of(BURST) {
                slipped += pace(&clock, due(sent.records, args.rate) + slipped);
            }
        }
    }
    let seconds = clock.elapsed().as_secs_f64();
    writeln!(
        io::stdout(),
        "datagrams={} records={} packets={} octets={} seconds={seconds:.3} refused={}",
        sent.datagrams,
        sent.records,
        sent.packets,
        sent.octets,
        sender.refused
    )?;
    Ok(())
}

/// The Exporters, with the flows divided among them.
fn sources(args: &Args) -> Vec<Source> {
    let exporters = args.exporters.max(1);
    let flows = (args.flows / exporters).max(1);
    (0..exporters)
        .zip(args.versions().into_iter().cycle())
        .map(|(number, version)| {
            let records = Blaster::records_per_datagram(version);
            Source {
                address: Ipv4Addr::from_bits(args.first_address.to_bits().wrapping_add(number))
                    .into(),
                blaster: Blaster::new(version, args.seed.wrapping_add(u64::from(number)), flows),
                records: args.records_per_datagram.unwrap_or(records).max(1),
            }
        })
        .collect()
}

/// When so many records are due at that rate.
fn due(records: u64, rate: u32) -> Duration {
    Duration::from_nanos(records.saturating_mul(1_000_000_000 / u64::from(rate.max(1))))
}

/// Waits until `due`; how much later than that it is, if that is too much to catch up with.
fn pace(clock: &Clock, due: Duration) -> Duration {
    clock.wait_until(due);
    let late = clock.elapsed().saturating_sub(due);
    if late > LATE { late } else { Duration::ZERO }
}
