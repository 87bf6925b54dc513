//! The key of a row: its flow.

use std::net::IpAddr;

use flowlog_logstore::batch::{Cell, Group, Values};

/// The octets of a key.
const OCTETS: usize = 37;

/// Makes the keys of a group's rows: 37 octets by which Kafka chooses the partition.
///
/// ```text
///  0               16      18              34      36
/// +----------------+------+----------------+------+----------+
/// | address        | port | address        | port | protocol |
/// +----------------+------+----------------+------+----------+
/// ```
///
/// IPv4 stands as `::ffff:a.b.c.d`, ports are big-endian, what is absent is 0. The lower end comes first,
/// whichever was the source: both directions of a conversation go to the same partition. Rows without
/// addresses (`NODATA`) share one key. The key is no identity of a row: do not compact the
/// topic by it.
#[derive(Clone, Copy, Debug)]
pub struct FlowKey<'a> {
    source: End<'a>,
    destination: End<'a>,
    protocol: Option<&'a Values>,
}

#[derive(Clone, Copy, Debug)]
struct End<'a> {
    address: Option<&'a Values>,
    port: Option<&'a Values>,
}

impl<'a> FlowKey<'a> {
    /// For the rows of a group.
    pub fn of(group: &'a Group) -> Self {
        let end = |address, port| End {
            address: group.column(address),
            port: group.column(port),
        };
        Self {
            source: end("srcaddr", "srcport"),
            destination: end("dstaddr", "dstport"),
            protocol: group.column("protocol"),
        }
    }

    /// The key of a row.
    pub fn row(&self, row: usize) -> [u8; OCTETS] {
        let (source, destination) = (self.source.row(row), self.destination.row(row));
        let (low, high) = if source <= destination {
            (source, destination)
        } else {
            (destination, source)
        };
        let [_, protocol] = number(self.protocol, row);
        let mut key = [0; OCTETS];
        let parts = low.0.iter().chain(&low.1).chain(&high.0).chain(&high.1);
        let octets = parts.chain([&protocol]);
        key.iter_mut()
            .zip(octets)
            .for_each(|(to, from)| *to = *from);
        key
    }
}

impl End<'_> {
    fn row(&self, row: usize) -> ([u8; 16], [u8; 2]) {
        let address = match self.address.map(|values| values.cell(row)) {
            Some(Cell::Address(octets)) => octets,
            Some(Cell::Octets(text)) => parse(text).unwrap_or_default(),
            _ => [0; 16],
        };
        (address, number(self.port, row))
    }
}

/// The address that a text is, in sixteen octets.
fn parse(text: &[u8]) -> Option<[u8; 16]> {
    let address: IpAddr = std::str::from_utf8(text).ok()?.parse().ok()?;
    Some(match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
        IpAddr::V6(v6) => v6.octets(),
    })
}

fn number(values: Option<&Values>, row: usize) -> [u8; 2] {
    let number = values.and_then(|values| values.cell(row).int());
    let number = number.and_then(|number| u16::try_from(number).ok());
    number.unwrap_or_default().to_be_bytes()
}

#[cfg(test)]
mod tests;
