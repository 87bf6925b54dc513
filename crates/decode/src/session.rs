//! One Transport Session: an Exporter's version and Observation Domain, which have their own
//! Templates, options and sequence.

use alloc::vec::Vec;

use flowlog_record::{ExporterProfile, ObservationDomain, Timestamp, Version};

use crate::clock::SlidingMinimum;
use crate::duplicates::RecentDatagrams;
use crate::park::{Parked, ParkedCost};
use crate::restart::RestartDetector;
use crate::sampling::Rates;
use crate::sequence::Sequence;

pub(crate) use crate::template::Templates;

/// What tells the sessions of an Exporter apart.
pub(crate) type SessionKey = (Version, ObservationDomain);

/// The state of one session.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) key: SessionKey,
    pub(crate) templates: Templates,
    /// Sampling rates of options data.
    pub(crate) rates: Rates,
    /// `systemInitTimeMilliseconds` of options data.
    pub(crate) boot: Option<Timestamp>,
    /// The boot time learned from records: the least `X − 21`.
    pub(crate) learned_boot: SlidingMinimum,
    pub(crate) sequence: Sequence,
    pub(crate) recent: RecentDatagrams,
    pub(crate) restarts: RestartDetector,
    pub(crate) parked: Parked,
    pub(crate) profile: ExporterProfile,
    /// The generation of the inventory that `profile` is of; `None` before it was asked.
    pub(crate) profile_generation: Option<u64>,
    /// Datagrams and data records so far: what a missing datagram may have held.
    pub(crate) datagrams: u64,
    pub(crate) records: u64,
    /// The last datagram, by the decoder's count.
    pub(crate) used: u64,
}

/// The sessions of one Exporter, in the order of their keys.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    all: Vec<Session>,
}

impl Session {
    pub(crate) fn new(key: SessionKey) -> Self {
        Self {
            key,
            templates: Templates::default(),
            rates: Rates::default(),
            boot: None,
            learned_boot: SlidingMinimum::new(),
            sequence: Sequence::default(),
            recent: RecentDatagrams::default(),
            restarts: RestartDetector::default(),
            parked: Parked::default(),
            profile: ExporterProfile::default(),
            profile_generation: None,
            datagrams: 0,
            records: 0,
            used: 0,
        }
    }
}

impl Session {
    /// What it costs, in octets: itself with its lists, Templates and samplers.
    fn cost(&self) -> usize {
        2_560 + self.templates.cost() + self.rates.cost()
    }

    /// What so many datagrams may have held, by those that came: data records.
    pub(crate) fn records_in(&self, datagrams: u32) -> u64 {
        u64::from(datagrams)
            .saturating_mul(self.records)
            .checked_div(self.datagrams)
            .unwrap_or_default()
    }
}

impl Sessions {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Session> {
        self.all.iter()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Session> {
        self.all.iter_mut()
    }

    /// Puts a session where its key belongs; one with the same key is replaced.
    pub(crate) fn insert(&mut self, session: Session) {
        match self.position(session.key) {
            Ok(at) => {
                if let Some(slot) = self.all.get_mut(at) {
                    *slot = session;
                }
            }
            Err(at) => self.all.insert(at, session),
        }
    }

    pub(crate) fn get_mut(&mut self, key: SessionKey) -> Option<&mut Session> {
        let at = self.position(key).ok()?;
        self.all.get_mut(at)
    }

    /// The session with that key, if need be a new one: then of `limit` sessions the longest unused
    /// goes, and what it had parked is returned too.
    pub(crate) fn get_or_insert(
        &mut self,
        key: SessionKey,
        limit: usize,
    ) -> (Option<&mut Session>, Option<ParkedCost>) {
        let forgotten = match self.position(key) {
            Ok(at) => return (self.all.get_mut(at), None),
            Err(_) if self.all.len() < limit => ParkedCost::default(),
            Err(_) => self.remove_longest_unused(),
        };
        self.insert(Session::new(key));
        (self.get_mut(key), Some(forgotten))
    }

    /// Templates of all sessions.
    pub(crate) fn template_count(&self) -> usize {
        self.all.iter().map(|session| session.templates.len()).sum()
    }

    /// What all sessions cost, in octets, parked Sets aside.
    pub(crate) fn cost(&self) -> usize {
        self.all.iter().map(Session::cost).sum()
    }

    /// Forgets the longest unused eighth of the Templates, or more, until there are at most so many
    /// and all sessions cost at most so many octets.
    pub(crate) fn forget_templates(&mut self, templates: usize, octets: usize) -> u64 {
        let mut ages: Vec<(u64, usize)> = self
            .all
            .iter()
            .flat_map(|session| session.templates.iter())
            .map(|(_, template)| (template.used, template.cost()))
            .collect();
        ages.sort_unstable_by(|a, b| b.cmp(a));
        let cost: usize = ages.iter().map(|&(_, cost)| cost).sum();
        let others = self.cost().saturating_sub(cost);
        let octets = octets.saturating_sub(others);
        let (mut kept, mut kept_cost) = (0, 0);
        let oldest_kept = ages
            .iter()
            .take_while(|&&(_, cost)| {
                kept += 1;
                kept_cost += cost;
                kept <= templates - templates / 8 && kept_cost <= octets - octets / 8
            })
            .last()
            .map_or(u64::MAX, |&(used, _)| used);
        let mut forgotten = 0;
        let mut room = templates;
        for session in &mut self.all {
            forgotten += session.templates.remove_where(|template| {
                let goes = template.used < oldest_kept || room == 0;
                room -= usize::from(!goes);
                goes
            });
        }
        u64::try_from(forgotten).unwrap_or(u64::MAX)
    }

    fn position(&self, key: SessionKey) -> Result<usize, usize> {
        self.all.binary_search_by_key(&key, |session| session.key)
    }

    fn remove_longest_unused(&mut self) -> ParkedCost {
        let sessions = self.all.iter().enumerate();
        match sessions.min_by_key(|(_, session)| session.used) {
            Some((at, _)) => self.all.remove(at).parked.all(),
            None => ParkedCost::default(),
        }
    }
}
