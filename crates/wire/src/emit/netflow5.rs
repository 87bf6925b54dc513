//! V5 messages.

use alloc::vec::Vec;

use super::{EmitError, patch};
use crate::netflow5::{Header, MAX_RECORDS, RECORD_LENGTH};

/// Appends one V5 message to a buffer.
#[derive(Debug)]
pub struct Netflow5Builder<'v> {
    out: &'v mut Vec<u8>,
    start: usize,
    count: u16,
}

/// The values of a V5 record, in host order; names and units as in [`crate::netflow5::Record`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "the accessors of netflow5::Record say what they are"
)]
pub struct Netflow5Record {
    pub source: [u8; 4],
    pub destination: [u8; 4],
    pub next_hop: [u8; 4],
    pub input: u16,
    pub output: u16,
    pub packets: u32,
    pub octet_count: u32,
    pub first: u32,
    pub last: u32,
    pub source_port: u16,
    pub destination_port: u16,
    pub tcp_flags: u8,
    pub protocol: u8,
    pub tos: u8,
    pub source_as: u16,
    pub destination_as: u16,
    pub source_mask: u8,
    pub destination_mask: u8,
}

impl<'v> Netflow5Builder<'v> {
    /// Begins a message at the end of `out`. The count of the header is not looked at.
    pub fn new(out: &'v mut Vec<u8>, header: &Header) -> Self {
        let start = out.len();
        out.extend(5_u16.to_be_bytes());
        out.extend(0_u16.to_be_bytes());
        out.extend(header.sys_uptime.to_be_bytes());
        out.extend(header.unix_secs.to_be_bytes());
        out.extend(header.unix_nsecs.to_be_bytes());
        out.extend(header.flow_sequence.to_be_bytes());
        out.extend([header.engine_type, header.engine_id]);
        out.extend(header.sampling_interval.to_be_bytes());
        Self {
            out,
            start,
            count: 0,
        }
    }

    /// Appends a record.
    ///
    /// # Errors
    /// [`EmitError::Full`] behind [`MAX_RECORDS`] records.
    pub fn record(&mut self, octets: &[u8; RECORD_LENGTH]) -> Result<(), EmitError> {
        if self.count >= MAX_RECORDS {
            return Err(EmitError::Full);
        }
        self.count += 1;
        self.out.extend(octets);
        Ok(())
    }

    /// Records so far.
    pub const fn records(&self) -> u16 {
        self.count
    }

    /// Completes the header; the number of octets of the message.
    #[expect(
        clippy::must_use_candidate,
        reason = "most callers know the buffer's length"
    )]
    pub fn finish(self) -> usize {
        patch(self.out, self.start + 2, self.count);
        self.out.len() - self.start
    }
}

impl Netflow5Record {
    /// The record as sent; both paddings are zero.
    pub fn to_octets(&self) -> [u8; RECORD_LENGTH] {
        let mut octets = [0; RECORD_LENGTH];
        octets[0..4].copy_from_slice(&self.source);
        octets[4..8].copy_from_slice(&self.destination);
        octets[8..12].copy_from_slice(&self.next_hop);
        octets[12..14].copy_from_slice(&self.input.to_be_bytes());
        octets[14..16].copy_from_slice(&self.output.to_be_bytes());
        octets[16..20].copy_from_slice(&self.packets.to_be_bytes());
        octets[20..24].copy_from_slice(&self.octet_count.to_be_bytes());
        octets[24..28].copy_from_slice(&self.first.to_be_bytes());
        octets[28..32].copy_from_slice(&self.last.to_be_bytes());
        octets[32..34].copy_from_slice(&self.source_port.to_be_bytes());
        octets[34..36].copy_from_slice(&self.destination_port.to_be_bytes());
        octets[37] = self.tcp_flags;
        octets[38] = self.protocol;
        octets[39] = self.tos;
        octets[40..42].copy_from_slice(&self.source_as.to_be_bytes());
        octets[42..44].copy_from_slice(&self.destination_as.to_be_bytes());
        octets[44] = self.source_mask;
        octets[45] = self.destination_mask;
        octets
    }
}

#[cfg(test)]
mod tests;
