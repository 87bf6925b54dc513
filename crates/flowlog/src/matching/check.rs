//! Whether inventory and flow logs fit each other.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::fmt;

use flowlog_record::{FlowLogIndex, ResourceIndex};

use super::member::Selectors;
use crate::{FlowLog, FlowLogId, Inventory, ResourceId, ResourceKind, SAG_DEFAULT, Status};

/// What happens to a flow log whose resource is not in the inventory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// It is accepted, matches nothing, and makes a [`Warning`].
    #[default]
    Open,
    /// It is refused.
    Strict,
}

/// Flow logs that cannot be compiled together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CompileError {
    /// More flow logs than a [`FlowLogIndex`] can number.
    TooMany {
        /// How many there are.
        flow_logs: usize,
    },
    /// Two flow logs of one id.
    Duplicate {
        /// The id.
        flow_log: FlowLogId,
    },
    /// In strict mode: a resource that is not in the inventory.
    NotInInventory {
        /// The flow log.
        flow_log: FlowLogId,
        /// The id that it points at.
        resource: ResourceId,
    },
    /// The resource is of another product than the flow log (the inventory has changed since).
    OtherProduct {
        /// The flow log.
        flow_log: FlowLogId,
        /// The id that it points at.
        resource: ResourceId,
        /// What the resource is.
        kind: ResourceKind,
    },
}

impl fmt::Display for CompileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooMany { flow_logs } => {
                write!(f, "{flow_logs} flow logs are more than {}", u16::MAX)
            }
            Self::Duplicate { flow_log } => {
                write!(f, "flow log `{flow_log}`: give each flow log its own name")
            }
            Self::NotInInventory { flow_log, resource } => write!(
                f,
                "flow log `{flow_log}`: `{resource}` is not in the inventory; add it as a [[resource]]"
            ),
            Self::OtherProduct {
                flow_log,
                resource,
                kind,
            } => write!(
                f,
                "flow log `{flow_log}`: `{resource}` is a {kind}, which belongs to `{}`",
                kind.product().as_str()
            ),
        }
    }
}

impl core::error::Error for CompileError {}

/// A flow log, or a part of one, that matches nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Warning {
    /// The resource is not in the inventory.
    NotInInventory {
        /// The flow log.
        flow_log: FlowLogIndex,
        /// The id that it points at.
        resource: ResourceId,
    },
    /// Neither the resource nor anything below it says which records are its own.
    SelectsNothing {
        /// The flow log.
        flow_log: FlowLogIndex,
        /// The id that it points at.
        resource: ResourceId,
    },
}

/// The flow logs, or parts of them, that match nothing. Inactive ones are not looked at: they may be
/// gone, kept for the rows that they still have.
pub(super) fn check(
    inventory: &Inventory,
    flow_logs: &[FlowLog],
    mode: Mode,
) -> Result<Vec<Warning>, CompileError> {
    if flow_logs.len() > usize::from(u16::MAX) {
        return Err(CompileError::TooMany {
            flow_logs: flow_logs.len(),
        });
    }
    let selecting = selecting(inventory);
    let mut ids = BTreeSet::new();
    let mut warnings = Vec::new();
    for (index, flow_log) in (0..).map(FlowLogIndex).zip(flow_logs) {
        if !ids.insert(flow_log.id()) {
            return Err(CompileError::Duplicate {
                flow_log: flow_log.id().clone(),
            });
        }
        let active = flow_log.status() == Status::Active;
        for id in flow_log.resources().iter().filter(|_| active) {
            let resource = id.clone();
            match find(inventory, flow_log, id)? {
                Some(at) if selecting.contains(&at) => {}
                Some(_) => warnings.push(Warning::SelectsNothing {
                    flow_log: index,
                    resource,
                }),
                None if mode == Mode::Strict => {
                    return Err(CompileError::NotInInventory {
                        flow_log: flow_log.id().clone(),
                        resource,
                    });
                }
                None => warnings.push(Warning::NotInInventory {
                    flow_log: index,
                    resource,
                }),
            }
        }
    }
    Ok(warnings)
}

/// The resource that a flow log points at, if it is there and of the flow log's product.
fn find(
    inventory: &Inventory,
    flow_log: &FlowLog,
    id: &ResourceId,
) -> Result<Option<ResourceIndex>, CompileError> {
    let Some(at) = inventory.index_of(id.as_str()) else {
        return Ok(None);
    };
    match inventory.resource(at).map(|resource| resource.kind) {
        Some(kind) if kind.product() != flow_log.product() => Err(CompileError::OtherProduct {
            flow_log: flow_log.id().clone(),
            resource: id.clone(),
            kind,
        }),
        _ => Ok(Some(at)),
    }
}

/// The resources that have records, themselves or below them.
fn selecting(inventory: &Inventory) -> BTreeSet<ResourceIndex> {
    inventory
        .iter()
        .filter(|(index, resource)| {
            resource.id.as_str() == SAG_DEFAULT || !Selectors::of(inventory, *index).are_none()
        })
        .flat_map(|(index, _)| inventory.line(index).map(|(index, _)| index))
        .collect()
}
