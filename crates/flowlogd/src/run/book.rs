//! Which number a resource and a flow log have: the same in every generation and after a restart,
//! so that rows that are still open go on naming the right one.

use flowlog_flowlog::{
    Definition, DefinitionError, FlowLog, Inventory, InventoryError, Resource, ResourceId,
    Resources, Status, Warning,
};
use flowlog_pipeline::Generation;
use flowlog_record::FlowLogIndex;
use tracing::warn;

use super::saved::Book;
use crate::config::Config;

/// Inventory and flow logs of one generation, in the order of their numbers.
#[derive(Clone, Debug)]
pub(crate) struct Numbered {
    pub(crate) inventory: Inventory,
    pub(crate) flow_logs: Vec<FlowLog>,
}

/// Why a configuration gives no generation.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NumberingError {
    #[error("[[resource]] {0}")]
    Inventory(#[from] InventoryError),
    #[error("[[flow_log]] {name}: {problem}")]
    FlowLog {
        name: String,
        problem: DefinitionError,
    },
    #[error("flow logs: {0}")]
    Compile(#[from] flowlog_flowlog::CompileError),
}

impl Numbered {
    /// What the configuration says, under the numbers that `before` gave. A flow log that is gone
    /// stays as an inactive one.
    pub(crate) fn new(
        config: &Config,
        resources: Vec<ResourceId>,
        before: Vec<Definition>,
    ) -> Result<Self, NumberingError> {
        Self::with(config, &[], (resources, before))
    }

    /// The same with flow logs of the control API beside those of the configuration, which go before
    /// them where the names are the same.
    pub(crate) fn with(
        config: &Config,
        api: &[Definition],
        (resources, before): (Vec<ResourceId>, Vec<Definition>),
    ) -> Result<Self, NumberingError> {
        let now: Vec<Resource> = config.resource.clone();
        let inventory = if resources.is_empty() {
            Inventory::new(now)?
        } else {
            Inventory::with_indices(resources, now)?
        };
        let mut flow_logs = Vec::new();
        for old in before {
            let is_it = |new: &&Definition| new.name == old.name;
            let configured = config.flow_log.iter().find(is_it);
            flow_logs.push(match (configured, api.iter().find(is_it)) {
                (Some(definition), _) => validated(definition.clone(), &inventory)?,
                (None, Some(definition)) => fitted(definition, &inventory)?,
                (None, None) => validated(gone(&old), &inventory)?,
            });
        }
        let is_new = |flow_logs: &[FlowLog], new: &Definition| {
            !flow_logs.iter().any(|known| *known.id() == new.name)
        };
        for new in &config.flow_log {
            if is_new(&flow_logs, new) {
                flow_logs.push(validated(new.clone(), &inventory)?);
            }
        }
        for new in api {
            if is_new(&flow_logs, new) {
                flow_logs.push(fitted(new, &inventory)?);
            }
        }
        Ok(Self {
            inventory,
            flow_logs,
        })
    }

    /// The same under another configuration, and with other flow logs of the control API.
    pub(crate) fn changed_to(
        &self,
        config: &Config,
        api: &[Definition],
    ) -> Result<Self, NumberingError> {
        Self::with(config, api, (self.resources(), self.definitions()))
    }

    /// Compiles the table.
    pub(crate) fn generation(&self) -> Result<Generation, NumberingError> {
        Ok(Generation::compile(
            &self.inventory,
            &self.flow_logs,
            flowlog_flowlog::Mode::Open,
        )?)
    }

    /// What a user should know of flow logs that match nothing.
    pub(crate) fn warnings(&self, generation: &Generation) -> Vec<String> {
        let name = |index: &FlowLogIndex| {
            self.flow_logs
                .get(usize::from(index.0))
                .map_or("?", |flow_log| flow_log.id().as_str())
        };
        let sentence = |warning: &Warning| match warning {
            Warning::NotInInventory { flow_log, resource } => format!(
                "flow log {}: resource {resource} is not in the inventory, so it matches nothing; add it as a [[resource]]",
                name(flow_log)
            ),
            Warning::SelectsNothing { flow_log, resource } => format!(
                "flow log {}: resource {resource} selects no records; give it exporters, interfaces or prefixes",
                name(flow_log)
            ),
        };
        generation.table().warnings().iter().map(sentence).collect()
    }

    /// What saved partitions need to be understood.
    pub(crate) fn book(&self, epoch: u64, partitions: u16) -> Book {
        Book::new(epoch, partitions, self.resources(), self.definitions())
    }

    /// The ids of the flow logs.
    pub(crate) fn names(&self) -> Vec<String> {
        self.flow_logs
            .iter()
            .map(|flow_log| flow_log.id().as_str().to_owned())
            .collect()
    }

    fn resources(&self) -> Vec<ResourceId> {
        self.inventory.ids().cloned().collect()
    }

    fn definitions(&self) -> Vec<Definition> {
        self.flow_logs
            .iter()
            .map(|flow_log| flow_log.definition().clone())
            .collect()
    }
}

fn inactive(definition: &Definition) -> Definition {
    Definition {
        status: Status::Inactive,
        ..definition.clone()
    }
}

/// It has rows that are open, perhaps, and takes no records: nobody looks whether they would be its.
fn gone(definition: &Definition) -> Definition {
    Definition {
        resources: Resources::new([]),
        ..inactive(definition)
    }
}

/// A flow log of the control API. The inventory may have changed since it was made: one that does
/// not fit it any more collects nothing, and is said.
fn fitted(definition: &Definition, inventory: &Inventory) -> Result<FlowLog, NumberingError> {
    match validated(definition.clone(), inventory) {
        Err(problem) => {
            warn!(%problem, "a flow log of the control API does not fit the inventory");
            validated(inactive(definition), inventory)
        }
        fitting => fitting,
    }
}

fn validated(definition: Definition, inventory: &Inventory) -> Result<FlowLog, NumberingError> {
    let name = definition.name.as_str().to_owned();
    definition
        .validate(inventory)
        .map_err(|problem| NumberingError::FlowLog { name, problem })
}

#[cfg(test)]
mod tests;
