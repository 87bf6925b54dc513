//! The active timeouts that Exporters are known to have.

use serde::{Deserialize, Serialize};

/// The candidates of [`ActiveTimeout`], in milliseconds, ascending (aggregation §4).
pub const ACTIVE_TIMEOUTS_MS: [u32; 11] = [
    10_000, 30_000, 60_000, 120_000, 180_000, 300_000, 600_000, 900_000, 1_800_000, 3_600_000,
    6_000_000,
];

/// An Exporter's active timeout `Ta`, in milliseconds: learned (one of [`ACTIVE_TIMEOUTS_MS`]) or
/// stated by a resource (any).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ActiveTimeout(u32);

impl ActiveTimeout {
    /// What holds until 128 durations were seen: 60 s.
    pub const UNLEARNED: Self = Self(60_000);

    /// A timeout of `millis`; between 1 s and 6000 s.
    pub const fn from_millis(millis: u32) -> Option<Self> {
        if millis >= 1_000 && millis <= 6_000_000 {
            Some(Self(millis))
        } else {
            None
        }
    }

    /// `Ta` in milliseconds.
    #[inline]
    pub fn millis(self) -> i64 {
        i64::from(self.0)
    }

    /// The jitter allowed beside `Ta`: `max(5 s, Ta/10)`, in milliseconds.
    #[inline]
    pub fn jitter_millis(self) -> i64 {
        (self.millis() / 10).max(5_000)
    }
}

impl Default for ActiveTimeout {
    fn default() -> Self {
        Self::UNLEARNED
    }
}
