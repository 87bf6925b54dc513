//! Durations as people write them: `300s`, `5m`, `2h`, `1d`, `250ms`, or a number of seconds.

#[cfg(test)]
mod tests;

use alloc::format;
use core::fmt;
use core::ops::RangeInclusive;

use serde::{Serialize, Serializer};

use crate::InvalidValue;
use crate::form::{NoTable, Shorthand, deserialize_shorthand};

/// A duration in whole milliseconds, with its text form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct DurationText(pub(crate) u64);

impl DurationText {
    pub(crate) const fn from_seconds(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Its milliseconds if they lie in `range`; the value and `remedy` otherwise.
    pub(crate) fn within(
        self,
        range: RangeInclusive<u64>,
        remedy: &'static str,
    ) -> Result<u64, InvalidValue> {
        if range.contains(&self.0) {
            Ok(self.0)
        } else {
            Err(InvalidValue::new(format!("{self}"), remedy))
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at_checked(digits)?;
        let factor = match unit {
            "ms" => 1,
            "" | "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return None,
        };
        number.parse::<u64>().ok()?.checked_mul(factor).map(Self)
    }
}

impl Shorthand for DurationText {
    const EXPECTING: &'static str =
        "a duration such as \"300s\", \"5m\", \"2h\", or a number of seconds";
    type Table = NoTable;

    fn from_number(seconds: u64) -> Result<Self, InvalidValue> {
        Ok(Self::from_seconds(seconds))
    }

    fn from_text(text: &str) -> Result<Self, InvalidValue> {
        Self::parse(text).ok_or_else(|| InvalidValue::new(text, Self::EXPECTING))
    }
}

deserialize_shorthand!(DurationText);

impl fmt::Display for DurationText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_multiple_of(1000) {
            write!(f, "{}s", self.0 / 1000)
        } else {
            write!(f, "{}ms", self.0)
        }
    }
}

impl Serialize for DurationText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
