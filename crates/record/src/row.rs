//! The row: what a flow log delivers of one key in one period.

use alloc::boxed::Box;
use alloc::string::String;

use serde::{Deserialize, Serialize};

use crate::{Address, Fields, Sampling, Timestamp};

/// The place of a flow log in the compiled match table of one generation.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct FlowLogIndex(pub u16);

/// The place of a resource in the compiled inventory.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct ResourceIndex(pub u32);

/// Which way a flow went, seen from the resource.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub enum Direction {
    /// Not known, or the layout has no direction: `-`.
    #[default]
    Unknown,
    /// `in`
    In,
    /// `out`
    Out,
}

/// What was done with a flow.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub enum Action {
    /// `ACCEPT`
    #[default]
    Accept,
    /// `REJECT`
    Reject,
}

/// Where a flow log put one record of a batch; one record may have two (both ends inside).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Placed {
    /// The record's place in the batch.
    pub record: u8,
    /// Direction, part of the key of VPC and CEN flow logs; `Unknown` for SAG.
    pub direction: Direction,
    /// Action, part of the key of VPC and CEN flow logs; `Accept` for SAG.
    pub action: Action,
    /// Traffic path, part of the key of VPC flow logs; 255 is `-`, and what SAG and CEN have.
    pub path: u8,
    /// The resource that the row names.
    pub resource: ResourceIndex,
}

/// The key of a row beside its Exporter and flow log (aggregation §1).
///
/// VPC and CEN leave `tos` and the interfaces zero; SAG leaves direction, action and path at
/// their defaults. Ports are those of [`crate::FlowRecord::row_ports`].
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct FlowKey {
    /// Source address, `::` when absent.
    pub source: Address,
    /// Destination address, `::` when absent.
    pub destination: Address,
    /// Source port.
    pub source_port: u16,
    /// Destination port.
    pub destination_port: u16,
    /// Protocol.
    pub protocol: u8,
    /// Class of service (SAG).
    pub tos: u8,
    /// Direction (VPC, CEN).
    pub direction: Direction,
    /// Action (VPC, CEN).
    pub action: Action,
    /// Traffic path (VPC); 255 is `-`.
    pub path: u8,
    /// Ingress interface (SAG).
    pub ingress_interface: u32,
    /// Egress interface (SAG).
    pub egress_interface: u32,
    /// The resource.
    pub resource: ResourceIndex,
}

/// Why a row left (flow logs, *Rows*).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Reason {
    /// The capture window ended.
    Window,
    /// `ActiveAging` was reached.
    Active,
    /// `InactiveAging` was reached.
    Inactive,
    /// The flow ended by its own word (end reason, FIN, RST).
    Ended,
    /// The Exporter fell silent.
    Idle,
    /// The flow log was switched off, or the input of a replay ended.
    Forced,
    /// The table was nearly full.
    Cap,
    /// A record without counters.
    Event,
}

impl Reason {
    /// The word in the column `reason`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Window => "window",
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Ended => "ended",
            Self::Idle => "idle",
            Self::Forced => "forced",
            Self::Cap => "cap",
            Self::Event => "event",
        }
    }
}

/// What a row says (VPC: the column `log-status`).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub enum LogStatus {
    /// What passed.
    #[default]
    Ok,
    /// Nothing passed in the window.
    NoData,
    /// Something of the window was lost.
    SkipData {
        /// How many records, by sequence numbers.
        lost_records: u64,
    },
}

impl LogStatus {
    /// The word in the column `log-status`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::NoData => "NODATA",
            Self::SkipData { .. } => "SKIPDATA",
        }
    }
}

/// How the counters of a row came about (IANA element 384).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Distribution {
    /// Every record gave this row all it had.
    Direct,
    /// At least one record was split proportionally.
    Proportional,
}

/// The column `sampling` of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RowSampling {
    /// One factor holds for all of the row.
    Factor(Sampling),
    /// Unknown, or several: `-`.
    UnknownOrMixed,
}

/// Which values of a row at least one of its records had: an absent one reads `-`, and shares its
/// key with 0 (flow logs, *Rows*). Ports are not here: absent ones are 0.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[repr(transparent)]
pub struct Present(u8);

impl Present {
    /// The protocol.
    pub const PROTOCOL: Self = Self(1);
    /// The class of service.
    pub const TOS: Self = Self(1 << 1);
    /// The TCP flags.
    pub const TCP_FLAGS: Self = Self(1 << 2);
    /// The ingress interface.
    pub const INGRESS_INTERFACE: Self = Self(1 << 3);
    /// The egress interface.
    pub const EGRESS_INTERFACE: Self = Self(1 << 4);

    /// What a record with these fields has.
    #[inline]
    pub const fn of(fields: Fields) -> Self {
        // The five bits of `Fields`, moved next to each other: no branch in the hot path.
        let [low, high, ..] = fields.bits().to_le_bytes();
        Self((low >> 5) | ((high & 0b11) << 3))
    }

    /// What this or `other` has.
    #[inline]
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of `other` is there.
    #[inline]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// What a flow log delivers of one key in one period. Layouts (`flowlog`) turn it into columns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The flow log.
    pub flow_log: FlowLogIndex,
    /// The Exporter's address.
    pub exporter: Address,
    /// The key.
    pub key: FlowKey,
    /// Whether source and destination address were in the records at all (else `-`), and whether
    /// they are IPv6.
    pub has_source: bool,
    /// See `has_source`.
    pub has_destination: bool,
    /// Which of the other values its records had.
    pub present: Present,
    /// Start of the period, milliseconds; columns have ⌊ms/1000⌋.
    pub start: Timestamp,
    /// End of the period, milliseconds, as the column `end` wants it: the window's end (exclusive
    /// bound) when a record reaches past it, the period's end for an active cut, else the last
    /// millisecond of the flow.
    pub end: Timestamp,
    /// Start of the capture window, `None` without one.
    pub window: Option<Timestamp>,
    /// Packets, scaled by sampling.
    pub packets: u64,
    /// Octets, scaled by sampling.
    pub octets: u64,
    /// Packets before sampling.
    pub packets_raw: u64,
    /// Octets before sampling.
    pub octets_raw: u64,
    /// The sampling factor.
    pub sampling: RowSampling,
    /// TCP flags of all records, OR-ed.
    pub tcp_flags: u16,
    /// How the counters came about.
    pub distribution: Distribution,
    /// An additive row for a window that has left.
    pub late: bool,
    /// Why it left.
    pub reason: Reason,
    /// What it says: with another status than `Ok` there is no flow, and its fields say nothing.
    pub status: LogStatus,
    /// Pipeline time when it left.
    pub left_at: Timestamp,
    /// The number of the row within its (epoch, flow log, partition), from 0.
    pub number: u64,
    /// Records whose last part is in this row: what leaves `open` in the ledger.
    pub records: u64,
    /// Further Information Elements that the flow log lists, one text each, of the first record.
    pub extra: Option<Box<[String]>>,
}

#[cfg(test)]
mod tests;
