//! The version word, which all three formats have in the same place.

use flowlog_record::Version;

use crate::{Malformed, Problem};

/// The version of a datagram, by its first two octets.
///
/// # Errors
/// [`Problem::ShortHeader`] for fewer than two octets, [`Problem::UnknownVersion`] for a version
/// word other than 5, 9 and 10.
pub const fn message_version(octets: &[u8]) -> Result<Version, Malformed> {
    let [high, low, ..] = *octets else {
        return Err(Malformed::short_header(octets));
    };
    match u16::from_be_bytes([high, low]) {
        5 => Ok(Version::V5),
        9 => Ok(Version::V9),
        10 => Ok(Version::Ipfix),
        _ => Err(Malformed::at(0, Problem::UnknownVersion)),
    }
}

#[cfg(test)]
mod tests;
