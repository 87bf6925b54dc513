//! The resources that a flow log watches: what they had in each window, and what was lost of it.
//!
//! Kept for VPC flow logs with windows alone. The hot path looks at one entry of a dense table per
//! part of a record; everything else happens once per resource and window.
//!
//! # Where the rules leave a choice
//! - A resource is watched from the window in which its first part comes, by the partition that its
//!   Exporter belongs to. It is watched no more when the flow log no longer covers it, or a day
//!   after the last datagram of the Exporters that reported it: nobody can say then whether it had
//!   nothing.
//! - `Ta` is that of the Exporters that have reported the resource before the window ended, as it
//!   was known at its end; the greatest counts.
//! - Loss belongs to the window that holds the arrival of the datagram that shows it. Lost records
//!   are shared among the resources that the Exporter reports, by the records of each so far, so
//!   that the sum over resources is what was lost. What comes late within the window is not lost.

mod leave;
mod reporter;
#[cfg(test)]
mod tests;

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::sync::Arc;
use alloc::vec::Vec;

use flowlog_record::{ExporterId, FlowLogIndex, ResourceIndex, Timestamp};
use serde::{Deserialize, Serialize};

use crate::notice::{Coverage, Given, Loss, News, Notice};
use crate::outlet::Shared;
use crate::rules::MOST_HOLD_MS;
use crate::windows::{Holds, Pane, Windows};
use reporter::Reporters;

/// The longest `Ta + jitter`: what a window may be waited for beyond its end, its hold aside.
const LONGEST_WAIT: i64 = 6_600_000;
/// Windows of resources of which it was said that they had something.
const MOST_TOLD: usize = if cfg!(test) { 64 } else { 1 << 16 };

/// What a flow log watches in one partition.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Watch {
    /// Given again by every generation.
    #[serde(skip)]
    coverage: Arc<Coverage>,
    /// The window that holds the present; `None` while nothing is watched.
    pane: Option<Pane>,
    resources: BTreeSet<ResourceIndex>,
    reporters: Reporters,
    /// The present window and later ones as far as there is something to say; earlier ones until
    /// their summaries are given.
    open: BTreeMap<(i64, ResourceIndex), Mark>,
    /// Windows that are over, by when their summaries are due; with their ends.
    waiting: BTreeMap<(i64, i64, ResourceIndex), i64>,
    /// What was said of windows without a summary, and until when it matters.
    told: BTreeMap<(i64, ResourceIndex), i64>,
    /// By resource: what was marked last.
    last: Vec<Last>,
    /// The present window was touched for all Exporters.
    touched: bool,
}

/// What a resource had in a window.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Mark {
    seen: bool,
    touched: bool,
    lost_records: u64,
}

/// The window that was marked last for a resource, by whom, and how many records have come since.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Last {
    window: i64,
    exporter: ExporterId,
    records: u64,
}

impl Last {
    const NOTHING: Self = Self {
        window: i64::MIN,
        exporter: ExporterId(0),
        records: 0,
    };
}

/// What the flow log and its partition have, as far as watching needs it.
pub(crate) struct View<'a> {
    pub(crate) flow_log: FlowLogIndex,
    pub(crate) windows: &'a Windows,
    pub(crate) holds: &'a Holds,
    pub(crate) shared: &'a mut Shared,
    /// Pipeline time.
    pub(crate) at: i64,
}

impl View<'_> {
    fn say(&mut self, resource: ResourceIndex, news: News) {
        self.shared.notices.push(Notice {
            at: Timestamp(self.at),
            flow_log: self.flow_log,
            resource,
            news,
        });
    }
}

impl Watch {
    /// A part of a record lies in `pane`; whether it is the record's last is what counts it.
    #[inline]
    pub(crate) fn mark(
        &mut self,
        (exporter, resource): (ExporterId, ResourceIndex),
        (pane, is_last): (Pane, bool),
        view: &mut View<'_>,
    ) {
        if let Some(last) = self.last.get_mut(place(resource))
            && last.window == pane.from
            && last.exporter == exporter
        {
            last.records = last.records.wrapping_add(u64::from(is_last));
            return;
        }
        self.mark_first(exporter, resource, (pane, is_last), view);
    }

    /// Data of an Exporter, or of all, were lost in the window that holds the present.
    pub(crate) fn lose(&mut self, exporter: Option<ExporterId>, loss: &Loss) {
        match exporter {
            Some(exporter) => self.reporters.lose(exporter, loss),
            None => self.touched |= loss.is_damaged,
        }
    }

    /// When something is to be done next.
    pub(crate) fn next_due(&self) -> i64 {
        let summary = self.waiting.first_key_value();
        let summary = summary.map_or(i64::MAX, |(&(due, ..), _)| due);
        self.pane.map_or(summary, |pane| pane.until.min(summary))
    }

