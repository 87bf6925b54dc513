//! What is kept of each Exporter that has open rows or was heard of late.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use flowlog_record::{ActiveTimeout, Address, ExporterId, ObservationDomain, Sampling};
use serde::{Deserialize, Serialize};

use crate::rates::{Sampler, Samplers, UNKNOWN};
use crate::rules::{Hold, Origin};
use crate::windows::Holds;

/// Windows end at whole minutes; `Ta` is taken then.
const MINUTE: i64 = 60_000;
/// `Ta` of windows that ended longer ago is of no use: their rows have left, and more than the least
/// lateness has passed.
const TIMEOUT_MEMORY: i64 = 120 * MINUTE;
/// An Exporter without open rows that was silent for so long is as good as new.
const FORGOTTEN_AFTER: i64 = 120 * MINUTE;

/// One Exporter.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Exporter {
    pub(crate) address: Address,
    /// From which whole minute on which `Ta` held, ascending; the first holds for all time before.
    timeouts: Vec<(i64, ActiveTimeout)>,
    /// When its last records came.
    pub(crate) heard: i64,
    /// Open rows.
    pub(crate) rows: u64,
    /// Samplers whose rate was not known when records came from them.
    pub(crate) samplers: Samplers,
}

impl Exporter {
    /// `Ta` as it was known at the last whole minute up to `at`.
    pub(crate) fn timeout_at(&self, at: i64) -> ActiveTimeout {
        let later = self.timeouts.iter().rev().find(|(from, _)| *from <= at);
        later
            .or_else(|| self.timeouts.first())
            .map_or(ActiveTimeout::UNLEARNED, |(_, timeout)| *timeout)
    }

    fn hear(&mut self, timeout: ActiveTimeout, now: i64) {
        self.heard = now;
        match self.timeouts.last_mut() {
            Some((_, last)) if *last == timeout => return,
            // Nothing else was known yet at the next whole minute.
            Some((from, last)) if *from > now => *last = timeout,
            _ => {
                let next = now
                    .div_euclid(MINUTE)
                    .saturating_add(1)
                    .saturating_mul(MINUTE);
                self.timeouts.push((next, timeout));
            }
        }
        let oldest = now.saturating_sub(TIMEOUT_MEMORY);
        let unused = self
            .timeouts
            .iter()
            .skip(1)
            .take_while(|(from, _)| *from <= oldest);
        let unused = unused.count();
        self.timeouts.drain(..unused);
    }
}

/// How long rows of an Exporter with this `Ta` are held.
pub(crate) fn hold_millis(hold: Hold, timeout: ActiveTimeout) -> i64 {
    match hold {
        Hold::Fixed(millis) => millis,
        Hold::Auto => {
            let wait = timeout.millis().saturating_add(timeout.jitter_millis());
            wait.clamp(15_000, 300_000)
        }
    }
}

/// All Exporters of a partition.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Exporters {
    by_id: BTreeMap<u32, Exporter>,
}

impl Exporters {
    /// Records of `origin` came at pipeline time `now`.
    pub(crate) fn hear(&mut self, origin: &Origin, now: i64, most: usize) {
        let timeout = origin.active_timeout;
        let fresh = || Exporter {
            address: origin.address,
            timeouts: alloc::vec![(i64::MIN, timeout)],
            heard: now,
            rows: 0,
            samplers: Samplers::default(),
        };
        if let Some(known) = self.by_id.get_mut(&origin.exporter.0) {
            if known.is_forgotten(now) {
                *known = fresh();
            } else {
                known.hear(timeout, now);
            }
            return;
        }
        if self.by_id.len() >= most {
            self.forget_some(now, most);
        }
        self.by_id.insert(origin.exporter.0, fresh());
    }

    /// Makes room: those that are as good as new, else an eighth of those without open rows.
    fn forget_some(&mut self, now: i64, most: usize) {
        self.by_id.retain(|_, exporter| !exporter.is_forgotten(now));
        if self.by_id.len() < most {
            return;
        }
        let idle = self.by_id.iter().filter(|(_, exporter)| exporter.rows == 0);
        let mut idle: Vec<(i64, u32)> = idle.map(|(id, e)| (e.heard, *id)).collect();
        idle.sort_unstable();
        for (_, id) in idle.iter().take((idle.len() / 8).max(1)) {
            self.by_id.remove(id);
        }
    }

    pub(crate) fn get(&self, exporter: ExporterId) -> Option<&Exporter> {
        self.by_id.get(&exporter.0)
    }

    /// The code of what comes without a rate.
    pub(crate) fn unknown_code(&mut self, exporter: ExporterId, sampler: Sampler) -> u8 {
        let known = self.by_id.get_mut(&exporter.0);
        known.map_or(UNKNOWN, |known| known.samplers.code(sampler))
    }

    /// Asks for the rates of a domain's samplers that are not known yet.
    pub(crate) fn learn_rates(
        &mut self,
        exporter: ExporterId,
        domain: ObservationDomain,
        rate_of: &mut dyn FnMut(Option<u64>) -> Option<Sampling>,
    ) {
        if let Some(known) = self.by_id.get_mut(&exporter.0) {
            known.samplers.learn(domain, rate_of);
        }
    }

    /// A row of this Exporter was opened.
    pub(crate) fn row_opened(&mut self, exporter: ExporterId) {
        if let Some(known) = self.by_id.get_mut(&exporter.0) {
            known.rows = known.rows.saturating_add(1);
        }
    }

    /// A row of this Exporter left; its address.
    pub(crate) fn row_left(&mut self, exporter: ExporterId) -> Address {
        match self.by_id.get_mut(&exporter.0) {
            Some(known) => {
                known.rows = known.rows.saturating_sub(1);
                known.address
            }
            None => Address::UNSPECIFIED,
        }
    }

    /// How long after `end` the periods of this Exporter that end then are held.
    pub(crate) fn hold(&self, exporter: ExporterId, holds: &Holds, end: i64) -> i64 {
        let timeout = self
            .get(exporter)
            .map_or(ActiveTimeout::UNLEARNED, |known| known.timeout_at(end));
        hold_millis(holds.at(end), timeout)
    }

    /// Exporters and their open rows, in order of number.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (ExporterId, u64)> {
        self.by_id
            .iter()
            .map(|(id, exporter)| (ExporterId(*id), exporter.rows))
    }
}

impl Exporter {
    fn is_forgotten(&self, now: i64) -> bool {
        self.rows == 0 && now.saturating_sub(self.heard) > FORGOTTEN_AFTER
    }
}

#[cfg(test)]
mod tests;
