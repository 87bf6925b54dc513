//! NetFlow V5: a header of 24 octets and up to 30 records of 48.
//!
//! ```text
//!  0                   1                   2                   3
//! |        version = 5            |             count             |
//! |                           SysUptime                           |
//! |                           unix_secs                           |
//! |                           unix_nsecs                          |
//! |                         flow_sequence                         |
//! |  engine_type  |   engine_id   |       sampling_interval       |
//! ```
//!
//! The records that are there are read, whatever the count promises: no more than it says, no
//! more than there are octets for.

use core::iter::FusedIterator;

use crate::{Malformed, Problem};

/// Octets of the header.
pub const HEADER_LENGTH: usize = 24;
/// Octets of a record.
pub const RECORD_LENGTH: usize = 48;

/// Records that a packet holds at most.
pub const MAX_RECORDS: u16 = 30;

/// One export packet.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    header: &'a [u8; HEADER_LENGTH],
    records: &'a [[u8; RECORD_LENGTH]],
    trailing: &'a [u8],
}

/// The header, in host order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// Records in the packet, as sent.
    pub count: u16,
    /// Milliseconds since the Exporter's boot.
    pub sys_uptime: u32,
    /// Export time: seconds of the epoch.
    pub unix_secs: u32,
    /// Export time: residual nanoseconds.
    pub unix_nsecs: u32,
    /// Records exported before this packet, by this engine.
    pub flow_sequence: u32,
    /// Type of the switching engine.
    pub engine_type: u8,
    /// Slot of the switching engine.
    pub engine_id: u8,
    /// Mode of sampling in the upper two bits, interval in the lower fourteen.
    pub sampling_interval: u16,
}

/// One record: a view of 48 octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a>(&'a [u8; RECORD_LENGTH]);

/// The records of a message.
#[derive(Clone, Debug)]
pub struct Records<'a>(core::slice::Iter<'a, [u8; RECORD_LENGTH]>);

impl<'a> Message<'a> {
    /// A view of a datagram whose version word is 5; the word itself is not looked at.
    ///
    /// # Errors
    /// [`Problem::ShortHeader`] for fewer than 24 octets.
    pub fn parse(octets: &'a [u8]) -> Result<Self, Malformed> {
        let Some((header, body)) = octets.split_first_chunk() else {
            return Err(Malformed::short_header(octets));
        };
        let count = usize::from(u16::from_be_bytes([header[2], header[3]]));
        let (whole, _) = body.as_chunks();
        let records = whole.get(..count).unwrap_or(whole);
        let trailing = body.get(records.as_flattened().len()..).unwrap_or_default();
        Ok(Self {
            header,
            records,
            trailing,
        })
    }

    /// The header.
    pub const fn header(&self) -> Header {
        let o = self.header;
        Header {
            count: u16::from_be_bytes([o[2], o[3]]),
            sys_uptime: u32::from_be_bytes([o[4], o[5], o[6], o[7]]),
            unix_secs: u32::from_be_bytes([o[8], o[9], o[10], o[11]]),
            unix_nsecs: u32::from_be_bytes([o[12], o[13], o[14], o[15]]),
            flow_sequence: u32::from_be_bytes([o[16], o[17], o[18], o[19]]),
            engine_type: o[20],
            engine_id: o[21],
            sampling_interval: u16::from_be_bytes([o[22], o[23]]),
        }
    }

    /// The records that are there.
    pub fn records(&self) -> Records<'a> {
        Records(self.records.iter())
    }

    /// The octets of all records that are there, behind each other: a multiple of 48.
    pub const fn record_octets(&self) -> &'a [u8] {
        self.records.as_flattened()
    }

    /// The octets behind the last record.
    ///
    /// Some Exporters send a few, and what glued datagrams together sends many; neither spoils
    /// the records. With an [error](Self::error) they are a record cut short.
    pub const fn trailing(&self) -> &'a [u8] {
        self.trailing
    }

    /// [`Problem::CountPastEnd`] at the count, when it promises more records than there are.
    pub fn error(&self) -> Option<Malformed> {
        (usize::from(self.header().count) > self.records.len())
            .then_some(Malformed::at(2, Problem::CountPastEnd))
    }
}

