//! Sampling: scaled sums of a row (aggregation §2, §5).
//!
//! Nearly all rows see one whole factor, or none: scaling then commutes with adding, and a code of
//! five bits in the row says all. Rows with fractions or several factors keep [`Sums`].
//!
//! What comes without a rate is scaled by the row's last known one, at the latest when one becomes
//! known; with none it counts as 1.

use alloc::vec::Vec;

use flowlog_record::{RowSampling, Sampling};
use serde::{Deserialize, Serialize};

use crate::cell::SUMS;
use crate::split::Counted;

/// The code of rows without a known rate.
pub(crate) const UNKNOWN: u8 = 0;

/// The whole factors that a flow log has seen, by code; at most 29, further ones keep sums.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Rates {
    known: Vec<Sampling>,
}

impl Rates {
    pub(crate) fn new() -> Self {
        Self {
            known: alloc::vec![Sampling::UNKNOWN, Sampling::NONE],
        }
    }

    /// The code of `sampling`; [`SUMS`] when a code cannot stand for it.
    #[cold]
    pub(crate) fn code(&mut self, sampling: Sampling) -> u8 {
        if !sampling.is_known() {
            return UNKNOWN;
        }
        if sampling.denominator() != 1 {
            return SUMS;
        }
        let place = self.known.iter().position(|known| *known == sampling);
        let code = u8::try_from(place.unwrap_or(self.known.len())).unwrap_or(SUMS);
        if code >= SUMS {
            return SUMS;
        }
        if place.is_none() {
            self.known.push(sampling);
        }
        code
    }

    /// The factor behind a code.
    pub(crate) fn factor(&self, code: u8) -> Sampling {
        self.known
            .get(usize::from(code))
            .copied()
            .unwrap_or_default()
    }
}

/// One record's share of a row as two running sums, so that fractions scale exactly.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Share {
    pub(crate) before: Counted,
    pub(crate) after: Counted,
}

impl Share {
    /// The raw counters.
    #[inline]
    pub(crate) const fn raw(self) -> Counted {
        self.after.since(self.before)
    }

    fn scaled(self, by: Sampling) -> (u128, u128) {
        let part = |after, before| scaled_up(by, after).saturating_sub(scaled_up(by, before));
        (
            part(self.after.packets, self.before.packets),
            part(self.after.octets, self.before.octets),
        )
    }
}

/// The scaled sums of a row for which no code can stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sums {
    packets: u128,
    octets: u128,
    /// What came before any rate was known.
    waiting_packets: u64,
    waiting_octets: u64,
    last: Sampling,
    mixed: bool,
}

impl Sums {
    /// What a row with this factor and these raw counters has so far.
    pub(crate) fn of(factor: Sampling, raw: Counted) -> Self {
        let mut sums = Self {
            last: factor,
            ..Self::default()
        };
        if factor.is_known() {
            sums.packets = scaled_up(factor, raw.packets);
            sums.octets = scaled_up(factor, raw.octets);
        } else {
            sums.waiting_packets = raw.packets;
            sums.waiting_octets = raw.octets;
        }
        sums
    }

    /// Adds a share that came with `sampling`.
    pub(crate) fn add(&mut self, sampling: Sampling, share: Share) {
        if sampling.is_known() {
            self.mixed |= self.last.is_known() && self.last != sampling;
            self.last = sampling;
            let packets = scaled_up(sampling, self.waiting_packets);
            let octets = scaled_up(sampling, self.waiting_octets);
            self.packets = self.packets.saturating_add(packets);
            self.octets = self.octets.saturating_add(octets);
            (self.waiting_packets, self.waiting_octets) = (0, 0);
        } else if !self.last.is_known() {
            let raw = share.raw();
            self.waiting_packets = self.waiting_packets.saturating_add(raw.packets);
            self.waiting_octets = self.waiting_octets.saturating_add(raw.octets);
            return;
        }
        let (packets, octets) = share.scaled(self.last);
        self.packets = self.packets.saturating_add(packets);
        self.octets = self.octets.saturating_add(octets);
    }

    /// Scaled packets and octets, and the factor as the row has it.
    pub(crate) fn result(&self) -> (Counted, RowSampling) {
        let clamped = |sum: u128, waiting: u64| {
            u64::try_from(sum.saturating_add(u128::from(waiting))).unwrap_or(u64::MAX)
        };
        let counted = Counted {
            packets: clamped(self.packets, self.waiting_packets),
            octets: clamped(self.octets, self.waiting_octets),
        };
        let sampling = if self.last.is_known() && !self.mixed {
            RowSampling::Factor(self.last)
        } else {
            RowSampling::UnknownOrMixed
        };
        (counted, sampling)
    }
}

/// `⌊(count·num + ⌊den/2⌋) / den⌋`, not clamped: running sums are subtracted from each other.
fn scaled_up(by: Sampling, count: u64) -> u128 {
    let denominator = u128::from(by.denominator());
    u128::from(count)
        .saturating_mul(u128::from(by.numerator()))
        .saturating_add(denominator / 2)
        .checked_div(denominator)
        .unwrap_or(0)
}

/// Scaled packets and octets of a row that saw one whole factor or none.
pub(crate) fn scaled(factor: Sampling, raw: Counted) -> (Counted, RowSampling) {
    if !factor.is_known() {
        return (raw, RowSampling::UnknownOrMixed);
    }
    let counted = Counted {
        packets: factor.scale(raw.packets),
        octets: factor.scale(raw.octets),
    };
    (counted, RowSampling::Factor(factor))
}

#[cfg(test)]
mod tests;