    /// Does what is due at `due` or before.
    pub(crate) fn fire(&mut self, due: i64, view: &mut View<'_>) {
        if let Some(pane) = self.pane.filter(|pane| pane.until <= due) {
            self.end_window(pane, view);
        }
        while let Some((&key, &until)) = self.waiting.first_key_value()
            && key.0 <= due
        {
            self.waiting.remove(&key);
            let (_, from, resource) = key;
            self.give(resource, (from, until), Given::Due, view);
        }
    }

    /// The first part of a resource in a window, or the first of another Exporter.
    #[cold]
    fn mark_first(
        &mut self,
        exporter: ExporterId,
        resource: ResourceIndex,
        (pane, is_last): (Pane, bool),
        view: &mut View<'_>,
    ) {
        if pane.window().is_none() || !self.coverage.0.contains_key(&resource) {
            return;
        }
        self.remember(exporter, resource, (pane, is_last));
        if self.reporters.enter((exporter, resource), view) && self.resources.insert(resource) {
            let present = *self.pane.get_or_insert_with(|| view.windows.at(view.at));
            let from = Timestamp(present.from);
            view.say(resource, News::Watched { from });
        }
        let coverage = Arc::clone(&self.coverage);
        let above = coverage.0.get(&resource).into_iter().flatten().copied();
        for resource in core::iter::once(resource).chain(above) {
            self.see(resource, pane, view);
        }
    }

    fn remember(
        &mut self,
        exporter: ExporterId,
        resource: ResourceIndex,
        (pane, is_last): (Pane, bool),
    ) {
        let place = place(resource);
        if self.last.len() <= place {
            self.last.resize(place.saturating_add(1), Last::NOTHING);
        }
        if let Some(last) = self.last.get_mut(place) {
            let Last {
                exporter: before,
                records,
                ..
            } = *last;
            self.reporters.count((before, resource), records);
            *last = Last {
                window: pane.from,
                exporter,
                records: u64::from(is_last),
            };
        }
    }

    /// The resource had something in `pane`.
    fn see(&mut self, resource: ResourceIndex, pane: Pane, view: &mut View<'_>) {
        let key = (pane.from, resource);
        let is_present = self.pane.is_some_and(|present| pane.from >= present.from);
        if is_present && self.resources.contains(&resource) {
            self.open.entry(key).or_default().seen = true;
            return;
        }
        if let Some(mark) = self.open.get_mut(&key) {
            mark.seen = true;
            return;
        }
        let wait = LONGEST_WAIT.max(fixed(view.holds, pane.until));
        let until = pane.until.saturating_add(wait);
        let is_news = view.at < until && !self.told.contains_key(&key);
        if is_news && self.told.len() < MOST_TOLD {
            self.told.insert(key, until);
            let (window, until) = (Timestamp(pane.from), Timestamp(until));
            view.say(resource, News::Seen { window, until });
        }
    }

    /// The present window is over: what was lost in it is shared out, and its summaries wait for
    /// what is still to come.
    fn end_window(&mut self, pane: Pane, view: &mut View<'_>) {
        self.share_losses(pane);
        let waits = self.reporters.waits(pane.until, view);
        for &resource in &self.resources {
            let wait = waits.get(&resource).copied().unwrap_or(0);
            let due = pane.until.saturating_add(wait);
            let key = (due, pane.from, resource);
            self.waiting.insert(key, pane.until);
            self.open.entry((pane.from, resource)).or_default();
        }
        self.told.retain(|_, until| *until > pane.until);
        self.drop_silent(pane, view);
        if self.pane.is_some() {
            self.pane = Some(view.windows.at(pane.until));
        }
    }

    /// What Exporters have lost in the present window becomes that of their resources.
    fn share_losses(&mut self, pane: Pane) {
        for (resource, last) in (0..).map(ResourceIndex).zip(&mut self.last) {
            let records = core::mem::take(&mut last.records);
            self.reporters.count((last.exporter, resource), records);
        }
        let open = &mut self.open;
        self.reporters.share_losses(|resource, lost_records| {
            let mark = open.entry((pane.from, resource)).or_default();
            mark.touched = true;
            mark.lost_records = mark.lost_records.saturating_add(lost_records);
        });
        if core::mem::take(&mut self.touched) {
            for &resource in &self.resources {
                let mark = self.open.entry((pane.from, resource)).or_default();
                mark.touched = true;
            }
        }
    }
}

/// A fixed hold, 0 for others: they are never longer than `Ta + jitter` or the longest `auto`.
fn fixed(holds: &Holds, end: i64) -> i64 {
    match holds.at(end) {
        crate::rules::Hold::Fixed(millis) => millis.min(MOST_HOLD_MS),
        crate::rules::Hold::Auto => 0,
    }
}

fn place(resource: ResourceIndex) -> usize {
    usize::try_from(resource.0).unwrap_or(usize::MAX)
}
