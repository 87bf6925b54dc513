//! One Exporter: a flow cache with timeouts, a buffer of records, and messages.

mod message;

use alloc::collections::BinaryHeap;
use alloc::vec::Vec;
use core::cmp::Reverse;

use flowlog_record::Version;

use crate::clock::{ExporterClock, Micros, micros};
use crate::config::{FleetConfig, TimeEncoding};
use crate::flow::Metered;
use crate::rng::Rng;
use crate::stream::Stream;
use crate::tally::Counts;
use crate::traffic::Generator;

use message::{Messages, Written};

/// A datagram at the moment it leaves the Exporter.
#[derive(Debug)]
pub(crate) struct Emission {
    pub(crate) at: Micros,
    pub(crate) counts: Counts,
    pub(crate) octets: Vec<u8>,
}

/// What happens at a time of its own. A cache that was lost leaves events of a generation gone by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// A connection begins.
    Connect,
    /// A timeout, or the end, of the stream in that slot.
    Expire { slot: usize, generation: u64 },
    /// Records have waited long enough for a full datagram.
    Flush,
    /// Templates and options are due.
    Refresh,
    /// The cache is lost.
    Restart,
    /// The Exporter is up again.
    Boot,
}

/// A flow in the cache.
#[derive(Clone, Copy, Debug)]
struct Cached {
    stream: Stream,
    /// A connection that is always open: its end is the beginning of another.
    renews: bool,
}

/// An Exporter, driven by [`step`](Self::step) at the times that [`next_due`](Self::next_due) says.
#[derive(Debug)]
pub(crate) struct Exporter {
    config: FleetConfig,
    generator: Generator,
    /// For what the Exporter does by chance, so that its traffic stays the same.
    rng: Rng,
    messages: Messages,
    slots: Vec<Option<Cached>>,
    free: Vec<usize>,
    generation: u64,
    events: BinaryHeap<Reverse<(Micros, u64, Event)>>,
    /// Of the event made last: events of one time happen in the order they were made in.
    serial: u64,
    pending: Vec<Metered>,
    /// When the oldest pending record must leave.
    flush_at: Option<Micros>,
    /// Packets before that are not metered.
    meters_from: Micros,
    restarts: u64,
}

impl Exporter {
    /// Exporter `number` of a fleet that begins at `start`.
    pub(crate) fn new(config: &FleetConfig, number: u32, version: Version, start: Micros) -> Self {
        let mut rng = Rng::part(config.seed, u64::from(number) * 2);
        let traffic_rng = Rng::part(config.seed, u64::from(number) * 2 + 1);
        let has_ipv6 = version != Version::V5;
        let skew = i64::from(config.impairments.skew_ms);
        let drift = i64::from(config.impairments.drift_ppm);
        let clock = ExporterClock {
            boot: start.saturating_sub(micros(i64::from(config.export.uptime_ms))),
            set: start,
            offset: micros(signed(&mut rng, skew)),
            drift_ppm: signed(&mut rng, drift),
        };
        let mut exporter = Self {
            generator: Generator::new(traffic_rng, config.traffic, number, has_ipv6),
            messages: Messages::new(config, version, clock),
            config: config.clone(),
            rng,
            slots: Vec::new(),
            free: Vec::new(),
            generation: 0,
            events: BinaryHeap::new(),
            serial: 0,
            pending: Vec::new(),
            flush_at: None,
            meters_from: start,
            restarts: 0,
        };
        exporter.begin(start, version);
        exporter
    }

    /// The first events.
    fn begin(&mut self, start: Micros, version: Version) {
        if version != Version::V5 {
            let at = start.saturating_add(Micros::from(self.rng.below(500_000)));
            self.schedule(at, Event::Refresh);
        }
        if let Some(pause) = self.generator.pause() {
            self.schedule(start.saturating_add(pause), Event::Connect);
        }
        self.schedule_restart(start);
        for _ in 0..self.config.traffic.long_lived {
            let spread = self.config.timeouts.active_ms.saturating_mul(1000);
            let later = Micros::from(self.rng.below(spread));
            self.connect_long_lived(start.saturating_add(later));
        }
    }

