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

    pub(crate) const fn len(&self) -> usize {
        self.sets.len()
    }

    /// What all of them cost, in octets.
    pub(crate) fn cost(&self) -> usize {
        self.sets.iter().map(ParkedSet::cost).sum()
    }

    pub(crate) fn push(&mut self, set: ParkedSet) {
        self.sets.push(set);
    }

    /// Takes out the Sets of a Template, in the order of their arrival.
    pub(crate) fn take(&mut self, id: TemplateId) -> Vec<ParkedSet> {
        self.sets.extract_if(.., |set| set.id == id.get()).collect()
    }

    /// Gives up those that arrived before `oldest`; returns how many, and what they had cost.
    pub(crate) fn expire(&mut self, oldest: Timestamp) -> (u64, usize) {
        let (mut expired, mut freed) = (0, 0);
        for set in self.sets.extract_if(.., |set| set.header.at < oldest) {
            expired += 1;
            freed += set.cost();
        }
        (expired, freed)
    }
}
