//! One Exporter: who it is, how its clock runs, what is counted of it.

use core::net::IpAddr;

use flowlog_record::{ActiveTimeout, ExporterId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::clock::ClockModel;
use crate::durations::Durations;

/// What is known and counted of the Exporter behind one source address.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Exporter {
    /// Its number in this partition.
    pub id: ExporterId,
    /// Source address of its datagrams.
    pub address: IpAddr,
    /// Arrival of its first datagram.
    pub first_heard: Timestamp,
    /// Arrival of its last datagram.
    pub last_heard: Timestamp,
    /// What is counted.
    pub stats: ExporterStats,
    pub(crate) clock: ClockModel,
    pub(crate) durations: Durations,
    /// Of the datagram that is being decoded.
    pub(crate) shift: i64,
    /// The active timeout that the inventory states for the session of that datagram.
    pub(crate) stated: Option<ActiveTimeout>,
}

/// Counts of one Exporter, from when it was first heard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExporterStats {
    /// Datagrams with a readable header.
    pub datagrams: u64,
    /// Octets of them.
    pub octets: u64,
    /// Datagrams of which nothing or only a part could be applied.
    pub malformed: u64,
    /// Datagrams that came before.
    pub duplicates: u64,
    /// Data records of Templates, and V5 records.
    pub flows: u64,
    /// Data records of Options Templates.
    pub options: u64,
    /// Template Records and Options Template Records.
    pub templates: u64,
    /// Template Records with another meaning than the Template had.
    pub redefinitions: u64,
    /// Template withdrawals.
    pub withdrawals: u64,
    /// Templates forgotten because a limit was reached.
    pub forgotten_templates: u64,
    /// Sets of a Template that is not known, or of one that is suspect after a restart and does
    /// not fit.
    pub sets_without_template: u64,
    /// Sets not decoded, for whatever reason.
    pub skipped_sets: u64,
    /// Jumps of the sequence number.
    pub gaps: u64,
    /// What went missing: flows (V5), datagrams (V9), data records (IPFIX).
    pub missed: u64,
    /// The same in data records, estimated where the unit is datagrams.
    pub missed_records: u64,
    /// Datagrams that came out of order.
    pub reordered: u64,
    /// Sequence numbers that began anew.
    pub sequence_restarts: u64,
    /// Restarts, by `SysUptime`.
    pub restarts: u64,
    /// How the times of records were settled.
    pub times: TimeCounts,
}

/// How the times of records were settled: one count for each step of aggregation §3.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeCounts {
    /// Start or end outside `[X − 6060 s, X + 60 s]`, and taken for missing.
    pub out_of_range: u64,
    /// One of start and end with the duration.
    pub by_duration: u64,
    /// The start, with the observation time as end.
    pub by_observation: u64,
    /// Start or end alone.
    pub one_time: u64,
    /// The observation time alone.
    pub observation_alone: u64,
    /// The export time and the duration before it.
    pub export_and_duration: u64,
    /// The export time alone.
    pub export_time: u64,
    /// The start was behind the end.
    pub inverted: u64,
    /// Longer than 6,060 s: the start was moved.
    pub span_clamped: u64,
    /// Later than a second after arrival, by the corrected clock.
    pub future: u64,
}

impl Exporter {
    pub(crate) fn new(id: ExporterId, address: IpAddr, at: Timestamp) -> Self {
        Self {
            id,
            address,
            first_heard: at,
            last_heard: at,
            stats: ExporterStats::default(),
            clock: ClockModel::new(),
            durations: Durations::new(),
            shift: 0,
            stated: None,
        }
    }

    /// `Ta`: what a resource states for the session of this datagram, else what was learned.
    #[inline]
    pub fn active_timeout(&self) -> ActiveTimeout {
        self.stated.unwrap_or(self.durations.learned())
    }

    /// By how many milliseconds the times of the datagram that is being decoded are to be shifted
    /// to be corrected for the Exporter's clock.
    #[inline]
    pub const fn shift(&self) -> i64 {
        self.shift
    }

    /// The least `A − X` of the last ten minutes, in milliseconds: positive when its clock is
    /// behind.
    pub fn clock_offset(&self) -> Option<i64> {
        self.clock.offset()
    }
}
