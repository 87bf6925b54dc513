//! IPFIX (RFC 7011), NetFlow V10: a header of 16 octets, then Sets up to the message length.
//!
//! ```text
//!  0                   1                   2                   3
//! |        version = 10           |            length             |
//! |                          export time                          |
//! |                        sequence number                        |
//! |                     Observation Domain ID                     |
//! ```
//!
//! One message per datagram (§10.3.3): octets behind the message length are not looked at.

use flowlog_record::Version;

use crate::{Malformed, Problem, Sets};

/// Octets of the header.
pub const HEADER_LENGTH: usize = 16;

/// One message.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    header: &'a [u8; HEADER_LENGTH],
    /// Up to the message length, or to the end of the datagram if that comes first.
    body: &'a [u8],
    trailing: &'a [u8],
}

/// The header, in host order (RFC 7011 §3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// Octets of the message with its header, as sent.
    pub length: u16,
    /// Seconds of the epoch.
    pub export_time: u32,
    /// Data Records sent before this message, by this Observation Domain.
    pub sequence: u32,
    /// Observation Domain ID.
    pub observation_domain: u32,
}

impl<'a> Message<'a> {
    /// A view of a datagram whose version word is 10; the word itself is not looked at.
    ///
    /// # Errors
    /// [`Problem::ShortHeader`] for fewer than 16 octets.
    pub fn parse(octets: &'a [u8]) -> Result<Self, Malformed> {
        let Some((header, rest)) = octets.split_first_chunk() else {
            return Err(Malformed::short_header(octets));
        };
        let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
        let (body, trailing) = rest
            .split_at_checked(length.saturating_sub(HEADER_LENGTH))
            .unwrap_or((rest, &[]));
        Ok(Self {
            header,
            body,
            trailing,
        })
    }

    /// The header.
    pub const fn header(&self) -> Header {
        let o = self.header;
        Header {
            length: u16::from_be_bytes([o[2], o[3]]),
            export_time: u32::from_be_bytes([o[4], o[5], o[6], o[7]]),
            sequence: u32::from_be_bytes([o[8], o[9], o[10], o[11]]),
            observation_domain: u32::from_be_bytes([o[12], o[13], o[14], o[15]]),
        }
    }

    /// The Sets up to the message length, or to the end of the datagram if that comes first.
    pub const fn sets(&self) -> Sets<'a> {
        Sets::new(Version::Ipfix, HEADER_LENGTH, self.body)
    }

    /// The octets behind the message: padding, or messages that something glued to the first.
    pub const fn trailing(&self) -> &'a [u8] {
        self.trailing
    }

    /// [`Problem::MessageLength`] at the length, when it is less than the header or more than the
    /// datagram. Less than the datagram is no error: see [`trailing`](Self::trailing).
    pub fn error(&self) -> Option<Malformed> {
        let length = usize::from(self.header().length);
        let there = HEADER_LENGTH + self.body.len();
        (length < HEADER_LENGTH || length > there)
            .then_some(Malformed::at(2, Problem::MessageLength))
    }
}

#[cfg(test)]
mod tests;
