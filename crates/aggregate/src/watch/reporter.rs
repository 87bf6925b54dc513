//! Which Exporters have reported which resources, and what was lost of them.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use flowlog_record::{ActiveTimeout, ExporterId, ResourceIndex};
use serde::{Deserialize, Serialize};

use super::View;
use crate::exporters::hold_millis;
use crate::notice::Loss;

/// Pairs of Exporter and resource that are remembered; what comes beyond them makes rows as all
/// does, but is not watched.
const MOST_PAIRS: usize = if cfg!(test) { 8 } else { 1 << 16 };
/// An Exporter from which nothing came for so long speaks for nothing any more.
pub(super) const SILENT_AFTER: i64 = 86_400_000;

/// The Exporters that have reported something to a flow log.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Reporters {
    all: BTreeMap<ExporterId, Reporter>,
    pairs: usize,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Reporter {
    /// When it was last heard, as far as was looked.
    heard: i64,
    /// The resources, each with the records that came of it.
    resources: BTreeMap<ResourceIndex, u64>,
    /// What was lost in the present window.
    loss: Loss,
}

impl Reporters {
    /// Notes that an Exporter reports a resource; whether there was room.
    pub(super) fn enter(
        &mut self,
        (exporter, resource): (ExporterId, ResourceIndex),
        view: &View<'_>,
    ) -> bool {
        if let Some(reporter) = self.all.get_mut(&exporter) {
            reporter.heard = view.at;
            if reporter.resources.contains_key(&resource) {
                return true;
            }
        }
        if self.pairs >= MOST_PAIRS {
            return false;
        }
        let reporter = self.all.entry(exporter).or_default();
        reporter.heard = view.at;
        reporter.resources.insert(resource, 0);
        self.pairs = self.pairs.saturating_add(1);
        true
    }

    /// Adds records of a pair that is known.
    pub(super) fn count(
        &mut self,
        (exporter, resource): (ExporterId, ResourceIndex),
        records: u64,
    ) {
        if records == 0 {
            return;
        }
        let reporter = self.all.get_mut(&exporter);
        if let Some(sum) = reporter.and_then(|known| known.resources.get_mut(&resource)) {
            *sum = sum.saturating_add(records);
        }
    }

    pub(super) fn lose(&mut self, exporter: ExporterId, loss: &Loss) {
        let Some(reporter) = self.all.get_mut(&exporter) else {
            return;
        };
        let sum = &mut reporter.loss;
        sum.is_damaged |= loss.is_damaged;
        sum.missed = sum.missed.saturating_add(loss.missed);
        sum.missed = sum.missed.saturating_sub(loss.found);
        sum.missed_records = sum.missed_records.saturating_add(loss.missed_records);
        sum.missed_records = sum.missed_records.saturating_sub(loss.found_records);
    }

    /// Shares what was lost out among the resources of each Exporter, by their records so far: a
    /// running sum that is cut, so that nothing is lost by rounding.
    pub(super) fn share_losses(&mut self, mut each: impl FnMut(ResourceIndex, u64)) {
        for reporter in self.all.values_mut() {
            let loss = core::mem::take(&mut reporter.loss);
            if loss.missed == 0 && !loss.is_damaged {
                continue;
            }
            let gone = if loss.missed == 0 {
                0
            } else {
                loss.missed_records
            };
            let weight = |records: u64| u128::from(records.max(1));
            let all: u128 = reporter.resources.values().map(|sum| weight(*sum)).sum();
            let until = |sum: u128| {
                let share = u128::from(gone).saturating_mul(sum).checked_div(all);
                u64::try_from(share.unwrap_or(0)).unwrap_or(u64::MAX)
            };
            let mut before = 0;
            for (resource, records) in &reporter.resources {
                let after = before + weight(*records);
                each(*resource, until(after).saturating_sub(until(before)));
                before = after;
            }
        }
    }

    /// How long after its end a window of each resource is waited for: `max(hold, Ta + jitter)`.
    pub(super) fn waits(&mut self, end: i64, view: &View<'_>) -> BTreeMap<ResourceIndex, i64> {
        let mut waits = BTreeMap::new();
        let hold = view.holds.at(end);
        for (exporter, reporter) in &mut self.all {
            let known = view.shared.exporters.get(*exporter);
            reporter.heard = known.map_or(reporter.heard, |known| reporter.heard.max(known.heard));
            let timeout = known.map_or(ActiveTimeout::UNLEARNED, |known| known.timeout_at(end));
            let expected = timeout.millis().saturating_add(timeout.jitter_millis());
            let wait = hold_millis(hold, timeout).max(expected);
            for resource in reporter.resources.keys() {
                let longest = waits.entry(*resource).or_insert(wait);
                *longest = wait.max(*longest);
            }
        }
        waits
    }

    /// Forgets Exporters that were silent for too long at `now`, and pairs whose resource is not
    /// among `kept`; the resources that somebody still reports.
    pub(super) fn forget(
        &mut self,
        now: i64,
        kept: impl Fn(ResourceIndex) -> bool,
    ) -> BTreeSet<ResourceIndex> {
        let oldest = now.saturating_sub(SILENT_AFTER);
        self.all.retain(|_, reporter| {
            reporter.resources.retain(|resource, _| kept(*resource));
            reporter.heard > oldest && !reporter.resources.is_empty()
        });
        self.pairs = self.all.values().map(|known| known.resources.len()).sum();
        let all: Vec<_> = self
            .all
            .values()
            .flat_map(|known| known.resources.keys())
            .collect();
        all.into_iter().copied().collect()
    }
}
