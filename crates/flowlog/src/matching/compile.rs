//! Inventory and flow logs, interpreted once.
//!
//! Resources are grouped by the selectors of Exporters that hold for them; each group (a *layer*)
//! has an [`Index`] for every flow log that covers some of it. What an Exporter's records are looked
//! up in is then no more than a list of layers: strangers that send from many addresses make us
//! build nothing.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

use flowlog_record::{FlowLogIndex, ObservationDomain, Placed, ResourceIndex};

use super::index::{Index, uniform};
use super::member::{Member, Selectors};
use super::prefix_table::PrefixTable;
use crate::{
    ExporterSelector, FlowLog, Inventory, IpVersion, Prefix, Product, SAG_DEFAULT, Status,
    TrafficType,
};

/// What a flow log takes, beside its resources.
#[derive(Clone, Copy, Debug)]
pub(super) struct Filter {
    pub(super) product: Product,
    pub(super) traffic_type: TrafficType,
    pub(super) ipv4_only: bool,
    /// One bit per path; `None`: all, and what has none.
    pub(super) paths: Option<u32>,
}

impl Filter {
    fn of(flow_log: &FlowLog) -> Self {
        Self {
            product: flow_log.product(),
            traffic_type: flow_log.traffic_type(),
            ipv4_only: flow_log.ip_version() == IpVersion::Ipv4,
            paths: flow_log.traffic_path().mask(),
        }
    }

    /// Whether every record is taken.
    pub(super) fn is_open(self) -> bool {
        self.traffic_type == TrafficType::All && !self.ipv4_only && self.paths.is_none()
    }
}

/// The resources that one selector of Exporters has, per flow log that covers some of them.
#[derive(Debug, Default)]
pub(super) struct Layer {
    /// `None`: any Exporter, or those that nothing else claims.
    pub(super) selector: Option<ExporterSelector>,
    pub(super) specificity: u16,
    pub(super) resources: Vec<ResourceIndex>,
    /// Ascending by flow log.
    pub(super) indexes: Vec<(FlowLogIndex, Arc<Index>)>,
}

/// Whom a relay speaks for.
#[derive(Debug)]
pub(super) struct Relay {
    pub(super) domain: Option<ObservationDomain>,
    pub(super) origins: Arc<PrefixTable>,
}

/// Everything that scopes share.
#[derive(Debug, Default)]
pub(super) struct Compiled {
    /// By resource.
    pub(super) members: Vec<Member>,
    /// By flow log.
    pub(super) flow_logs: Vec<(Filter, Status)>,
    /// The placements of a whole batch, by SAG that a flow log covers.
    pub(super) uniform: BTreeMap<ResourceIndex, Arc<Box<[Placed]>>>,
    pub(super) layers: Vec<Layer>,
    /// Layers by source address, and those of a domain alone.
    pub(super) by_source: PrefixTable,
    pub(super) by_domain: Vec<u32>,
    /// Relays by source address.
    pub(super) relays: Vec<Relay>,
    pub(super) by_relay: PrefixTable,
    /// Resources that any Exporter may see.
    pub(super) anywhere: Layer,
    /// The built-in resource.
    pub(super) unclaimed: Layer,
}

/// A selector of Exporters as a key: whom it names, in which domain, behind which relay.
type Key = (Option<Prefix>, Option<Prefix>, Option<ObservationDomain>);

impl Layer {
    /// Whether it is about an Observation Domain.
    pub(super) fn holds_in(&self, domain: ObservationDomain) -> bool {
        let stated = self.selector.and_then(|selector| selector.domain);
        stated.is_none_or(|stated| stated == domain)
    }
}

impl Compiled {
    pub(super) fn new(inventory: &Inventory, flow_logs: &[FlowLog]) -> Self {
        let covered = covered(inventory, flow_logs);
        let mut compiled = Self {
            members: members(inventory),
            flow_logs: flow_logs
                .iter()
                .map(|flow_log| (Filter::of(flow_log), flow_log.status()))
                .collect(),
            ..Self::default()
        };
        let mut groups: BTreeMap<Key, Vec<ResourceIndex>> = BTreeMap::new();
        let (mut anywhere, mut unclaimed) = (Vec::new(), Vec::new());
        for (index, resource) in inventory.iter() {
            let selectors = Selectors::of(inventory, index);
            if resource.id.as_str() == SAG_DEFAULT {
                unclaimed.push(index);
            } else if selectors.exporters.is_empty() && !selectors.are_none() {
                anywhere.push(index);
            }
            for selector in selectors.exporters {
                let key = (selector.relay, selector.address, selector.domain);
                groups.entry(key).or_default().push(index);
            }
        }
        compiled.anywhere = compiled.layer(inventory, &covered, None, anywhere);
        compiled.unclaimed = compiled.layer(inventory, &covered, None, unclaimed);
        compiled.add_groups(inventory, &covered, groups);
        for &resource in covered.keys() {
            let uniform = || Arc::new(uniform(resource));
            compiled.uniform.entry(resource).or_insert_with(uniform);
        }
        compiled
    }

