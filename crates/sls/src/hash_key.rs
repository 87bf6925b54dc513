//! The keys by which the shards of a Logstore divide what is written: 128 bits, mostly an MD5, as
//! 32 hexadecimal digits.

use alloc::format;
use alloc::vec::Vec;
use core::fmt;

use crate::Error;
use crate::error::shown;

/// A key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HashKey(pub u128);

impl HashKey {
    /// Reads 32 hexadecimal digits of either case.
    ///
    /// # Errors
    /// `ParameterInvalid` for anything else.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let digits = text.len() == 32 && text.bytes().all(|c| c.is_ascii_hexdigit());
        let key = digits
            .then(|| u128::from_str_radix(text, 16).ok())
            .flatten();
        key.map(Self).ok_or_else(|| {
            Error::parameter(format!(
                "the hash key must be 32 hexadecimal digits, not \"{}\"",
                shown(text)
            ))
        })
    }
}

impl fmt::Display for HashKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// The keys of a shard: from `begin` to before `end`. The range that ends with the last key of all
/// has that one too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyRange {
    /// The first key.
    pub begin: HashKey,
    /// The key behind the last.
    pub end: HashKey,
}

impl KeyRange {
    /// Every key.
    pub const ALL: Self = Self {
        begin: HashKey(0),
        end: HashKey(u128::MAX),
    };

    /// Whether a shard with this range takes `key`.
    pub fn contains(&self, key: HashKey) -> bool {
        self.begin <= key && (key < self.end || self.end.0 == u128::MAX)
    }

    /// As many ranges of about the same size, in their order; `None` for no range, or for more
    /// than there are keys.
    pub fn parts(&self, count: u32) -> Option<Vec<Self>> {
        let all = self.end.0.checked_sub(self.begin.0)?;
        let count = u128::from(count);
        // Rounded up, so that halves of all keys meet at 8000…, not at 7fff….
        let width = all.checked_sub(count.checked_sub(1)?)? / count;
        let width = if width.checked_mul(count)? < all {
            width + 1
        } else {
            width
        };
        let mut parts = Vec::new();
        let mut begin = self.begin;
        for part in 1..=count {
            let end = if part == count {
                self.end
            } else {
                HashKey(begin.0.checked_add(width)?.min(self.end.0))
            };
            if begin >= end {
                return None;
            }
            parts.push(Self { begin, end });
            begin = end;
        }
        Some(parts)
    }

    /// The ranges before and from `key`; `None` when one of them would be empty.
    pub fn split_at(&self, key: HashKey) -> Option<[Self; 2]> {
        let left = Self { end: key, ..*self };
        let right = Self {
            begin: key,
            ..*self
        };
        (self.begin < key && key < self.end).then_some([left, right])
    }

    /// This range and the one that begins where it ends.
    pub fn joined(&self, right: &Self) -> Option<Self> {
        (self.end == right.begin).then_some(Self {
            begin: self.begin,
            end: right.end,
        })
    }
}

#[cfg(test)]
mod tests;
