//! The columns that flow logs have, with their field in the protobuf schema and their kind.
//!
//! A Logstore keeps a column as text when its values do not fit its kind (an integer beyond 63
//! bits) or when no row has a value. What a reader of Kafka finds must not depend on that: the kind of a
//! known column is the one that stands here.

/// What the values of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Whole numbers, not negative: `uint64`, a number in JSON.
    Int,
    /// Addresses: `bytes` of 4 or 16 octets, a string in JSON.
    Address,
    /// Anything else.
    Text,
}

/// A known column: name, tag, kind.
pub(crate) type Known = (&'static str, u32, Kind);

/// In the order of their tags.
pub(crate) const KNOWN: &[Known] = &[
    ("row-id", 4, Kind::Text),
    ("srcaddr", 5, Kind::Address),
    ("srcport", 6, Kind::Int),
    ("dstaddr", 7, Kind::Address),
    ("dstport", 8, Kind::Int),
    ("protocol", 9, Kind::Int),
    ("packets", 10, Kind::Int),
    ("bytes", 11, Kind::Int),
    ("start", 12, Kind::Int),
    ("end", 13, Kind::Int),
    ("tcp-flags", 14, Kind::Int),
    ("exporter", 15, Kind::Address),
    ("direction", 20, Kind::Text),
    ("action", 21, Kind::Text),
    ("tos", 22, Kind::Int),
    ("log-status", 23, Kind::Text),
    ("version", 30, Kind::Int),
    ("vswitch-id", 31, Kind::Text),
    ("vm-id", 32, Kind::Text),
    ("vpc-id", 33, Kind::Text),
    ("account-id", 34, Kind::Text),
    ("eni-id", 35, Kind::Text),
    ("region", 36, Kind::Text),
    ("traffic_path", 37, Kind::Int),
    ("type", 38, Kind::Text),
    ("attachment-id", 40, Kind::Text),
    ("cen-id", 41, Kind::Text),
    ("src-region-id", 42, Kind::Text),
    ("dst-region-id", 43, Kind::Text),
    ("Instance_id", 50, Kind::Text),
    ("snid", 51, Kind::Text),
    ("ali-uid", 52, Kind::Text),
    ("inport", 53, Kind::Int),
    ("outport", 54, Kind::Int),
    ("window", 60, Kind::Int),
    ("packets_raw", 61, Kind::Int),
    ("bytes_raw", 62, Kind::Int),
    ("sampling", 63, Kind::Text),
    ("distribution", 64, Kind::Text),
    ("late", 65, Kind::Text),
    ("reason", 66, Kind::Text),
    ("lost_records", 67, Kind::Int),
];

/// The known column of this name.
pub(crate) fn known(name: &str) -> Option<Known> {
    KNOWN.iter().find(|(known, ..)| *known == name).copied()
}

/// The number that a text is the one decimal writing of.
pub(crate) fn number(text: &[u8]) -> Option<u64> {
    match text {
        b"0" => Some(0),
        [b'1'..=b'9', rest @ ..] if rest.iter().all(u8::is_ascii_digit) => {
            std::str::from_utf8(text).ok()?.parse().ok()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
