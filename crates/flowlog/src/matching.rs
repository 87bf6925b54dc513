//! Which records belong to which flow logs (flow logs, *Inventory*, *What a record means*).
//!
//! [`MatchTable::compile`] interprets inventory and definitions once; [`MatchTable::scope`] picks
//! what concerns one Exporter and domain; [`ExporterScope::place_batch`] is the hot path.

mod check;
mod compile;
mod explain;
mod habits;
mod index;
mod member;
mod prefix_table;
mod scope;
#[cfg(test)]
mod tests;

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::IpAddr;

use flowlog_record::{Address, ExporterProfile, FlowLogIndex, ObservationDomain, ResourceIndex};

pub use check::{CompileError, Mode, Warning};
pub use explain::{Because, Claim};
pub use scope::ExporterScope;

use crate::{FlowLog, Inventory, Product, Status};
use check::check;
use compile::{Compiled, Layer, Relay};
use habits::Habits;
use index::Index;
use prefix_table::PrefixTable;
use scope::{Scope, Scoped};

/// The compiled flow logs of one generation. A clone shares everything.
#[derive(Clone, Debug)]
pub struct MatchTable {
    compiled: Arc<Compiled>,
    warnings: Arc<[Warning]>,
    /// Few resources state something.
    habits: Arc<BTreeMap<ResourceIndex, Habits>>,
    /// What every Exporter gets that no selector names.
    unclaimed: ExporterScope,
}

impl MatchTable {
    /// Interprets the inventory and the flow logs; the place of a flow log in the slice is its
    /// [`FlowLogIndex`]. Their order, and that of the resources, changes nothing else.
    ///
    /// # Errors
    /// See [`CompileError`].
    pub fn compile(
        inventory: &Inventory,
        flow_logs: &[FlowLog],
        mode: Mode,
    ) -> Result<Self, CompileError> {
        let warnings = check(inventory, flow_logs, mode)?;
        let compiled = Arc::new(Compiled::new(inventory, flow_logs));
        let habits = inventory
            .iter()
            .filter_map(|(index, _)| Some((index, Habits::of(inventory, index)?)))
            .collect();
        Ok(Self {
            unclaimed: ExporterScope(Arc::new(scope(&compiled, &[], &[]))),
            compiled,
            warnings: warnings.into(),
            habits: Arc::new(habits),
        })
    }

    /// The flow logs that match nothing.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// What concerns one Exporter and Observation Domain. Costs a lookup and a short list; the caller
    /// keeps it as long as it keeps the Exporter.
    pub fn scope(&self, exporter: IpAddr, domain: ObservationDomain) -> ExporterScope {
        let layers = self.layers(exporter, domain);
        let relays = self.relays(exporter, domain);
        if layers.is_empty() && relays.is_empty() {
            return self.unclaimed.clone();
        }
        ExporterScope(Arc::new(scope(&self.compiled, &layers, &relays)))
    }

    /// What the inventory says of the habits of an Exporter: of each, what the most specific resource
    /// that it belongs to states, or what that is part of.
    pub fn profile(&self, exporter: IpAddr, domain: ObservationDomain) -> ExporterProfile {
        let mut layers = self.layers(exporter, domain);
        if layers.is_empty() {
            layers.push(&self.compiled.unclaimed);
        }
        let resources = layers.iter().flat_map(|layer| {
            let resources = layer.resources.iter();
            resources.map(|&resource| (self.rank(layer, resource), resource))
        });
        let mut stated: Vec<_> = resources
            .filter_map(|(rank, resource)| Some((rank, self.habits.get(&resource)?)))
            .collect();
        stated.sort_unstable_by(|(a, _), (b, _)| b.cmp(a));
        let stated = stated.into_iter().map(|(_, habits)| *habits);
        stated.fold(Habits::default(), Habits::or).into()
    }