    /// When [`step`](Self::step) has something to do.
    pub(crate) fn next_due(&self) -> Option<Micros> {
        self.events.peek().map(|Reverse((at, _, _))| *at)
    }

    /// How often it restarted.
    pub(crate) const fn restarts(&self) -> u64 {
        self.restarts
    }

    /// Does the next thing that is due; what leaves is given to `out`.
    pub(crate) fn step(&mut self, out: &mut dyn FnMut(Emission)) {
        let Some(Reverse((at, _, event))) = self.events.pop() else {
            return;
        };
        match event {
            Event::Connect => self.connect(at),
            Event::Expire { slot, generation } if generation == self.generation => {
                self.expire(slot, at, out);
            }
            Event::Flush if self.flush_at == Some(at) => self.send_all(at, out),
            Event::Expire { .. } | Event::Flush => {}
            Event::Refresh => {
                let every = micros(i64::from(self.config.export.templates_every_ms));
                self.schedule(at.saturating_add(every), Event::Refresh);
                if at >= self.meters_from {
                    self.announce(at, out);
                }
            }
            Event::Restart => self.restart(at),
            Event::Boot => self.announce(at, out),
        }
    }

    /// Ends the simulation: the cache is emptied, and nothing is due any more.
    pub(crate) fn stop(&mut self, at: Micros, out: &mut dyn FnMut(Emission)) {
        self.events.clear();
        self.free.clear();
        for mut cached in self.slots.drain(..).flatten() {
            self.pending.extend(cached.stream.export_until(at));
        }
        if at >= self.meters_from {
            self.send_all(at, out);
        }
        self.pending.clear();
    }

    fn schedule(&mut self, at: Micros, event: Event) {
        self.serial += 1;
        self.events.push(Reverse((at, self.serial, event)));
    }

    fn schedule_restart(&mut self, from: Micros) {
        if let Some(every) = self.config.impairments.restart_every_ms {
            let millis = self.rng.between(every / 2, every.saturating_add(every / 2));
            let at = from.saturating_add(micros(i64::from(millis)));
            self.schedule(at, Event::Restart);
        }
    }

    /// A connection begins, and the next one is drawn.
    fn connect(&mut self, at: Micros) {
        let (request, response) = self.generator.connection(at);
        self.meter(request, false);
        if let Some(response) = response {
            self.meter(response, false);
        }
        if let Some(pause) = self.generator.pause() {
            self.schedule(at.saturating_add(pause), Event::Connect);
        }
    }

    fn connect_long_lived(&mut self, at: Micros) {
        let (request, response) = self.generator.long_lived(at);
        self.meter(request, true);
        if let Some(response) = response {
            self.meter(response, false);
        }
    }

    /// Puts what the sampler sees of a stream into the cache.
    fn meter(&mut self, stream: Stream, renews: bool) {
        let interval = self.config.export.sampling;
        let phase = self.generator.rng().below(interval);
        let Some(mut stream) = stream.sampled(interval, phase) else {
            return;
        };
        stream.skip_until(self.meters_from);
        let Some(entry) = stream.entry(self.config.timeouts) else {
            return;
        };
        let cached = Some(Cached { stream, renews });
        let slot = self.free.pop().unwrap_or(self.slots.len());
        match self.slots.get_mut(slot) {
            Some(place) => *place = cached,
            None => self.slots.push(cached),
        }
        let generation = self.generation;
        self.schedule(entry.due, Event::Expire { slot, generation });
    }

