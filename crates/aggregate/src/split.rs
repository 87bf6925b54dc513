//! How a record's counters spread over its interval (aggregation §2).

use flowlog_record::FlowRecord;
use serde::{Deserialize, Serialize};

/// Packets and octets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// Packets.
    pub packets: u64,
    /// Octets.
    pub octets: u64,
}

impl Counted {
    /// All that a record counted.
    #[inline]
    pub const fn of(record: &FlowRecord) -> Self {
        Self {
            packets: record.packets,
            octets: record.octets,
        }
    }

    /// Neither packets nor octets.
    #[inline]
    pub const fn is_zero(self) -> bool {
        self.packets == 0 && self.octets == 0
    }

    /// What came after `earlier`, a running sum of the same record.
    #[inline]
    #[must_use]
    pub const fn since(self, earlier: Self) -> Self {
        Self {
            packets: self.packets.wrapping_sub(earlier.packets),
            octets: self.octets.wrapping_sub(earlier.octets),
        }
    }
}

/// A record as a running sum over time: what has passed by the end of a millisecond.
///
/// It depends on the time alone, so the shares of any cut sum to the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spread {
    /// First millisecond.
    pub start: i64,
    /// Last millisecond, inclusive; not before `start`.
    pub end: i64,
    /// All of it.
    pub total: Counted,
}

impl Spread {
    /// What has passed by the end of millisecond `t`: `N(t)` and `O(t)`.
    pub fn until(&self, t: i64) -> Counted {
        if t < self.start {
            return Counted::default();
        }
        if t >= self.end {
            return self.total;
        }
        // Here start <= t < end, so that 1 <= passed < duration.
        let passed = t.abs_diff(self.start).saturating_add(1);
        let duration = self.end.abs_diff(self.start).saturating_add(1);
        let Counted { packets, octets } = self.total;
        match packets {
            0 => Counted {
                packets: 0,
                octets: share(octets, passed, duration),
            },
            1 => self.total,
            _ => {
                let so_far = share(packets.saturating_sub(2), passed, duration).saturating_add(1);
                Counted {
                    packets: so_far,
                    octets: share(octets, so_far, packets),
                }
            }
        }
    }
}

/// `⌊whole · part / of⌋` for `part <= of`, `of > 0`.
fn share(whole: u64, part: u64, of: u64) -> u64 {
    if let Some(product) = whole.checked_mul(part) {
        return product.checked_div(of).unwrap_or(0);
    }
    let product = u128::from(whole).saturating_mul(u128::from(part));
    let quotient = product.checked_div(u128::from(of)).unwrap_or(0);
    u64::try_from(quotient).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
