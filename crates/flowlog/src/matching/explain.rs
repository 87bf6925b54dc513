//! Why records of an Exporter belong where they do: what `flowlogd resource explain` says.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::net::IpAddr;

use flowlog_record::{FlowLogIndex, ObservationDomain, ResourceIndex};

use super::MatchTable;
use super::compile::{Layer, covered};
use super::member::Selectors;
use crate::{ExporterSelector, FlowLog, Inventory, Prefix};

/// A resource that records of an Exporter can belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The resource.
    pub resource: ResourceIndex,
    /// Why it has to do with the Exporter.
    pub because: Because,
    /// Of its records, those from or to these addresses. None: whatever the addresses.
    pub prefixes: Vec<Prefix>,
    /// Of its records, those through these interfaces, ascending. None: whatever the interfaces.
    pub facing: Vec<u32>,
    /// The flow logs that cover it, ascending.
    pub flow_logs: Vec<FlowLogIndex>,
}

/// Why a resource has to do with an Exporter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Because {
    /// The inventory names the Exporter: the resource itself does, or the nearest that it is part of
    /// and that names any.
    Named {
        /// The selector that fits.
        selector: ExporterSelector,
        /// Whose selector it is.
        owner: ResourceIndex,
    },
    /// It names no Exporter: its addresses and interfaces alone decide.
    AnyExporter,
    /// No other resource names the Exporter.
    Unclaimed,
}

impl MatchTable {
    /// The resources that records of an Exporter and Observation Domain can belong to, the one that
    /// goes before the others first; `inventory` and `flow_logs` are what the table was compiled from.
    /// Those behind a relay are there with the relay's selector.
    pub fn explain(
        &self,
        (inventory, flow_logs): (&Inventory, &[FlowLog]),
        (exporter, domain): (IpAddr, ObservationDomain),
    ) -> Vec<Claim> {
        let compiled = &self.compiled;
        let mut layers = self.layers(exporter, domain);
        let named = !layers.is_empty();
        for relay in self.relays(exporter, domain) {
            layers.extend(compiled.layers_at(relay.origins.values()));
        }
        layers.push(&compiled.anywhere);
        if !named {
            layers.push(&compiled.unclaimed);
        }
        let each = |layer: &Layer| {
            let resources = layer.resources.iter();
            let ranked = resources.map(|&resource| (self.rank(layer, resource), resource));
            ranked.collect::<Vec<_>>()
        };
        let mut ranked: Vec<_> = layers
            .into_iter()
            .flat_map(|layer| each(layer).into_iter().map(move |it| (it, layer)))
            .collect();
        ranked.sort_by(|((a, _), _), ((b, _), _)| b.cmp(a));
        let covered = covered(inventory, flow_logs);
        let is_unclaimed = |layer: &Layer| core::ptr::eq(layer, &raw const compiled.unclaimed);
        ranked
            .into_iter()
            .map(|((_, resource), layer)| {
                let selectors = Selectors::of(inventory, resource);
                Claim {
                    resource,
                    because: match layer.selector {
                        Some(selector) => Because::Named {
                            selector,
                            owner: owner(inventory, resource),
                        },
                        None if is_unclaimed(layer) => Because::Unclaimed,
                        None => Because::AnyExporter,
                    },
                    prefixes: selectors.prefixes.to_vec(),
                    facing: selectors.facing,
                    flow_logs: covered.get(&resource).cloned().unwrap_or_default(),
                }
            })
            .collect()
    }
}

impl Inventory {
    /// Which flow logs cover a resource: those that point at it or at something that it is part of,
    /// ascending.
    pub fn covered(&self, flow_logs: &[FlowLog]) -> BTreeMap<ResourceIndex, Vec<FlowLogIndex>> {
        covered(self, flow_logs)
    }
}

/// The resource whose selectors of Exporters hold for `resource`.
fn owner(inventory: &Inventory, resource: ResourceIndex) -> ResourceIndex {
    let mut line = inventory.line(resource);
    let found = line.find(|(_, resource)| !resource.exporters.is_empty());
    found.map_or(resource, |(index, _)| index)
}
