//! NetFlow V9 (RFC 3954): a header of 20 octets, then `FlowSet`s up to the end of the datagram.
//!
//! ```text
//!  0                   1                   2                   3
//! |        version = 9            |             count             |
//! |                           SysUptime                           |
//! |                           unix_secs                           |
//! |                        sequence number                        |
//! |                           Source ID                           |
//! ```
//!
//! The count is not looked at: Exporters fill it with records, with Sets or with flows.

use flowlog_record::Version;

use crate::{Malformed, Sets};

/// Octets of the header.
pub const HEADER_LENGTH: usize = 20;

/// One export packet.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    header: &'a [u8; HEADER_LENGTH],
    body: &'a [u8],
}

/// The header, in host order (RFC 3954 §5.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// By the standard the number of records of all kinds; as sent.
    pub count: u16,
    /// Milliseconds since the Exporter's boot.
    pub sys_uptime: u32,
    /// Export time: seconds of the epoch.
    pub unix_secs: u32,
    /// Export packets sent before this one, by this Source ID.
    pub sequence: u32,
    /// Source ID: the Observation Domain.
    pub source_id: u32,
}

impl<'a> Message<'a> {
    /// A view of a datagram whose version word is 9; the word itself is not looked at.
    ///
    /// # Errors
    /// [`Problem::ShortHeader`](crate::Problem::ShortHeader) for fewer than 20 octets.
    pub fn parse(octets: &'a [u8]) -> Result<Self, Malformed> {
        match octets.split_first_chunk() {
            Some((header, body)) => Ok(Self { header, body }),
            None => Err(Malformed::short_header(octets)),
        }
    }

    /// The header.
    pub const fn header(&self) -> Header {
        let o = self.header;
        Header {
            count: u16::from_be_bytes([o[2], o[3]]),
            sys_uptime: u32::from_be_bytes([o[4], o[5], o[6], o[7]]),
            unix_secs: u32::from_be_bytes([o[8], o[9], o[10], o[11]]),
            sequence: u32::from_be_bytes([o[12], o[13], o[14], o[15]]),
            source_id: u32::from_be_bytes([o[16], o[17], o[18], o[19]]),
        }
    }

    /// The `FlowSet`s up to the end of the datagram.
    pub const fn sets(&self) -> Sets<'a> {
        Sets::new(Version::V9, HEADER_LENGTH, self.body)
    }
}

#[cfg(test)]
mod tests;
