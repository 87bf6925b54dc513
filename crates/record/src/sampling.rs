//! Sampling rates as exact fractions.

use serde::{Deserialize, Serialize};

/// The factor by which sampled counters are multiplied, in lowest terms.
///
/// `numerator / denominator`, at least 1/1 in practice; [`Sampling::UNKNOWN`] counts as 1 and is
/// flagged (aggregation §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Sampling {
    numerator: u64,
    denominator: u32,
}

impl Sampling {
    /// Nothing is known of sampling: the factor is 1, and the row says `-`.
    pub const UNKNOWN: Self = Self {
        numerator: 0,
        denominator: 0,
    };
    /// Known to be unsampled.
    pub const NONE: Self = Self {
        numerator: 1,
        denominator: 1,
    };

    /// `numerator / denominator` in lowest terms; `None` when either is 0.
    pub fn ratio(numerator: u64, denominator: u32) -> Option<Self> {
        if numerator == 0 || denominator == 0 {
            return None;
        }
        let divisor = gcd(numerator, u64::from(denominator));
        let denominator = u32::try_from(u64::from(denominator) / divisor).unwrap_or(u32::MAX);
        Some(Self {
            numerator: numerator / divisor,
            denominator,
        })
    }

    /// One of `interval` packets was selected; `None` for 0.
    pub fn one_in(interval: u64) -> Option<Self> {
        Self::ratio(interval, 1)
    }

    /// Nothing is known of sampling, but the record names its sampler (element 48 or 302): who
    /// learns that sampler's rate later knows what to scale by it.
    #[inline]
    pub const fn unknown_of(sampler: u64) -> Self {
        Self {
            numerator: sampler.saturating_add(1),
            denominator: 0,
        }
    }

    /// The sampler of an unknown rate, if the record named one.
    #[inline]
    pub const fn sampler(self) -> Option<u64> {
        if self.is_known() {
            None
        } else {
            self.numerator.checked_sub(1)
        }
    }

    /// Whether a rate is known.
    #[inline]
    pub const fn is_known(self) -> bool {
        self.denominator != 0
    }

    /// Whether counters stay as they are: unknown, or 1.
    #[inline]
    pub const fn is_one(self) -> bool {
        self.denominator == 0 || (self.numerator == 1 && self.denominator == 1)
    }

    /// The numerator; 1 when unknown.
    #[inline]
    pub const fn numerator(self) -> u64 {
        if self.is_known() { self.numerator } else { 1 }
    }

    /// The denominator; 1 when unknown.
    #[inline]
    pub const fn denominator(self) -> u32 {
        if self.is_known() { self.denominator } else { 1 }
    }

    /// `⌊(count·num + ⌊den/2⌋) / den⌋` in 128 bits, clamped to 64 (aggregation §2).
    pub fn scale(self, count: u64) -> u64 {
        if self.is_one() {
            return count;
        }
        let denominator = u128::from(self.denominator());
        let scaled = u128::from(count)
            .saturating_mul(u128::from(self.numerator()))
            .saturating_add(denominator / 2)
            .checked_div(denominator)
            .unwrap_or(0);
        u64::try_from(scaled).unwrap_or(u64::MAX)
    }
}

impl Default for Sampling {
    fn default() -> Self {
        Self::UNKNOWN
    }
}

const fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests;
