//! The ledger of a partition: what became of every datagram and every Set.
//!
//! It balances at all times: `in` is the sum of what follows it. The flow logs' side of the
//! ledger (matched, emitted, open, …) is kept where it happens, in `aggregate`.

use core::ops::AddAssign;

use flowlog_decode::{Decoded, Outcome};
use serde::{Deserialize, Serialize};

/// Datagrams by what became of them; `partly_malformed` is part of `accepted`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Datagrams {
    /// Decoded, wholly or as far as its Sets allow.
    pub accepted: u64,
    /// The same datagram again (aggregation §6).
    pub duplicate: u64,
    /// Not from anyone we listen to, or beyond a limit.
    pub refused: u64,
    /// Not decodable at all.
    pub malformed: u64,
    /// Given up for lack of memory.
    pub shed: u64,
    /// Accepted, but a part of it was malformed.
    pub partly_malformed: u64,
}

impl Datagrams {
    /// All that came in.
    pub const fn total(&self) -> u64 {
        self.accepted + self.duplicate + self.refused + self.malformed + self.shed
    }
}

/// Sets by what became of them; Template Sets are decoded Sets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sets {
    /// Decoded.
    pub decoded: u64,
    /// Waiting for their Template.
    pub parked: u64,
    /// Waited too long.
    pub expired: u64,
    /// Without a Template, reserved, or damaged.
    pub skipped: u64,
}

impl Sets {
    /// All that came in.
    pub const fn total(&self) -> u64 {
        self.decoded + self.parked + self.expired + self.skipped
    }
}

/// What became of every datagram and Set of one partition, or of several added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// Datagrams.
    pub datagrams: Datagrams,
    /// Sets.
    pub sets: Sets,
}

impl Ledger {
    /// Enters one datagram.
    pub(crate) fn enter(&mut self, decoded: &Decoded) {
        match decoded.outcome {
            Outcome::Accepted { partly_malformed } => {
                self.datagrams.accepted += 1;
                self.datagrams.partly_malformed += u64::from(partly_malformed);
            }
            Outcome::Duplicate => self.datagrams.duplicate += 1,
            Outcome::Refused(_) => self.datagrams.refused += 1,
            Outcome::Malformed(_) => self.datagrams.malformed += 1,
        }
        self.sets.decoded += decoded.sets.decoded;
        self.sets.parked = self.sets.parked.saturating_add_signed(decoded.sets.parked);
        self.sets.expired += decoded.sets.expired;
        self.sets.skipped += decoded.sets.skipped;
    }
}

impl AddAssign<&Self> for Ledger {
    fn add_assign(&mut self, other: &Self) {
        let (d, o) = (&mut self.datagrams, &other.datagrams);
        d.accepted += o.accepted;
        d.duplicate += o.duplicate;
        d.refused += o.refused;
        d.malformed += o.malformed;
        d.shed += o.shed;
        d.partly_malformed += o.partly_malformed;
        let (s, o) = (&mut self.sets, &other.sets);
        s.decoded += o.decoded;
        s.parked += o.parked;
        s.expired += o.expired;
        s.skipped += o.skipped;
    }
}
