//! Where a flow log is in its life.
//!
//! What is kept on disk is where it goes: *active*, *inactive*, or gone. Until every partition has
//! applied that, it is on its way, and the state that is shown says so. After a death in between
//! the next start begins with where it was going, so that it is in the old state or in the new one.

use flowlog_flowlog::{Product, Status};

use super::FlowLog;

/// A flow log, and how far its last change has come.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) flow_log: FlowLog,
    pub(crate) phase: Phase,
    /// The generation that brings the change into effect.
    pub(crate) generation: u64,
}

/// How far a change has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Nothing is under way.
    Settled,
    Creating,
    Activating,
    Deactivating,
    Modifying,
    Deleting,
}

impl Entry {
    /// The state as the product calls it.
    pub(crate) fn status(&self) -> &'static str {
        let settled = match self.flow_log.status {
            Status::Active => "Active",
            Status::Inactive => "Inactive",
        };
        match (self.flow_log.product(), self.phase) {
            (Product::Sag, _) | (_, Phase::Settled) => settled,
            (Product::Vpc, Phase::Creating | Phase::Activating) => "Activating",
            (Product::Vpc, Phase::Deactivating) => "Deactivating",
            (Product::Cen, Phase::Creating) => "Creating",
            (Product::Vpc, Phase::Modifying)
            | (Product::Cen, Phase::Activating | Phase::Deactivating | Phase::Modifying) => {
                "Modifying"
            }
            (_, Phase::Deleting) => "Deleting",
        }
    }

    /// Whether it is settled in this state, so that it can be changed from there.
    pub(crate) fn is_settled_as(&self, status: Status) -> bool {
        self.is_settled() && self.flow_log.status == status
    }

    /// Whether nothing is under way. A SAG flow log has no states between: calls wait for each
    /// other instead.
    pub(crate) fn is_settled(&self) -> bool {
        match self.flow_log.product() {
            Product::Sag => self.phase != Phase::Deleting,
            Product::Vpc | Product::Cen => self.phase == Phase::Settled,
        }
    }
}
