//! What resources state of the Exporters that see them.

use flowlog_record::{ActiveTimeout, ExporterProfile, ResourceIndex, SamplingOverride};

use crate::Inventory;

/// What is stated, and what is left open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Habits {
    active_timeout: Option<ActiveTimeout>,
    keeps_start: Option<bool>,
    counts_egress: Option<bool>,
    sampling: Option<SamplingOverride>,
}

impl Habits {
    /// What the resource states, or what it is part of; `None` for nothing at all.
    pub(super) fn of(inventory: &Inventory, resource: ResourceIndex) -> Option<Self> {
        let line = || inventory.lineage(resource);
        let habits = Self {
            active_timeout: line().find_map(|r| r.active_timeout),
            keeps_start: line().find_map(|r| r.keeps_start),
            counts_egress: line().find_map(|r| r.counts_egress),
            sampling: line().find_map(|r| r.sampling).map(|stated| stated.0),
        };
        (habits != Self::default()).then_some(habits)
    }

    /// What this states, and where it leaves something open, what `other` states.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            active_timeout: self.active_timeout.or(other.active_timeout),
            keeps_start: self.keeps_start.or(other.keeps_start),
            counts_egress: self.counts_egress.or(other.counts_egress),
            sampling: self.sampling.or(other.sampling),
        }
    }
}

impl From<Habits> for ExporterProfile {
    fn from(habits: Habits) -> Self {
        Self {
            active_timeout: habits.active_timeout,
            keeps_start: habits.keeps_start.unwrap_or(false),
            counts_egress: habits.counts_egress.unwrap_or(false),
            sampling: habits.sampling,
        }
    }
}
