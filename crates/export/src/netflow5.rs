//! V5 messages: what the version can say of a row, in as many records as it takes.

use core::net::IpAddr;

use flowlog_record::Timestamp;
use flowlog_wire::emit::{Netflow5Builder, Netflow5Record};
use flowlog_wire::netflow5::Header;

use crate::boot::{self, Uptimes};
use crate::process::{ExportingProcess, Message};
use crate::record::Record;
use crate::tally::{Narrowed, NotCarried, Sums, Tally};

/// Records that one row is split into at most, each of up to 4 GiB: 16 TiB, more than a link of
/// 200 Gbit/s carries in ten minutes. A row beyond them is not exported.
pub const MOST_PIECES: u32 = 4096;

/// Mode 1, interval 1: every packet is metered.
const UNSAMPLED: u16 = 1 << 14 | 1;
/// `AS_TRANS`: an AS number that does not fit 16 bits (RFC 6793 §9).
const AS_TRANS: u16 = 23_456;

/// Lends the messages that these records make.
pub(crate) fn export(
    process: &mut ExportingProcess,
    now: Timestamp,
    records: impl Iterator<Item = Record>,
    mut each: impl FnMut(Message<'_>),
) -> Tally {
    let (uptimes, _) = process.uptimes(boot::header_time(now, false));
    let room = process.settings.limit.netflow5_records();
    let mut feed = Feed {
        records,
        uptimes,
        pieces: Pieces::default(),
        tally: Tally::default(),
    };
    let mut next = feed.next();
    while next.is_some() {
        process.buffer.clear();
        let header = header(process, uptimes);
        let mut builder = Netflow5Builder::new(&mut process.buffer, &header);
        while let Some(record) = next {
            let is_full = usize::from(builder.records()) >= room;
            if is_full || builder.record(&record.to_octets()).is_err() {
                break;
            }
            next = feed.next();
        }
        let records = u32::from(builder.records());
        builder.finish();
        process.sequence = process.sequence.wrapping_add(records);
        process.lend(records, 0, &mut feed.tally, &mut each);
    }
    feed.tally
}

fn header(process: &ExportingProcess, uptimes: Uptimes) -> Header {
    let [_, _, engine_type, engine_id] = process.settings.domain.0.to_be_bytes();
    let millis = uptimes.header.millis().rem_euclid(1000);
    Header {
        count: 0,
        sys_uptime: uptimes.now(),
        unix_secs: boot::seconds(uptimes.header),
        unix_nsecs: u32::try_from(millis * 1_000_000).unwrap_or_default(),
        flow_sequence: process.sequence,
        engine_type,
        engine_id,
        sampling_interval: UNSAMPLED,
    }
}

/// Records of rows as V5 has them.
struct Feed<I> {
    records: I,
    uptimes: Uptimes,
    /// What is left of the row before.
    pieces: Pieces,
    tally: Tally,
}

impl<I: Iterator<Item = Record>> Iterator for Feed<I> {
    type Item = Netflow5Record;

    fn next(&mut self) -> Option<Netflow5Record> {
        loop {
            if let Some(piece) = self.pieces.next() {
                return Some(piece);
            }
            let record = self.records.next()?;
            let sums = Sums {
                records: 1,
                packets: record.packets,
                octets: record.octets,
            };
            match pieces(&record, self.uptimes, &mut self.tally) {
                Ok(pieces) => {
                    self.tally.carried += sums;
                    self.pieces = pieces;
                }
                Err(reason) => self.tally.lose(reason, sums),
            }
        }
    }
}

/// The records of a row, whose counters add up to those of the row.
#[derive(Clone, Debug, Default)]
struct Pieces {
    /// All but the counters.
    common: Netflow5Record,
    packets: Share,
    octets: Share,
    left: u32,
}

/// A counter in parts that differ by 1 at most, the larger ones last.
#[derive(Clone, Copy, Debug, Default)]
struct Share(u64);

impl Share {
    /// Takes the next of so many parts that are left.
    fn take(&mut self, parts: u32) -> u32 {
        let part = self.0.checked_div(u64::from(parts)).unwrap_or_default();
        self.0 -= part;
        u32::try_from(part).unwrap_or(u32::MAX)
    }
}

impl Iterator for Pieces {
    type Item = Netflow5Record;

    fn next(&mut self) -> Option<Netflow5Record> {
        let left = self.left.checked_sub(1)?;
        let piece = Netflow5Record {
            packets: self.packets.take(self.left),
            octet_count: self.octets.take(self.left),
            ..self.common
        };
        self.left = left;
        Some(piece)
    }
}

/// What V5 says of a row.
fn pieces(record: &Record, uptimes: Uptimes, tally: &mut Tally) -> Result<Pieces, NotCarried> {
    if record.is_event() {
        return Err(NotCarried::Event);
    }
    let parts = record.packets.max(record.octets).div_ceil(u32::MAX.into());
    let left = u32::try_from(parts)
        .ok()
        .filter(|&parts| parts <= MOST_PIECES)
        .ok_or(NotCarried::Counters)?;
    let (source, destination) = addresses(record)?;
    if record.source.is_none() || record.destination.is_none() {
        tally.narrow(Narrowed::Address);
    }
    let (first, last) = uptimes.of(record.first, record.last, tally);
    let (input, output) = narrow(
        [record.ingress_interface, record.egress_interface],
        0,
        Narrowed::Interface,
        tally,
    );
    let (source_as, destination_as) = narrow(
        [record.source_as, record.destination_as],
        AS_TRANS,
        Narrowed::AsNumber,
        tally,
    );
    let [_, tcp_flags] = record.tcp_flags.to_be_bytes();
    if record.has_upper_flags() {
        tally.narrow(Narrowed::TcpFlags);
    }
    let common = Netflow5Record {
        source,
        destination,
        input,
        output,
        first,
        last,
        source_port: record.source_port,
        destination_port: record.destination_port,
        tcp_flags,
        protocol: record.protocol,
        tos: record.tos,
        source_as,
        destination_as,
        ..Netflow5Record::default()
    };
    Ok(Pieces {
        common,
        packets: Share(record.packets),
        octets: Share(record.octets),
        left,
    })
}

fn addresses(record: &Record) -> Result<([u8; 4], [u8; 4]), NotCarried> {
    let octets = |address| match address {
        None => Ok([0; 4]),
        Some(IpAddr::V4(address)) => Ok(address.octets()),
        Some(IpAddr::V6(_)) => Err(NotCarried::Ipv6),
    };
    Ok((octets(record.source)?, octets(record.destination)?))
}

/// Both numbers in 16 bits, or in place of one that does not fit `otherwise`.
fn narrow(numbers: [u32; 2], otherwise: u16, what: Narrowed, tally: &mut Tally) -> (u16, u16) {
    let [source, destination] = numbers.map(u16::try_from);
    if source.is_err() || destination.is_err() {
        tally.narrow(what);
    }
    (
        source.unwrap_or(otherwise),
        destination.unwrap_or(otherwise),
    )
}

#[cfg(test)]
mod tests;
