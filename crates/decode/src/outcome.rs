//! What became of a datagram: the ledger's view (every datagram and every Set is in one class).

use core::ops::AddAssign;

use flowlog_wire::Malformed;

/// What became of one datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Decoded {
    /// What became of it as a whole.
    pub outcome: Outcome,
    /// What became of its Sets, and of those that were parked before.
    pub sets: SetCounts,
    /// Data records of Templates, and V5 records.
    pub flows: u64,
    /// Flow Records handed out: `flows` and the reverse halves of biflows.
    pub flow_records: u64,
    /// Data records of Options Templates.
    pub options: u64,
    /// Template Records and Options Template Records, re-sent ones too.
    pub templates: u64,
    /// Template withdrawals.
    pub withdrawals: u64,
    /// Data records that went missing before this datagram, by its sequence number; V9 counts
    /// datagrams, of which each is taken to have as many records as the others so far.
    pub missed_records: u64,
    /// The same in the unit of the sequence number: flows (V5), datagrams (V9), data records (IPFIX).
    pub missed: u64,
    /// What this datagram, coming late, brought of that which had gone missing; in data records.
    pub found_records: u64,
    /// The same in the unit of the sequence number.
    pub found: u64,
}

/// What became of a datagram as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Applied.
    Accepted {
        /// Something in it was malformed; the rest was applied.
        partly_malformed: bool,
    },
    /// Among the last 64 of its Exporter and Observation Domain already; not applied.
    Duplicate,
    /// Not looked at.
    Refused(Refusal),
    /// Nothing in it could be applied; the first problem.
    Malformed(Malformed),
}

/// Why a datagram is not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Refusal {
    /// The source address is no address of a host: unspecified, multicast or broadcast.
    SourceAddress,
}

/// What became of Sets: in = decoded + parked + expired + skipped, over all datagrams.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SetCounts {
    /// Sets in the datagram.
    pub received: u64,
    /// Decoded, Template Sets too; more than received when parked ones were decoded.
    pub decoded: u64,
    /// Parked until their Template comes; negative when more left than came.
    pub parked: i64,
    /// Parked, and given up: too old, or no room.
    pub expired: u64,
    /// Not decoded: reserved, broken, or of an unknown Template and not parked.
    pub skipped: u64,
}

impl AddAssign for SetCounts {
    fn add_assign(&mut self, other: Self) {
        self.received += other.received;
        self.decoded += other.decoded;
        self.parked += other.parked;
        self.expired += other.expired;
        self.skipped += other.skipped;
    }
}

impl Decoded {
    /// Nothing decoded yet.
    pub(crate) const fn new(outcome: Outcome) -> Self {
        Self {
            outcome,
            sets: SetCounts {
                received: 0,
                decoded: 0,
                parked: 0,
                expired: 0,
                skipped: 0,
            },
            flows: 0,
            flow_records: 0,
            options: 0,
            templates: 0,
            withdrawals: 0,
            missed_records: 0,
            missed: 0,
            found_records: 0,
            found: 0,
        }
    }
}