    /// Exports the stream in a slot, and schedules what comes behind.
    fn expire(&mut self, slot: usize, at: Micros, out: &mut dyn FnMut(Emission)) {
        let timeouts = self.config.timeouts;
        let Some(Some(cached)) = self.slots.get_mut(slot) else {
            return;
        };
        if let Some(entry) = cached.stream.entry(timeouts) {
            self.pending.push(cached.stream.export(entry));
        }
        let renews = cached.renews;
        if let Some(next) = cached.stream.entry(timeouts) {
            let generation = self.generation;
            self.schedule(next.due, Event::Expire { slot, generation });
        } else {
            self.vacate(slot);
            if renews {
                self.connect_long_lived(at);
            }
        }
        self.hold_or_send(at, out);
    }

    fn vacate(&mut self, slot: usize) {
        if let Some(place) = self.slots.get_mut(slot) {
            *place = None;
            self.free.push(slot);
        }
    }

    /// Sends a full datagram; else sees to it that what is pending will leave.
    fn hold_or_send(&mut self, at: Micros, out: &mut dyn FnMut(Emission)) {
        if self.messages.fill_one(&self.pending) {
            self.send_one(at, out);
        }
        if self.pending.is_empty() {
            self.flush_at = None;
        } else if self.flush_at.is_none() {
            let due = at.saturating_add(micros(i64::from(self.config.export.hold_ms)));
            self.flush_at = Some(due);
            self.schedule(due, Event::Flush);
        }
    }

    /// Sends Templates and options, and what is pending; V5 has nothing to announce.
    fn announce(&mut self, at: Micros, out: &mut dyn FnMut(Emission)) {
        if self.messages.announce() {
            self.send_one(at, out);
        }
        self.send_all(at, out);
    }

    fn send_all(&mut self, at: Micros, out: &mut dyn FnMut(Emission)) {
        self.flush_at = None;
        while !self.pending.is_empty() {
            self.send_one(at, out);
        }
    }

    /// Sends one datagram with as many of the pending records as fit, oldest first.
    fn send_one(&mut self, at: Micros, out: &mut dyn FnMut(Emission)) {
        let Written { octets, records } = self.messages.write(at, &mut self.pending);
        let sent = self.pending.drain(..records.min(self.pending.len()));
        let mut counts = Counts {
            datagrams: 1,
            ..Counts::default()
        };
        for metered in sent {
            counts.records += 1;
            counts.packets += metered.packets;
            counts.octets += metered.octets;
        }
        out(Emission { at, counts, octets });
    }

    /// The cache and what is pending are lost; the Exporter boots.
    fn restart(&mut self, at: Micros) {
        let boot = at.saturating_add(micros(i64::from(self.config.impairments.outage_ms)));
        self.restarts += 1;
        self.generation += 1;
        self.meters_from = boot;
        self.pending.clear();
        self.flush_at = None;
        self.messages.reboot(boot);
        for slot in 0..self.slots.len() {
            self.meter_again(slot);
        }
        self.schedule(boot, Event::Boot);
        self.schedule_restart(boot);
    }

    /// A stream that was in the cache goes on, or is over.
    fn meter_again(&mut self, slot: usize) {
        let Some(Some(cached)) = self.slots.get_mut(slot) else {
            return;
        };
        cached.stream.skip_until(self.meters_from);
        match cached.stream.entry(self.config.timeouts) {
            Some(entry) => {
                let generation = self.generation;
                self.schedule(entry.due, Event::Expire { slot, generation });
            }
            None => self.vacate(slot),
        }
    }
}

/// A number of `-most..=most`.
fn signed(rng: &mut Rng, most: i64) -> i64 {
    let most = u32::try_from(most).unwrap_or_default();
    i64::from(rng.between(0, most.saturating_mul(2))) - i64::from(most)
}

/// Whether IPFIX says times since the boot.
pub(crate) fn since_boot(config: &FleetConfig, version: Version) -> bool {
    version == Version::Ipfix && config.export.time == TimeEncoding::SysUptime
}

#[cfg(test)]
mod tests;
