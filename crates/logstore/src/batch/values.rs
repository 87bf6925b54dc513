//! The values of one column.

use std::net::Ipv6Addr;
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::InvalidBatch;

/// A set of row numbers, one bit each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mask {
    words: Vec<u64>,
}

impl Mask {
    /// Adds a row.
    pub fn insert(&mut self, row: usize) {
        let word = row / 64;
        if self.words.len() <= word {
            self.words.resize(word + 1, 0);
        }
        if let Some(word) = self.words.get_mut(word) {
            *word |= 1 << (row % 64);
        }
    }

    /// Whether the row is in the set.
    #[inline]
    pub fn contains(&self, row: usize) -> bool {
        self.words
            .get(row / 64)
            .is_some_and(|word| word >> (row % 64) & 1 == 1)
    }

    /// Clears the bits of the rows that are in the set.
    pub(crate) fn clear_from(&self, bits: &mut [u64]) {
        bits.iter_mut()
            .zip(&self.words)
            .for_each(|(bits, word)| *bits &= !word);
    }

    /// Whether no row is in the set.
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    /// Whether a row at or beyond `rows` is in the set.
    fn exceeds(&self, rows: usize) -> bool {
        let whole = rows / 64;
        self.words
            .iter()
            .enumerate()
            .any(|(at, word)| match at.cmp(&whole) {
                std::cmp::Ordering::Less => false,
                std::cmp::Ordering::Equal => word >> (rows % 64) != 0,
                std::cmp::Ordering::Greater => *word != 0,
            })
    }

    fn retain(&mut self, keep: &[bool]) {
        let mut kept = Self::default();
        let rows = keep.iter().enumerate().filter(|(_, keep)| **keep);
        for (to, (from, _)) in rows.enumerate() {
            if self.contains(from) {
                kept.insert(to);
            }
        }
        *self = kept;
    }
}

/// One value for each row of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Values {
    /// Integers.
    Int {
        /// One for each row; what stands in an absent row does not matter.
        values: Vec<i64>,
        /// The rows that have no value: `-`.
        absent: Mask,
    },
    /// Addresses in sixteen octets, IPv4 as `::ffff:a.b.c.d`.
    Address {
        /// One for each row; what stands in an absent row does not matter.
        values: Vec<[u8; 16]>,
        /// The rows that have no value: `-`.
        absent: Mask,
    },
    /// Texts, each distinct one once.
    Text {
        /// The distinct texts.
        dictionary: Vec<Arc<str>>,
        /// The place in the dictionary, for each row.
        index: Vec<u32>,
    },
    /// `PREFIX` and a number: row ids.
    Numbered {
        /// What stands before the number.
        prefix: Arc<str>,
        /// The number of each row.
        numbers: Vec<u64>,
    },
    /// Octets as a client sent them, each distinct value once.
    Octets {
        /// The distinct values.
        dictionary: Vec<Bytes>,
        /// The place in the dictionary, for each row; [`Values::NO_KEY`] where the row does not
        /// have the key at all.
        index: Vec<u32>,
    },
}

/// One value of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell<'a> {
    /// The row does not have the key.
    NoKey,
    /// An integer.
    Int(i64),
    /// An address.
    Address([u8; 16]),
    /// Text and a number.
    Numbered(&'a str, u64),
    /// Octets, mostly text.
    Octets(&'a [u8]),
}

/// How an absent value is written.
const ABSENT: Cell<'static> = Cell::Octets(b"-");

impl Values {
    /// The index of a row that does not have the key.
    pub const NO_KEY: u32 = u32::MAX;

    /// The number of rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Int { values, .. } => values.len(),
            Self::Address { values, .. } => values.len(),
            Self::Text { index, .. } | Self::Octets { index, .. } => index.len(),
            Self::Numbered { numbers, .. } => numbers.len(),
        }
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of a row; [`Cell::NoKey`] beyond the last one.
    #[inline]
    pub fn cell(&self, row: usize) -> Cell<'_> {
        let cell = match self {
            Self::Int { absent, .. } | Self::Address { absent, .. } if absent.contains(row) => {
                Some(ABSENT)
            }
            Self::Int { values, .. } => values.get(row).map(|v| Cell::Int(*v)),
            Self::Address { values, .. } => values.get(row).map(|v| Cell::Address(*v)),
            Self::Text { dictionary, index } => {
                entry(dictionary, index, row).map(|text| Cell::Octets(text.as_bytes()))
            }
            Self::Numbered { prefix, numbers } => {
                numbers.get(row).map(|n| Cell::Numbered(prefix, *n))
            }
            Self::Octets { dictionary, index } => {
                entry(dictionary, index, row).map(|octets| Cell::Octets(octets))
            }
        };
        cell.unwrap_or(Cell::NoKey)
    }

    pub(super) fn octets(&self) -> usize {
        match self {
            Self::Int { values, .. } => 8 * values.len(),
            Self::Address { values, .. } => 16 * values.len(),
            Self::Text { dictionary, index } => {
                4 * index.len() + dictionary.iter().map(|text| 16 + text.len()).sum::<usize>()
            }
            Self::Numbered { prefix, numbers } => prefix.len() + 8 * numbers.len(),
            Self::Octets { dictionary, index } => {
                4 * index.len()
                    + dictionary
                        .iter()
                        .map(|octets| 32 + octets.len())
                        .sum::<usize>()
            }
        }
    }

    pub(super) fn validate(&self, rows: usize) -> Result<(), InvalidBatch> {
        if self.len() != rows {
            return Err(InvalidBatch::Length);
        }
        let within = |len: usize, index: &[u32], no_key: bool| {
            index.iter().all(|i| {
                usize::try_from(*i).is_ok_and(|i| i < len) || (no_key && *i == Self::NO_KEY)
            })
        };
        let ok = match self {
            Self::Int { absent, .. } | Self::Address { absent, .. } => !absent.exceeds(rows),
            Self::Text { dictionary, index } => within(dictionary.len(), index, false),
            Self::Octets { dictionary, index } => within(dictionary.len(), index, true),
            Self::Numbered { .. } => true,
        };
        if ok { Ok(()) } else { Err(InvalidBatch::Index) }
    }

    pub(super) fn retain(&mut self, keep: &[bool]) {
        match self {
            Self::Int { values, absent } => {
                retain(values, keep);
                absent.retain(keep);
            }
            Self::Address { values, absent } => {
                retain(values, keep);
                absent.retain(keep);
            }
            Self::Text { index, .. } | Self::Octets { index, .. } => retain(index, keep),
            Self::Numbered { numbers, .. } => retain(numbers, keep),
        }
    }
}

