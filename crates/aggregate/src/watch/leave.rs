//! How summaries leave: when they are due, when a resource is watched no more, when all ends.

use alloc::collections::BTreeSet;
use alloc::sync::Arc;
use alloc::vec::Vec;

use flowlog_record::{ResourceIndex, Timestamp};

use super::{Last, View, Watch, place};
use crate::notice::{Coverage, Given, News, Summary};
use crate::windows::Pane;

impl Watch {
    /// The flow log covers other resources from now on.
    pub(crate) fn cover(&mut self, coverage: Arc<Coverage>, view: &mut View<'_>) {
        self.coverage = coverage;
        let coverage = Arc::clone(&self.coverage);
        self.leave(|resource| !coverage.0.contains_key(&resource), view);
    }

    /// Everything is given as it is.
    pub(crate) fn leave_all(&mut self, view: &mut View<'_>) {
        self.leave(|_| true, view);
        self.told.clear();
    }

    /// Some resources are watched no more: what is known of their windows is given, the present one
    /// in part.
    fn leave(&mut self, leaves: impl Fn(ResourceIndex) -> bool, view: &mut View<'_>) {
        let Some(present) = self.pane else {
            return;
        };
        let all = self.resources.iter().copied();
        let leaving: BTreeSet<_> = all.filter(|resource| leaves(*resource)).collect();
        if leaving.is_empty() {
            return;
        }
        self.share_losses(present);
        self.give_waiting(&leaving, Given::Forced, view);
        for &resource in &leaving {
            let window = (present.from, present.until);
            self.give(resource, window, Given::Unfinished, view);
        }
        self.reporters
            .forget(i64::MIN, |resource| !leaves(resource));
        self.drop_all(&leaving, view);
    }

    /// Resources whose Exporters have all been silent for a day are watched no more; `ended` is the
    /// window that is just over.
    pub(super) fn drop_silent(&mut self, ended: Pane, view: &mut View<'_>) {
        let reported = self.reporters.forget(ended.until, |_| true);
        let silent = self.resources.difference(&reported).copied();
        let silent: BTreeSet<_> = silent.collect();
        self.give_waiting(&silent, Given::Due, view);
        self.drop_all(&silent, view);
    }

    fn drop_all(&mut self, leaving: &BTreeSet<ResourceIndex>, view: &mut View<'_>) {
        if leaving.is_empty() {
            return;
        }
        for &resource in leaving {
            view.say(resource, News::Unwatched);
            self.resources.remove(&resource);
            if let Some(last) = self.last.get_mut(place(resource)) {
                *last = Last::NOTHING;
            }
        }
        // Marks ahead of the present go with them.
        self.open
            .retain(|(_, resource), _| !leaving.contains(resource));
        if self.resources.is_empty() {
            self.pane = None;
            self.touched = false;
        }
    }

    /// Gives all that waits of these resources, before it is due.
    fn give_waiting(&mut self, of: &BTreeSet<ResourceIndex>, given: Given, view: &mut View<'_>) {
        if of.is_empty() {
            return;
        }
        let waiting = self.waiting.iter();
        let of = waiting.filter(|((.., resource), _)| of.contains(resource));
        let of: Vec<_> = of.map(|(key, until)| (*key, *until)).collect();
        for (key, until) in of {
            self.waiting.remove(&key);
            let (_, from, resource) = key;
            self.give(resource, (from, until), given, view);
        }
    }

    /// Gives the summary of a window.
    pub(super) fn give(
        &mut self,
        resource: ResourceIndex,
        (from, until): (i64, i64),
        given: Given,
        view: &mut View<'_>,
    ) {
        let mark = self.open.remove(&(from, resource)).unwrap_or_default();
        if let Some(last) = self.last.get_mut(place(resource))
            && last.window == from
        {
            // What comes from now on is news.
            last.window = i64::MIN;
        }
        let summary = Summary {
            window: Timestamp(from),
            end: Timestamp(until),
            seen: mark.seen,
            touched: mark.touched,
            lost_records: mark.lost_records,
            given,
        };
        view.say(resource, News::Summary(summary));
    }
}