    fn rank(&self, layer: &Layer, resource: ResourceIndex) -> (u16, u64) {
        let member = index::member(&self.compiled.members, resource.0);
        let rank = member.map_or(0, |member| member.rank(layer.specificity, 0, false));
        (layer.specificity, rank)
    }

    /// The selectors that name this Exporter itself.
    fn layers(&self, exporter: IpAddr, domain: ObservationDomain) -> Vec<&Layer> {
        let compiled = &self.compiled;
        let by_source = compiled.by_source.holding(Address::from(exporter));
        by_source
            .flat_map(|(_, layers)| layers)
            .chain(&compiled.by_domain)
            .filter_map(|&layer| compiled.layer_at(layer))
            .filter(|layer| layer.holds_in(domain))
            .collect()
    }

    /// The relays that this Exporter is trusted as.
    fn relays(&self, exporter: IpAddr, domain: ObservationDomain) -> Vec<&Relay> {
        let compiled = &self.compiled;
        let by_relay = compiled.by_relay.holding(Address::from(exporter));
        by_relay
            .flat_map(|(_, relays)| relays)
            .filter_map(|&relay| compiled.relays.get(usize::try_from(relay).ok()?))
            .filter(|relay| relay.domain.is_none_or(|stated| stated == domain))
            .collect()
    }
}

/// Puts the layers of an Exporter together, flow log by flow log.
fn scope(compiled: &Arc<Compiled>, layers: &[&Layer], relays: &[&Relay]) -> Scope {
    let mut indexes: BTreeMap<FlowLogIndex, Vec<Arc<Index>>> = BTreeMap::new();
    let everywhere = core::iter::once(&compiled.anywhere);
    for layer in everywhere.chain(layers.iter().copied()) {
        for (flow_log, index) in &layer.indexes {
            indexes
                .entry(*flow_log)
                .or_default()
                .push(Arc::clone(index));
        }
    }
    let mut unclaimed: BTreeMap<FlowLogIndex, Arc<Index>> = BTreeMap::new();
    if layers.is_empty() {
        let built_in = compiled.unclaimed.indexes.iter();
        unclaimed.extend(built_in.map(|(flow_log, index)| (*flow_log, Arc::clone(index))));
    }
    let mut flow_logs: BTreeSet<FlowLogIndex> = indexes.keys().copied().collect();
    flow_logs.extend(unclaimed.keys());
    for relay in relays {
        let layers = compiled.layers_at(relay.origins.values());
        flow_logs.extend(layers.flat_map(|layer| layer.indexes.iter().map(|(f, _)| *f)));
    }
    let relays: Vec<Arc<PrefixTable>> = relays.iter().map(|r| Arc::clone(&r.origins)).collect();
    let (mut active, mut inactive) = (Vec::new(), Vec::new());
    for flow_log in flow_logs {
        let Some(&(filter, status)) = compiled.flow_logs.get(usize::from(flow_log.0)) else {
            continue;
        };
        let mut scoped = Scoped {
            flow_log,
            filter,
            indexes: indexes.remove(&flow_log).unwrap_or_default(),
            unclaimed: unclaimed.remove(&flow_log),
            uniform: None,
        };
        if relays.is_empty() {
            scoped.indexes.extend(scoped.unclaimed.take());
            scoped.uniform = scoped
                .whole()
                .and_then(|r| compiled.uniform.get(&r).cloned());
        }
        match status {
            Status::Active => active.push(scoped),
            Status::Inactive => inactive.push(scoped),
        }
    }
    Scope {
        compiled: Arc::clone(compiled),
        relays,
        active,
        inactive,
    }
}

impl Scoped {
    /// The SAG that every record belongs to, if nothing else is to be decided.
    fn whole(&self) -> Option<ResourceIndex> {
        match self.indexes.as_slice() {
            [index] if self.filter.product == Product::Sag && self.filter.is_open() => {
                index.whole()
            }
            _ => None,
        }
    }
}
