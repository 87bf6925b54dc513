//! One partition's decoder: datagrams in, batches of Flow Records out.

use core::net::IpAddr;

use flowlog_record::{HashKey, Timestamp};

use crate::exporter::Exporter;
use crate::exporters::{EXPORTER_COST, Entry, Exporters};
use crate::hash;
use crate::header::{Header, Message};
use crate::outcome::{Decoded, Outcome, Refusal};
use crate::passage::{Buffers, Passage, Tally};
use crate::session::Session;
use crate::settings::Settings;
use crate::visitor::Visitor;

/// Decodes the datagrams of one partition.
///
/// Everything that Exporters make it remember is bounded by [`crate::Limits`]; on the way of a
/// datagram whose Templates are known nothing is allocated.
#[derive(Debug)]
pub struct Decoder {
    pub(crate) settings: Settings,
    pub(crate) exporters: Exporters,
    key: HashKey,
    /// What all Exporters cost, in octets, parked Sets aside.
    cost: usize,
    /// What all parked Sets cost.
    parked_cost: usize,
    /// No parked Set arrived before.
    parked_since: Timestamp,
    /// Datagrams so far.
    pub(crate) clock: u64,
    profile_generation: u64,
    buffers: Buffers,
}

impl Decoder {
    /// A decoder that knows no Exporter. `key` is the data directory's secret.
    pub fn new(settings: Settings, key: HashKey) -> Self {
        Self {
            settings,
            exporters: Exporters::new(key),
            key,
            cost: 0,
            parked_cost: 0,
            parked_since: Timestamp::MAX,
            clock: 0,
            profile_generation: 0,
            buffers: Buffers::new(),
        }
    }

    /// Decodes a datagram that arrived at `at` from the address `from`.
    ///
    /// What is in it is told to `visitor` in the order of its octets; Sets that were parked until
    /// a Template came follow that Template.
    pub fn decode<V: Visitor>(
        &mut self,
        at: Timestamp,
        from: IpAddr,
        datagram: &[u8],
        visitor: &mut V,
    ) -> Decoded {
        // A socket of both families gives IPv4 addresses mapped.
        let from = from.to_canonical();
        if !is_host(from) {
            return Decoded::new(Outcome::Refused(Refusal::SourceAddress));
        }
        self.clock += 1;
        let message = match Message::parse(datagram) {
            Ok(message) => message,
            Err(malformed) => {
                self.count_malformed(from);
                visitor.malformed(malformed);
                return Decoded::new(Outcome::Malformed(malformed));
            }
        };
        let header = message.header(at, from, datagram.len());
        let mut tally = Tally::default();
        let slot = self.slot(&header, &mut tally);
        let hash = hash::datagram(&self.key, datagram);
        if self.begin(slot, &header, hash, (visitor, &mut tally)) {
            return tally.duplicate();
        }
        self.pass(slot, &header, &message, (visitor, &mut tally));
        self.keep_limits(slot, &mut tally);
        tally.decoded()
    }

    /// The inventory has changed: profiles are asked for again.
    pub fn profiles_changed(&mut self) {
        self.profile_generation += 1;
    }

    /// Gives up Sets that have been parked for too long; returns how many. To be called whenever
    /// time goes on: it costs nothing while none is due.
    pub fn expire(&mut self, now: Timestamp) -> u64 {
        let oldest = now.plus(-self.settings.limits.parked_millis);
        if self.parked_cost == 0 || self.parked_since >= oldest {
            return 0;
        }
        self.parked_since = Timestamp::MAX;
        let mut all = 0;
        for entry in self
            .exporters
            .iter_mut()
            .filter(|entry| entry.parked_cost > 0)
        {
            for session in entry.sessions.iter_mut() {
                let expired = session.parked.expire(oldest);
                all += u64::try_from(expired.sets).unwrap_or_default();
                entry.parked_cost -= expired.octets;
                self.parked_cost -= expired.octets;
                self.parked_since = self.parked_since.min(session.parked.oldest());
            }
        }
        all
    }

    /// The Exporters that are known, from the longest silent to the one heard last.
    pub fn exporters(&self) -> impl Iterator<Item = &Exporter> {
        self.exporters.iter().map(|entry| &entry.exporter)
    }

    /// The Exporter behind a source address, if it is known.
    pub fn exporter(&self, address: IpAddr) -> Option<&Exporter> {
        let slot = self.exporters.find(address.to_canonical())?;
        self.exporters.entry(slot).map(|entry| &entry.exporter)
    }

    /// What all Exporters cost, in octets, parked Sets aside.
    #[cfg(test)]
    const fn cost(&self) -> usize {
        self.cost
    }

    /// Takes in an Exporter as it was saved.
    pub(crate) fn insert(&mut self, exporter: Exporter, sessions: crate::session::Sessions) {
        let slot = self.exporters.insert(exporter, sessions);
        if let Some(entry) = self.exporters.entry(slot) {
            self.cost += entry.cost;
            self.parked_cost += entry.parked_cost;
            self.parked_since = Timestamp::MIN;
        }
    }

    /// The slot of the Exporter, which becomes the one heard last; the longest silent one makes
    /// room for one that is not known.
    fn slot(&mut self, header: &Header, tally: &mut Tally) -> usize {
        if let Some(slot) = self.exporters.find(header.exporter) {
            self.exporters.touch(slot);
            return slot;
        }
        while self.exporters.len() >= self.settings.limits.exporters.max(1) {
            self.forget_oldest(tally);
        }
        self.cost += EXPORTER_COST;
        self.exporters.add(header.exporter, header.at)
    }