impl<'a> Record<'a> {
    /// A view of the 48 octets of a record.
    pub const fn new(octets: &'a [u8; RECORD_LENGTH]) -> Self {
        Self(octets)
    }

    /// The octets.
    pub const fn octets(self) -> &'a [u8; RECORD_LENGTH] {
        self.0
    }

    /// `srcaddr`: source IPv4 address.
    #[inline]
    pub const fn source(self) -> [u8; 4] {
        [self.0[0], self.0[1], self.0[2], self.0[3]]
    }

    /// `dstaddr`: destination IPv4 address.
    #[inline]
    pub const fn destination(self) -> [u8; 4] {
        [self.0[4], self.0[5], self.0[6], self.0[7]]
    }

    /// `nexthop`: IPv4 address of the next hop.
    #[inline]
    pub const fn next_hop(self) -> [u8; 4] {
        [self.0[8], self.0[9], self.0[10], self.0[11]]
    }

    /// `input`: SNMP index of the ingress interface.
    #[inline]
    pub const fn input(self) -> u16 {
        u16::from_be_bytes([self.0[12], self.0[13]])
    }

    /// `output`: SNMP index of the egress interface.
    #[inline]
    pub const fn output(self) -> u16 {
        u16::from_be_bytes([self.0[14], self.0[15]])
    }

    /// `dPkts`: packets.
    #[inline]
    pub const fn packets(self) -> u32 {
        u32::from_be_bytes([self.0[16], self.0[17], self.0[18], self.0[19]])
    }

    /// `dOctets`: layer 3 octets.
    #[inline]
    pub const fn octet_count(self) -> u32 {
        u32::from_be_bytes([self.0[20], self.0[21], self.0[22], self.0[23]])
    }

    /// `First`: `SysUptime` at the first packet, in milliseconds.
    #[inline]
    pub const fn first(self) -> u32 {
        u32::from_be_bytes([self.0[24], self.0[25], self.0[26], self.0[27]])
    }

    /// `Last`: `SysUptime` at the last packet, in milliseconds.
    #[inline]
    pub const fn last(self) -> u32 {
        u32::from_be_bytes([self.0[28], self.0[29], self.0[30], self.0[31]])
    }

    /// `srcport`: source port.
    #[inline]
    pub const fn source_port(self) -> u16 {
        u16::from_be_bytes([self.0[32], self.0[33]])
    }

    /// `dstport`: destination port; of ICMP `type · 256 + code`.
    #[inline]
    pub const fn destination_port(self) -> u16 {
        u16::from_be_bytes([self.0[34], self.0[35]])
    }

    /// `pad1`: unused.
    #[inline]
    pub const fn pad1(self) -> u8 {
        self.0[36]
    }

    /// `tcp_flags`: the OR of all TCP flags.
    #[inline]
    pub const fn tcp_flags(self) -> u8 {
        self.0[37]
    }

    /// `prot`: protocol.
    #[inline]
    pub const fn protocol(self) -> u8 {
        self.0[38]
    }

    /// `tos`: class of service.
    #[inline]
    pub const fn tos(self) -> u8 {
        self.0[39]
    }

    /// `src_as`: AS of the source, origin or peer.
    #[inline]
    pub const fn source_as(self) -> u16 {
        u16::from_be_bytes([self.0[40], self.0[41]])
    }

    /// `dst_as`: AS of the destination, origin or peer.
    #[inline]
    pub const fn destination_as(self) -> u16 {
        u16::from_be_bytes([self.0[42], self.0[43]])
    }

    /// `src_mask`: prefix length of the source.
    #[inline]
    pub const fn source_mask(self) -> u8 {
        self.0[44]
    }

    /// `dst_mask`: prefix length of the destination.
    #[inline]
    pub const fn destination_mask(self) -> u8 {
        self.0[45]
    }

    /// `pad2`: unused; some Exporters put the router of a shortcut there.
    #[inline]
    pub const fn pad2(self) -> u16 {
        u16::from_be_bytes([self.0[46], self.0[47]])
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Record<'a>;

    #[inline]
    fn next(&mut self) -> Option<Record<'a>> {
        self.0.next().map(Record)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl ExactSizeIterator for Records<'_> {}
impl FusedIterator for Records<'_> {}

#[cfg(test)]
mod tests;
