//! Points in time and capture windows, in milliseconds of the UTC epoch.

use core::fmt;

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[repr(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Before every point in time.
    pub const MIN: Self = Self(i64::MIN);
    /// After every point in time.
    pub const MAX: Self = Self(i64::MAX);

    /// From microseconds of the epoch, rounded down.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros.div_euclid(1000))
    }

    /// Milliseconds of the epoch.
    #[inline]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds of the epoch, rounded down.
    #[inline]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This plus `millis`, clamped to what can be represented.
    #[inline]
    #[must_use]
    pub const fn plus(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// `self − earlier` in milliseconds, clamped to what can be represented.
    #[inline]
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}", self.seconds(), self.0.rem_euclid(1000))
    }
}

/// The length of a capture window; windows are aligned to the UTC epoch (aggregation §1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Window {
    /// One minute.
    OneMinute,
    /// Five minutes.
    FiveMinutes,
    /// Ten minutes.
    TenMinutes,
}

impl Window {
    /// The length in milliseconds.
    #[inline]
    pub const fn millis(self) -> i64 {
        match self {
            Self::OneMinute => 60_000,
            Self::FiveMinutes => 300_000,
            Self::TenMinutes => 600_000,
        }
    }

    /// The start of the window that holds `at`.
    #[inline]
    pub const fn start_of(self, at: Timestamp) -> Timestamp {
        Timestamp(at.0.saturating_sub(at.0.rem_euclid(self.millis())))
    }
}