    /// Brings Exporter and session up to the datagram; whether it is to be dropped as a duplicate.
    fn begin<V: Visitor>(
        &mut self,
        slot: usize,
        header: &Header,
        hash: u64,
        (visitor, tally): (&mut V, &mut Tally),
    ) -> bool {
        let Some(entry) = self.exporters.entry_mut(slot) else {
            return false;
        };
        let Entry {
            exporter, sessions, ..
        } = entry;
        exporter.last_heard = header.at;
        exporter.stats.datagrams += 1;
        exporter.stats.octets += u64::try_from(header.length).unwrap_or_default();
        let key = (header.version, header.domain);
        let (session, forgotten) = sessions.get_or_insert(key, self.settings.limits.sessions);
        if let Some(forgotten) = forgotten {
            entry.parked_cost -= forgotten.octets;
            self.parked_cost -= forgotten.octets;
            tally.expire(forgotten.sets);
            tally.has_grown = true;
        }
        let Some(session) = session else {
            return false;
        };
        session.used = self.clock;
        if session.recent.observe(hash) {
            exporter.stats.duplicates += 1;
            if self.settings.drop_duplicates {
                return true;
            }
        }
        if session.profile_generation != Some(self.profile_generation) {
            session.profile = visitor.profile(header.exporter, header.domain);
            session.profile_generation = Some(self.profile_generation);
        }
        exporter.stated = session.profile.active_timeout;
        exporter.shift = exporter.clock.observe(header.at, header.export_time);
        visitor.header(exporter, header);
        detect_restart(exporter, session, header, visitor);
        false
    }

    /// What is behind the header.
    fn pass<V: Visitor>(
        &mut self,
        slot: usize,
        header: &Header,
        message: &Message<'_>,
        (visitor, tally): (&mut V, &mut Tally),
    ) {
        let limits = &self.settings.limits;
        let Some(entry) = self.exporters.entry_mut(slot) else {
            return;
        };
        let key = (header.version, header.domain);
        let Some(session) = entry.sessions.get_mut(key) else {
            return;
        };
        let parked_before = entry.parked_cost;
        let room_in_all = limits.parked_in_all.saturating_sub(self.parked_cost);
        tally.parked_cost = parked_before;
        tally.parked_limit = limits.parked.min(parked_before + room_in_all);
        let mut passage = Passage {
            header: *header,
            exporter: &mut entry.exporter,
            session,
            visitor,
            buffers: &mut self.buffers,
            settings: &self.settings,
            now: self.clock,
            tally,
        };
        passage.message(message);
        passage.account();
        entry.parked_cost = tally.parked_cost;
        self.parked_cost = self.parked_cost - parked_before + tally.parked_cost;
        if tally.parked_cost > 0 {
            self.parked_since = self.parked_since.min(header.at);
        }
    }

    /// Forgets what is beyond the limits, once a datagram that gave something to remember is
    /// through.
    fn keep_limits(&mut self, slot: usize, tally: &mut Tally) {
        if !tally.has_grown {
            return;
        }
        let limits = self.settings.limits;
        let Some(entry) = self.exporters.entry_mut(slot) else {
            return;
        };
        let (templates, octets) = (limits.templates, limits.octets);
        if entry.sessions.template_count() > templates || entry.sessions.cost() > octets {
            let forgotten = entry.sessions.forget_templates(templates, octets);
            entry.exporter.stats.forgotten_templates += forgotten;
        }
        let cost = EXPORTER_COST + entry.sessions.cost();
        self.cost = self.cost - entry.cost + cost;
        entry.cost = cost;
        while self.cost > limits.octets_in_all && self.exporters.len() > 1 {
            self.forget_oldest(tally);
        }
    }

    fn forget_oldest(&mut self, tally: &mut Tally) {
        if let Some(entry) = self.exporters.forget_oldest() {
            self.cost -= entry.cost;
            self.parked_cost -= entry.parked_cost;
            for session in entry.sessions.iter() {
                tally.expire(session.parked.all().sets);
            }
        }
    }

    fn count_malformed(&mut self, from: IpAddr) {
        let slot = self.exporters.find(from);
        if let Some(entry) = slot.and_then(|slot| self.exporters.entry_mut(slot)) {
            entry.exporter.stats.malformed += 1;
        }
    }
}

/// After a restart sequence and totals begin anew, and no Template is trusted until it is
/// announced again.
fn detect_restart<V: Visitor>(
    exporter: &mut Exporter,
    session: &mut Session,
    header: &Header,
    visitor: &mut V,
) {
    let Some(uptime) = header.uptime else {
        return;
    };
    let clocks = (uptime, header.export_time);
    if let Some(since) = session.restarts.observe(header.at, clocks) {
        session.sequence.reset();
        session.templates.suspect_all();
        exporter.stats.restarts += 1;
        visitor.restart(exporter, header.domain, since);
    }
}

/// Whether an address can be that of an Exporter.
fn is_host(address: IpAddr) -> bool {
    let is_broadcast = matches!(address, IpAddr::V4(ipv4) if ipv4.is_broadcast());
    !(address.is_unspecified() || address.is_multicast() || is_broadcast)
}

#[cfg(test)]
mod tests;
