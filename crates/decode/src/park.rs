//! Data Sets that came before their Template: kept for a while (aggregation §3, §7).

use alloc::boxed::Box;
use alloc::vec::Vec;

use flowlog_record::Timestamp;
use flowlog_wire::TemplateId;
use serde::{Deserialize, Serialize};

use crate::header::Header;

/// Octets that a parked Set costs beside its own.
const OVERHEAD: usize = 128;

/// A Set that waits.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ParkedSet {
    /// ID of the Set, 256 or more.
    pub(crate) id: u16,
    /// The header of its datagram, with the arrival time.
    pub(crate) header: Header,
    /// The clock's shift when it came.
    pub(crate) shift: i64,
    /// Where the body begins, in octets from the start of the datagram.
    pub(crate) offset: usize,
    /// The octets behind the header of the Set.
    pub(crate) body: Box<[u8]>,
}

/// The parked Sets of one session, in the order of their arrival.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Parked {
    sets: Vec<ParkedSet>,
}

/// How many Sets, and what they cost in octets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ParkedCost {
    pub(crate) sets: usize,
    pub(crate) octets: usize,
}

impl ParkedSet {
    /// What it costs, in octets.
    pub(crate) const fn cost(&self) -> usize {
        self.body.len() + OVERHEAD
    }
}

impl Parked {
    pub(crate) const fn is_empty(&self) -> bool {
        self.sets.is_empty()
    }

    /// All of them.
    pub(crate) fn all(&self) -> ParkedCost {
        ParkedCost {
            sets: self.sets.len(),
            octets: self.sets.iter().map(ParkedSet::cost).sum(),
        }
    }

    /// When the oldest of them arrived; the end of time when there is none.
    pub(crate) fn oldest(&self) -> Timestamp {
        let arrivals = self.sets.iter().map(|set| set.header.at);
        arrivals.min().unwrap_or(Timestamp::MAX)
    }

    pub(crate) fn push(&mut self, set: ParkedSet) {
        self.sets.push(set);
    }

    /// Takes out the Sets of a Template, in the order of their arrival.
    pub(crate) fn take(&mut self, id: TemplateId) -> Vec<ParkedSet> {
        self.sets.extract_if(.., |set| set.id == id.get()).collect()
    }

    /// Gives up those that arrived before `oldest`.
    pub(crate) fn expire(&mut self, oldest: Timestamp) -> ParkedCost {
        let mut expired = ParkedCost::default();
        for set in self.sets.extract_if(.., |set| set.header.at < oldest) {
            expired.sets += 1;
            expired.octets += set.cost();
        }
        expired
    }
}