impl<'a> Cell<'a> {
    /// The value as it is shown, or `None` when the row does not have the key.
    #[inline]
    pub fn text<'b>(self, scratch: &'b mut Vec<u8>) -> Option<&'b [u8]>
    where
        'a: 'b,
    {
        match self {
            Self::NoKey => return None,
            Self::Octets(octets) => return Some(octets),
            _ => self.write(scratch),
        }
        Some(scratch)
    }

    /// Puts the value as it is shown in the place of what is in `text`; nothing for a row that does
    /// not have the key.
    pub(crate) fn write(self, text: &mut Vec<u8>) {
        use std::io::Write as _;
        text.clear();
        // Writing to a vector cannot fail.
        let _: std::io::Result<()> = match self {
            Self::NoKey => Ok(()),
            Self::Octets(octets) => text.write_all(octets),
            Self::Int(value) => write!(text, "{value}"),
            Self::Numbered(prefix, number) => write!(text, "{prefix}{number}"),
            Self::Address(octets) => write_address(octets, text),
        };
    }

    /// The value as an integer, when that is what it is or what its text says.
    #[inline]
    pub fn int(self) -> Option<i64> {
        match self {
            Self::Int(value) => Some(value),
            Self::Octets(octets) => std::str::from_utf8(octets).ok()?.trim().parse().ok(),
            Self::Numbered(..) | Self::Address(_) | Self::NoKey => None,
        }
    }

    /// The value as a number, when that is what it is or what its text says.
    pub fn double(self) -> Option<f64> {
        match self {
            Self::Octets(octets) => {
                let text = std::str::from_utf8(octets).ok()?.trim();
                let digits = text.trim_start_matches(['+', '-']);
                let number = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.');
                // What is too large for a number is none, as in a search.
                let value: Option<f64> = if number { text.parse().ok() } else { None };
                value.filter(|value| value.is_finite())
            }
            #[expect(
                clippy::as_conversions,
                clippy::cast_precision_loss,
                reason = "asked for"
            )]
            Self::Int(value) => Some(value as f64),
            Self::Numbered(..) | Self::Address(_) | Self::NoKey => None,
        }
    }
}

/// Writes an address as RFC 5952 has it, IPv4 unmapped.
fn write_address(octets: [u8; 16], out: &mut Vec<u8>) -> std::io::Result<()> {
    use std::io::Write as _;
    let [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, rest @ ..] = octets else {
        return write!(out, "{}", Ipv6Addr::from(octets));
    };
    for (place, octet) in rest.into_iter().enumerate() {
        if place > 0 {
            out.push(b'.');
        }
        write_octet(octet, out);
    }
    Ok(())
}

/// Addresses are written by the million: formatting takes several times as long.
fn write_octet(octet: u8, out: &mut Vec<u8>) {
    let [hundreds, tens, ones] = [octet / 100, octet / 10 % 10, octet % 10].map(|d| b'0' + d);
    if octet >= 100 {
        out.push(hundreds);
    }
    if octet >= 10 {
        out.push(tens);
    }
    out.push(ones);
}

/// The integer that `octets` is the one decimal writing of: no sign but `-`, no leading zeros.
pub(crate) fn canonical_decimal(octets: &[u8]) -> Option<i64> {
    let digits = octets.strip_prefix(b"-").unwrap_or(octets);
    match digits {
        [b'0'] if digits.len() == octets.len() => return Some(0),
        [b'1'..=b'9', rest @ ..] if rest.iter().all(u8::is_ascii_digit) && rest.len() < 19 => {}
        _ => return None,
    }
    std::str::from_utf8(octets).ok()?.parse().ok()
}

/// Whether `octets` are the one decimal writing of an integer.
pub(crate) fn is_canonical(octets: &[u8]) -> bool {
    match octets.strip_prefix(b"-").unwrap_or(octets) {
        // So many digits fit, whatever they are.
        [b'1'..=b'9', rest @ ..] if rest.len() < 18 => rest.iter().all(u8::is_ascii_digit),
        _ => canonical_decimal(octets).is_some(),
    }
}

/// Keeps the elements for which `keep` says so.
pub(super) fn retain<T>(values: &mut Vec<T>, keep: &[bool]) {
    let mut keep = keep.iter();
    values.retain(|_| keep.next().is_some_and(|keep| *keep));
}

fn entry<'a, T>(dictionary: &'a [T], index: &[u32], row: usize) -> Option<&'a T> {
    let at = usize::try_from(*index.get(row)?).ok()?;
    dictionary.get(at)
}