    fn add_groups(
        &mut self,
        inventory: &Inventory,
        covered: &Covered,
        groups: BTreeMap<Key, Vec<ResourceIndex>>,
    ) {
        let mut by_source = Vec::new();
        let mut behind: BTreeMap<_, Vec<(Prefix, u32)>> = BTreeMap::new();
        for ((relay, address, domain), resources) in groups {
            let selector = ExporterSelector {
                address,
                domain,
                relay,
            };
            let layer = self.layer(inventory, covered, Some(selector), resources);
            let number = u32::try_from(self.layers.len()).unwrap_or(u32::MAX);
            self.layers.push(layer);
            match (relay, address) {
                (None, Some(address)) => by_source.push((address, number)),
                (None, None) => self.by_domain.push(number),
                (Some(relay), Some(address)) => {
                    let origins = behind.entry((relay, domain)).or_default();
                    origins.push((address, number));
                }
                // A relay that speaks for nobody in particular is no selector.
                (Some(_), None) => {}
            }
        }
        self.by_source = PrefixTable::new(by_source);
        let mut by_relay = Vec::new();
        for ((relay, domain), origins) in behind {
            let number = u32::try_from(self.relays.len()).unwrap_or(u32::MAX);
            by_relay.push((relay, number));
            self.relays.push(Relay {
                domain,
                origins: Arc::new(PrefixTable::new(origins)),
            });
        }
        self.by_relay = PrefixTable::new(by_relay);
    }

    fn layer(
        &self,
        inventory: &Inventory,
        covered: &Covered,
        selector: Option<ExporterSelector>,
        resources: Vec<ResourceIndex>,
    ) -> Layer {
        let specificity = selector.map_or(0, specificity);
        let mut by_flow_log: BTreeMap<FlowLogIndex, Vec<ResourceIndex>> = BTreeMap::new();
        for &resource in &resources {
            for &flow_log in covered.get(&resource).into_iter().flatten() {
                by_flow_log.entry(flow_log).or_default().push(resource);
            }
        }
        let indexes = by_flow_log.into_iter().map(|(flow_log, resources)| {
            let index = Index::new(inventory, &self.members, &resources, specificity);
            (flow_log, Arc::new(index))
        });
        Layer {
            selector,
            specificity,
            indexes: indexes.collect(),
            resources,
        }
    }

    /// The layers that these are the numbers of.
    pub(super) fn layers_at(&self, numbers: &[u32]) -> impl Iterator<Item = &Layer> {
        numbers.iter().filter_map(|&number| self.layer_at(number))
    }

    pub(super) fn layer_at(&self, number: u32) -> Option<&Layer> {
        self.layers.get(usize::try_from(number).ok()?)
    }

    /// What a flow log has in a layer.
    #[inline]
    pub(super) fn index(&self, layer: u32, flow_log: FlowLogIndex) -> Option<&Index> {
        let indexes = &self.layer_at(layer)?.indexes;
        let at = indexes.binary_search_by_key(&flow_log, |&(flow_log, _)| flow_log);
        indexes.get(at.ok()?).map(|(_, index)| index.as_ref())
    }
}

/// Which flow logs cover a resource: those that point at it or at something that it is part of.
pub(super) type Covered = BTreeMap<ResourceIndex, Vec<FlowLogIndex>>;

pub(super) fn covered(inventory: &Inventory, flow_logs: &[FlowLog]) -> Covered {
    let mut roots: Covered = BTreeMap::new();
    for (flow_log, definition) in (0..).map(FlowLogIndex).zip(flow_logs) {
        for id in definition.resources() {
            let Some(index) = inventory.index_of(id.as_str()) else {
                continue;
            };
            let kind = inventory.resource(index).map(|resource| resource.kind);
            if kind.is_some_and(|kind| kind.product() == definition.product()) {
                roots.entry(index).or_default().push(flow_log);
            }
        }
    }
    let mut covered = Covered::new();
    for (resource, _) in inventory.iter() {
        let line = inventory.line(resource).map(|(index, _)| index);
        let mut flow_logs: Vec<_> = line
            .filter_map(|index| roots.get(&index))
            .flatten()
            .copied()
            .collect();
        flow_logs.sort_unstable();
        flow_logs.dedup();
        if !flow_logs.is_empty() {
            covered.insert(resource, flow_logs);
        }
    }
    covered
}

fn members(inventory: &Inventory) -> Vec<Member> {
    let mut by_id: Vec<_> = (0..).zip(inventory.ids()).collect();
    by_id.sort_unstable_by_key(|&(_, id)| id);
    let mut orders: Vec<(u32, u32)> = (0..).zip(by_id).map(|(n, (at, _))| (at, n)).collect();
    orders.sort_unstable();
    let member = |(at, order)| Member::new(inventory, ResourceIndex(at), order);
    orders.into_iter().map(member).collect()
}

/// A relayed Exporter before one that speaks for itself, a longer prefix before a shorter one, a
/// stated domain before any.
fn specificity(selector: ExporterSelector) -> u16 {
    let length = selector
        .address
        .map_or(0, |address| u16::from(address.length()).saturating_add(1));
    (u16::from(selector.relay.is_some()) << 10)
        | (length << 1)
        | u16::from(selector.domain.is_some())
}
