//! What a flow log asks of aggregation, and what is known of the Exporter behind a batch.

use flowlog_record::{ActiveTimeout, Address, ExporterId, ObservationDomain, Timestamp, Window};
use serde::{Deserialize, Serialize};

/// `ActiveAging` is at most this long; what is longer counts as this (aggregation §1).
pub(crate) const MOST_ACTIVE_MS: i64 = 6_000_000;
/// `InactiveAging` is at most this long.
pub(crate) const MOST_INACTIVE_MS: i64 = 600_000;
/// A fixed hold is at most a day.
pub(crate) const MOST_HOLD_MS: i64 = 86_400_000;
/// `allowed_lateness` is at most a year.
const MOST_LATENESS_MS: i64 = 366 * 86_400_000;

/// How the records of one flow log become rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// The capture window, if there is one.
    pub window: Option<Window>,
    /// Active and inactive aging, if there is any. Without a window and without `per_record`,
    /// absent means [`Aging::DEFAULT`].
    pub aging: Option<Aging>,
    /// One row per record (`window = "none"`); `window` and `aging` are then without effect.
    pub per_record: bool,
    /// How long windowed rows wait for records behind the end of their period.
    pub hold: Hold,
    /// How long after a window's end its parts still count, in milliseconds; never less than
    /// 6060 s + hold.
    pub allowed_lateness_ms: i64,
    /// Which times of a record count.
    pub time_source: TimeSource,
    /// Records without counters make rows of their own.
    pub events: bool,
    /// Which fields make a key.
    pub layout: KeyLayout,
}

impl Rules {
    /// The built-in flow log: 1 minute and 300 s/15 s, key of SAG.
    pub const BUILT_IN: Self = Self {
        window: Some(Window::OneMinute),
        aging: Some(Aging::DEFAULT),
        per_record: false,
        hold: Hold::Auto,
        allowed_lateness_ms: 7_200_000,
        time_source: TimeSource::Corrected,
        events: false,
        layout: KeyLayout::Gateway,
    };

    /// These rules with every value inside its range.
    pub(crate) fn settled(mut self) -> Self {
        if self.per_record {
            self.window = None;
            self.aging = None;
        } else if self.window.is_none() && self.aging.is_none() {
            self.aging = Some(Aging::DEFAULT);
        }
        if let Some(aging) = &mut self.aging {
            aging.active_ms = aging.active_ms.clamp(1, MOST_ACTIVE_MS);
            aging.inactive_ms = aging.inactive_ms.clamp(1, MOST_INACTIVE_MS);
        }
        if let Hold::Fixed(millis) = &mut self.hold {
            *millis = (*millis).clamp(0, MOST_HOLD_MS);
        }
        self.allowed_lateness_ms = self.allowed_lateness_ms.clamp(0, MOST_LATENESS_MS);
        self
    }

    /// Whether rows under `other` can stand beside rows under these rules in one table.
    pub(crate) fn same_kind(&self, other: &Self) -> bool {
        self.per_record == other.per_record
            && self.window.is_some() == other.window.is_some()
            && self.layout == other.layout
    }
}

/// `ActiveAging` and `InactiveAging`, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Aging {
    /// How long a period lasts at most; up to 6000 s.
    pub active_ms: i64,
    /// After how long without records a period ends; up to 600 s.
    pub inactive_ms: i64,
}

impl Aging {
    /// 300 s and 15 s.
    pub const DEFAULT: Self = Self {
        active_ms: 300_000,
        inactive_ms: 15_000,
    };
}

/// How long windowed rows wait behind the end of their period (aggregation §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Hold {
    /// `clamp(Ta + jitter, 15 s, 300 s)` of the Exporter, taken when the window ends.
    Auto,
    /// This many milliseconds; 0 is legal.
    Fixed(i64),
}

/// Which times of a record count (aggregation §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TimeSource {
    /// The Exporter's, shifted by the clock model.
    Corrected,
    /// The Exporter's.
    Exporter,
    /// The end is the arrival, the duration is the Exporter's.
    Arrival,
}

/// Which fields make a key (aggregation §1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyLayout {
    /// VPC and CEN: resource, direction, 5-tuple, action, path.
    Connection,
    /// SAG: 5-tuple, TOS, input and output interface.
    Gateway,
}

/// The Exporter behind a batch of records, as it is known when they arrive.
#[derive(Clone, Copy, Debug)]
pub struct Origin {
    /// Its number; never given twice.
    pub exporter: ExporterId,
    /// Its address, as rows name it.
    pub address: Address,
    /// The Observation Domain of the datagram.
    pub domain: ObservationDomain,
    /// When the datagram arrived (`A`).
    pub at: Timestamp,
    /// What the clock model adds to the Exporter's times, in milliseconds.
    pub shift: i64,
    /// `Ta` as it is known now.
    pub active_timeout: ActiveTimeout,
    /// When the Exporter was first heard.
    pub first_heard: Timestamp,
}

/// What an [`Aggregator`](crate::Aggregator) may keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Rows that are open at the same time, over all flow logs of the partition. At 90 % the
    /// oldest leave early. One batch may pass the limit by its own rows. A row costs 70 to 130
    /// octets.
    pub rows: u64,
    /// Exporters that are remembered; those without open rows are forgotten first, silent longest
    /// first.
    pub exporters: usize,
}

impl Limits {
    /// 1,048,576 rows (about 80 MB when full of IPv4) and 65,536 Exporters.
    pub const DEFAULT: Self = Self {
        rows: 1 << 20,
        exporters: 1 << 16,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
