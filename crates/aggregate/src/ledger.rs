//! The ledger of a flow log: what became of every record, packet and octet (raw).

use core::ops::{AddAssign, SubAssign};

use serde::{Deserialize, Serialize};

use crate::split::Counted;

/// Records, packets and octets before sampling.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amount {
    /// Flow Records; one is counted where its last part is.
    pub records: u64,
    /// Packets.
    pub packets: u128,
    /// Octets.
    pub octets: u128,
}

impl Amount {
    pub(crate) const fn of(records: u64, counted: Counted) -> Self {
        Self {
            records,
            packets: widened(counted.packets),
            octets: widened(counted.octets),
        }
    }
}

#[expect(
    clippy::as_conversions,
    reason = "u64 to u128 loses nothing, and From is not const"
)]
const fn widened(value: u64) -> u128 {
    value as u128
}

impl AddAssign for Amount {
    #[inline]
    fn add_assign(&mut self, other: Self) {
        self.records = self.records.wrapping_add(other.records);
        self.packets = self.packets.wrapping_add(other.packets);
        self.octets = self.octets.wrapping_add(other.octets);
    }
}

impl SubAssign for Amount {
    #[inline]
    fn sub_assign(&mut self, other: Self) {
        self.records = self.records.wrapping_sub(other.records);
        self.packets = self.packets.wrapping_sub(other.packets);
        self.octets = self.octets.wrapping_sub(other.octets);
    }
}

/// What became of the records of one flow log; balances at all times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowLogLedger {
    /// All that were matched; the sum of the rest.
    pub matched: Amount,
    /// Left in rows. Events that made rows are here.
    pub emitted: Amount,
    /// In rows that are still open.
    pub open: Amount,
    /// Beyond the allowed lateness.
    pub late_dropped: Amount,
    /// Totals without a base to count from.
    pub baseline: Amount,
    /// Egress copies of flows metered on ingress.
    pub egress_copy: Amount,
    /// Without counters, where the flow log has no rows for those.
    pub event: Amount,
    /// Arrived while the flow log was not active.
    pub inactive: Amount,
    /// Rows that left; where those of all partitions are added up, also `NODATA` and `SKIPDATA`.
    pub rows: u64,
}

impl FlowLogLedger {
    pub(crate) const NOTHING: Self = {
        const NONE: Amount = Amount {
            records: 0,
            packets: 0,
            octets: 0,
        };
        Self {
            matched: NONE,
            emitted: NONE,
            open: NONE,
            late_dropped: NONE,
            baseline: NONE,
            egress_copy: NONE,
            event: NONE,
            inactive: NONE,
            rows: 0,
        }
    };

    /// Whether `matched` is the sum of the rest.
    pub fn balances(&self) -> bool {
        let mut sum = self.emitted;
        sum += self.open;
        sum += self.late_dropped;
        sum += self.baseline;
        sum += self.egress_copy;
        sum += self.event;
        sum += self.inactive;
        sum == self.matched
    }
}

impl AddAssign<&Self> for FlowLogLedger {
    fn add_assign(&mut self, other: &Self) {
        self.matched += other.matched;
        self.emitted += other.emitted;
        self.open += other.open;
        self.late_dropped += other.late_dropped;
        self.baseline += other.baseline;
        self.egress_copy += other.egress_copy;
        self.event += other.event;
        self.inactive += other.inactive;
        self.rows = self.rows.wrapping_add(other.rows);
    }
}
