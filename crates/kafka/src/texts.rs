//! Pieces of messages that are made once for a group: one for each entry of a dictionary.

use std::io::Write as _;
use std::net::Ipv6Addr;

/// Pieces of octets, one behind the other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Texts {
    octets: Vec<u8>,
    /// Where each piece ends.
    ends: Vec<usize>,
}

impl Texts {
    /// One piece for each entry.
    pub(crate) fn of<T>(entries: &[T], mut write: impl FnMut(&T, &mut Vec<u8>)) -> Self {
        let mut texts = Self::default();
        for entry in entries {
            write(entry, &mut texts.octets);
            texts.ends.push(texts.octets.len());
        }
        texts
    }

    /// The piece of an entry; nothing when there is no such entry, as for a row without the key.
    #[inline]
    pub(crate) fn get(&self, index: u32) -> &[u8] {
        let at = usize::try_from(index).unwrap_or(usize::MAX);
        let end = self.ends.get(at).copied().unwrap_or_default();
        let start = at.checked_sub(1).and_then(|before| self.ends.get(before));
        let start = start.copied().unwrap_or_default();
        self.octets.get(start..end).unwrap_or_default()
    }
}

/// Writes an address as RFC 5952 has it, IPv4 unmapped.
#[inline]
pub(crate) fn write_address(octets: [u8; 16], out: &mut Vec<u8>) {
    if let [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d] = octets {
        return write_ipv4([a, b, c, d], out);
    }
    // Writing to a vector cannot fail.
    let _: std::io::Result<()> = write!(out, "{}", Ipv6Addr::from(octets));
}

/// `Display` of an address is some five times slower, and every row has two or three.
fn write_ipv4(octets: [u8; 4], out: &mut Vec<u8>) {
    let mut digits = itoa::Buffer::new();
    for (at, octet) in octets.into_iter().enumerate() {
        if at > 0 {
            out.push(b'.');
        }
        out.extend_from_slice(digits.format(octet).as_bytes());
    }
}
