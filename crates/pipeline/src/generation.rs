//! One generation of flow logs: what is matched, and by which rules rows are made.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

use flowlog_aggregate::{Aging, Coverage, Hold, KeyLayout, Rules, TimeSource};
use flowlog_flowlog::{
    CompileError, FlowLog, Inventory, MatchTable, Mode, Product, Resource, Status,
    TimeSource as Source,
};
use flowlog_record::FlowLogIndex;

use crate::extras::Extras;

/// The flow logs and the table compiled from them; the place of a flow log is its
/// [`FlowLogIndex`], and it keeps it in every later generation (a flow log that is gone stays as
/// an inactive one).
#[derive(Clone, Debug)]
pub struct Generation {
    pub(crate) table: MatchTable,
    pub(crate) rules: Vec<(FlowLogIndex, Option<Rules>)>,
    pub(crate) extras: Extras,
    /// By flow log: the resources of which it says what they had, window by window.
    pub(crate) watched: Vec<Option<Arc<Coverage>>>,
}

impl Generation {
    /// Compiles a generation.
    ///
    /// # Errors
    /// What [`MatchTable::compile`] refuses.
    pub fn compile(
        inventory: &Inventory,
        flow_logs: &[FlowLog],
        mode: Mode,
    ) -> Result<Self, CompileError> {
        let table = MatchTable::compile(inventory, flow_logs, mode)?;
        let rules = (0..)
            .map(FlowLogIndex)
            .zip(flow_logs)
            .map(|(index, flow_log)| (index, active_rules(flow_log)))
            .collect();
        let watched = flow_logs
            .iter()
            .map(|flow_log| watched(inventory, flow_log).map(Arc::new))
            .collect();
        Ok(Self {
            table,
            rules,
            extras: Extras::of(flow_logs),
            watched,
        })
    }

    /// The compiled table, for its warnings.
    pub const fn table(&self) -> &MatchTable {
        &self.table
    }
}

/// What an active VPC flow log with windows covers: only it has rows `NODATA` and `SKIPDATA`.
fn watched(inventory: &Inventory, flow_log: &FlowLog) -> Option<Coverage> {
    let watches = flow_log.product() == Product::Vpc
        && flow_log.status() == Status::Active
        && flow_log.window().is_some();
    if !watches {
        return None;
    }
    let mut coverage = BTreeMap::new();
    for (index, _) in inventory.iter() {
        let covers = |resource: &Resource| flow_log.resources().contains(&resource.id);
        if inventory.lineage(index).any(covers) {
            let above = inventory.lineage(index).skip(1);
            let above = above.filter_map(|resource| inventory.index_of(resource.id.as_str()));
            coverage.insert(index, above.collect());
        }
    }
    Some(Coverage(coverage))
}

fn active_rules(flow_log: &FlowLog) -> Option<Rules> {
    (flow_log.status() == Status::Active).then(|| rules(flow_log))
}

/// The rules of aggregation that a definition asks for.
pub fn rules(flow_log: &FlowLog) -> Rules {
    Rules {
        window: flow_log.window(),
        aging: flow_log.aging().map(|aging| Aging {
            active_ms: clamped(aging.active.millis()),
            inactive_ms: clamped(aging.inactive.millis()),
        }),
        per_record: flow_log.per_record(),
        hold: match flow_log.hold() {
            flowlog_flowlog::Hold::Auto => Hold::Auto,
            flowlog_flowlog::Hold::Fixed(millis) => Hold::Fixed(clamped(millis)),
        },
        allowed_lateness_ms: clamped(flow_log.allowed_lateness().millis()),
        time_source: match flow_log.time_source() {
            Source::Corrected => TimeSource::Corrected,
            Source::Exporter => TimeSource::Exporter,
            Source::Arrival => TimeSource::Arrival,
        },
        events: flow_log.events(),
        layout: match flow_log.product() {
            Product::Vpc | Product::Cen => KeyLayout::Connection,
            Product::Sag => KeyLayout::Gateway,
        },
    }
}

fn clamped(millis: u64) -> i64 {
    i64::try_from(millis).unwrap_or(i64::MAX)
}
