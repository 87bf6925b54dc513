//! When rows leave: capture windows, aging, hold, lateness.

use alloc::format;
use core::fmt;

use flowlog_record::Window;
use serde::{Deserialize, Serialize, Serializer};

use crate::InvalidValue;
use crate::duration::DurationText;
use crate::form::{NoTable, Shorthand, deserialize_shorthand};

/// A duration with bounds; its text form is a duration or a number of seconds.
macro_rules! bounded_seconds {
    ($(#[$doc:meta])* $name:ident, $range:expr, $remedy:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "DurationText", into = "DurationText")]
        pub struct $name(u64);

        impl $name {
            /// That many seconds, if the API allows them.
            ///
            /// # Errors
            /// The number again, with the limits.
            pub fn from_seconds(seconds: u64) -> Result<Self, InvalidValue> {
                Self::try_from(DurationText::from_seconds(seconds))
            }

            /// Milliseconds.
            pub const fn millis(self) -> u64 {
                self.0
            }
        }

        impl TryFrom<DurationText> for $name {
            type Error = InvalidValue;

            fn try_from(text: DurationText) -> Result<Self, InvalidValue> {
                text.within($range, $remedy).map(Self)
            }
        }

        impl From<$name> for DurationText {
            fn from(value: $name) -> Self {
                Self(value.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                DurationText(self.0).fmt(f)
            }
        }
    };
}

bounded_seconds! {
    /// After how long a flow that goes on gives a row: 60 s to 6000 s.
    ActiveAging,
    60_000..=6_000_000,
    "60s to 6000s"
}

bounded_seconds! {
    /// After how long without records a flow gives a row: 10 s to 600 s.
    InactiveAging,
    10_000..=600_000,
    "10s to 600s"
}

bounded_seconds! {
    /// How long after the end of a window records for it still count, as rows of their own: at most
    /// 7 days, because Simple Log Service takes nothing older.
    AllowedLateness,
    0..=604_800_000,
    "0s to 7d"
}

impl Default for ActiveAging {
    /// 300 s.
    fn default() -> Self {
        Self(300_000)
    }
}

impl Default for InactiveAging {
    /// 15 s.
    fn default() -> Self {
        Self(15_000)
    }
}

impl Default for AllowedLateness {
    /// 2 h.
    fn default() -> Self {
        Self(7_200_000)
    }
}

/// Both aging times of a flow log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Aging {
    /// `ActiveAging`.
    pub active: ActiveAging,
    /// `InactiveAging`.
    pub inactive: InactiveAging,
}

/// The capture window of a flow log: `"1m"`, `"5m"`, `"10m"`, or `"none"` for one row per record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CaptureWindow {
    /// No window and no aging: each record is a row.
    PerRecord,
    /// Rows are cut at the ends of windows of this length.
    Of(Window),
}

/// How long windowed rows wait for records behind the end of their period: `"auto"`, or a fixed
/// duration of at most an hour; 0 is legal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hold {
    /// The Exporter's active timeout and its jitter, between 15 s and 300 s.
    #[default]
    Auto,
    /// So many milliseconds.
    Fixed(u64),
}

impl CaptureWindow {
    /// The window of so many seconds, as `Interval` of CEN has it; `AggregationInterval` of VPC has
    /// minutes.
    ///
    /// # Errors
    /// The number again, unless it is 60, 300 or 600.
    pub fn from_seconds(seconds: u64) -> Result<Self, InvalidValue> {
        match seconds {
            60 => Ok(Self::Of(Window::OneMinute)),
            300 => Ok(Self::Of(Window::FiveMinutes)),
            600 => Ok(Self::Of(Window::TenMinutes)),
            _ => Err(InvalidValue::new(format!("{seconds}s"), Self::EXPECTING)),
        }
    }
}

impl Shorthand for CaptureWindow {
    const EXPECTING: &'static str =
        "\"1m\", \"5m\", \"10m\", \"none\" (one row per record), or leave it out";
    type Table = NoTable;

    fn from_number(seconds: u64) -> Result<Self, InvalidValue> {
        Self::from_seconds(seconds)
    }

    fn from_text(text: &str) -> Result<Self, InvalidValue> {
        let invalid = || InvalidValue::new(text, Self::EXPECTING);
        match DurationText::parse(text) {
            None if text == "none" => Ok(Self::PerRecord),
            Some(DurationText(millis)) if millis.is_multiple_of(1000) => {
                Self::from_seconds(millis / 1000).map_err(|_| invalid())
            }
            _ => Err(invalid()),
        }
    }
}

impl Serialize for CaptureWindow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(match self {
            Self::PerRecord => "none",
            Self::Of(Window::OneMinute) => "1m",
            Self::Of(Window::FiveMinutes) => "5m",
            Self::Of(Window::TenMinutes) => "10m",
        })
    }
}

impl Shorthand for Hold {
    const EXPECTING: &'static str = "\"auto\", or a duration of 0s to 1h";
    type Table = NoTable;

    fn from_number(seconds: u64) -> Result<Self, InvalidValue> {
        let duration = DurationText::from_seconds(seconds);
        duration
            .within(0..=3_600_000, Self::EXPECTING)
            .map(Self::Fixed)
    }

    fn from_text(text: &str) -> Result<Self, InvalidValue> {
        match DurationText::parse(text) {
            None if text == "auto" => Ok(Self::Auto),
            None => Err(InvalidValue::new(text, Self::EXPECTING)),
            Some(duration) => duration
                .within(0..=3_600_000, Self::EXPECTING)
                .map(Self::Fixed),
        }
    }
}

impl Serialize for Hold {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Auto => serializer.serialize_str("auto"),
            Self::Fixed(millis) => DurationText(*millis).serialize(serializer),
        }
    }
}

deserialize_shorthand!(CaptureWindow, Hold);
