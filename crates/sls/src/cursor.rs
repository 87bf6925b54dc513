//! Cursors: places in a shard, consecutive integers that travel as base64 of their decimal text.

use alloc::format;
use alloc::string::{String, ToString};
use core::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::error::shown;
use crate::{Error, ErrorCode};

/// The place before the LogGroup of this number. The groups of a shard have consecutive numbers:
/// clients compute with them.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct Cursor(pub i64);

impl Cursor {
    /// Reads a cursor.
    ///
    /// # Errors
    /// `ParameterInvalid` when it is not base64 of the canonical decimal of an integer.
    pub fn parse(text: &str) -> Result<Self, Error> {
        Self::decode(text)
            .ok_or_else(|| Error::parameter(format!("the cursor \"{}\" is invalid", shown(text))))
    }

    /// Reads the checkpoint of a consumer: a cursor, or nothing.
    ///
    /// # Errors
    /// `InvalidShardCheckPoint`.
    pub fn parse_checkpoint(text: &str) -> Result<Option<Self>, Error> {
        if text.is_empty() {
            return Ok(None);
        }
        Self::decode(text).map(Some).ok_or_else(|| {
            Error::new(
                ErrorCode::InvalidShardCheckPoint,
                "shard checkpoint not encoded by base64",
            )
        })
    }

    fn decode(text: &str) -> Option<Self> {
        // The Python SDK computes cursors with an encoder that ends them with a line feed.
        let decimal = STANDARD.decode(text.trim_ascii_end()).ok()?;
        let decimal = core::str::from_utf8(&decimal).ok()?;
        let number: i64 = decimal.parse().ok()?;
        (number.to_string() == decimal).then_some(Self(number))
    }
}

/// As it travels: base64.
impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0.to_string()))
    }
}

impl From<Cursor> for String {
    fn from(cursor: Cursor) -> Self {
        cursor.to_string()
    }
}

/// The `from` of `GetCursor`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CursorFrom {
    /// The first LogGroup.
    Begin,
    /// Behind the last LogGroup.
    End,
    /// The first LogGroup received at or after this second of the epoch.
    Received(i64),
}

impl CursorFrom {
    /// Reads `begin`, `end` or seconds; case does not matter.
    ///
    /// # Errors
    /// `ParameterInvalid` for anything else.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.eq_ignore_ascii_case("begin") {
            return Ok(Self::Begin);
        }
        if text.eq_ignore_ascii_case("end") {
            return Ok(Self::End);
        }
        let seconds = text.parse().ok().filter(|&seconds| seconds >= 0);
        seconds
            .map(Self::Received)
            .ok_or_else(|| Error::parameter("The parameter from must be a positive integer"))
    }
}

#[cfg(test)]
mod tests;
