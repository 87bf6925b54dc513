//! A fleet of simulated Exporters under a virtual clock.

use alloc::collections::BinaryHeap;
use alloc::vec::Vec;
use core::cmp::Reverse;
use core::net::{IpAddr, Ipv4Addr};

use flowlog_record::{Timestamp, Version};

use crate::clock::{Micros, micros};
use crate::config::{FleetConfig, InvalidConfig};
use crate::exporter::{Emission, Exporter};
use crate::hostile::Hostile;
use crate::network::Network;
use crate::rng::Rng;
use crate::tally::{Counts, Tally};

/// Parts of the seed that are not Exporters.
const NETWORK_PART: u64 = u64::MAX;
const HOSTILE_PART: u64 = u64::MAX - 1;

/// A datagram as it arrives at the collector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datagram {
    /// When it arrives.
    pub at: Timestamp,
    /// Who sent it.
    pub from: IpAddr,
    /// The number of the Exporter, from 0; `None` for hostile octets.
    pub exporter: Option<u32>,
    /// What is in it; nothing for a copy and for hostile octets, which are counted nowhere.
    pub counts: Counts,
    /// The payload.
    pub octets: Vec<u8>,
}

/// Simulated Exporters. Poll it until `None`, then come back at [`next_due`](Self::next_due).
///
/// ```
/// use flowlog_exporter_sim::{Fleet, FleetConfig};
/// use flowlog_record::Timestamp;
///
/// let start = Timestamp(1_700_000_000_000);
/// let mut fleet = Fleet::new(&FleetConfig::default(), start)?;
/// let now = start.plus(120_000);
/// while let Some(datagram) = fleet.poll(now) {
///     assert!(datagram.at <= now);
/// }
/// fleet.stop(now);
/// while fleet.poll(Timestamp::MAX).is_some() {}
/// assert!(fleet.tallies().iter().all(|tally| tally.generated.records > 0));
/// # Ok::<(), flowlog_exporter_sim::InvalidConfig>(())
/// ```
#[derive(Debug)]
pub struct Fleet {
    exporters: Vec<Exporter>,
    tallies: Vec<Tally>,
    /// When each Exporter has something to do, once each.
    due: BinaryHeap<Reverse<(Micros, usize)>>,
    network: Network,
    hostile: Hostile,
    hostile_ppm: u32,
    first_address: Ipv4Addr,
}

impl Fleet {
    /// A fleet that begins at `start`.
    ///
    /// # Errors
    /// What [`FleetConfig::check`] says.
    pub fn new(config: &FleetConfig, start: Timestamp) -> Result<Self, InvalidConfig> {
        config.check()?;
        let start = micros(start.millis());
        let versions = config.versions.iter().copied().cycle();
        let (exporters, tallies): (Vec<Exporter>, Vec<Tally>) = (0..config.exporters)
            .zip(versions)
            .map(|(number, version)| {
                let tally = tally(address(config.first_address, number), version);
                (Exporter::new(config, number, version, start), tally)
            })
            .unzip();
        let due = exporters.iter().enumerate().filter_map(reminder).collect();
        Ok(Self {
            exporters,
            tallies,
            due,
            network: Network::new(config.impairments, Rng::part(config.seed, NETWORK_PART)),
            hostile: Hostile::new(Rng::part(config.seed, HOSTILE_PART).next_u64()),
            hostile_ppm: config.impairments.hostile_ppm,
            first_address: config.first_address,
        })
    }

    /// The next datagram that has arrived by `now`, in order of arrival.
    pub fn poll(&mut self, now: Timestamp) -> Option<Datagram> {
        let now = micros(now.millis()).saturating_add(999);
        loop {
            let arrival = self.network.next_due();
            let due = self.due.peek().map(|Reverse((at, _))| *at);
            match (arrival, due) {
                (Some(arrival), due) if due.is_none_or(|due| arrival <= due) => {
                    return if arrival <= now { self.arrive() } else { None };
                }
                (_, Some(due)) if due <= now => self.step(),
                _ => return None,
            }
        }
    }

    /// When polling gets on: nothing happens before.
    pub fn next_due(&self) -> Option<Timestamp> {
        let arrival = self.network.next_due();
        let due = self.due.peek().map(|Reverse((at, _))| *at);
        let next = [arrival, due].into_iter().flatten().min()?;
        Some(Timestamp(next.div_euclid(1000)))
    }

    /// Ends the traffic at `now`: all caches are emptied, so that every packet that was metered is
    /// exported. What is still in flight can be polled.
    pub fn stop(&mut self, now: Timestamp) {
        let at = micros(now.millis());
        self.due.clear();
        for index in 0..self.exporters.len() {
            self.with_exporter(index, |exporter, out| exporter.stop(at, out));
        }
    }

    /// What each Exporter sent so far, in their order.
    pub fn tallies(&self) -> &[Tally] {
        &self.tallies
    }

    fn arrive(&mut self) -> Option<Datagram> {
        let in_flight = self.network.arrive()?;
        let Emission { at, counts, octets } = in_flight.emission;
        let is_honest = usize::try_from(in_flight.from).is_ok_and(|n| n < self.exporters.len());
        Some(Datagram {
            at: Timestamp::from_micros(at),
            from: address(self.first_address, in_flight.from),
            exporter: is_honest.then_some(in_flight.from),
            counts: if in_flight.is_copy {
                Counts::default()
            } else {
                counts
            },
            octets,
        })
    }

    /// Lets the Exporter that is due next do one thing.
    fn step(&mut self) {
        let Some(Reverse((_, index))) = self.due.pop() else {
            return;
        };
        self.with_exporter(index, |exporter, out| exporter.step(out));
        let exporter = self.exporters.get(index).map(|exporter| (index, exporter));
        self.due.extend(exporter.and_then(reminder));
    }

    /// Runs something of an Exporter and gives what it sends to the network.
    fn with_exporter(
        &mut self,
        index: usize,
        run: impl FnOnce(&mut Exporter, &mut dyn FnMut(Emission)),
    ) {
        let strangers = u32::try_from(self.exporters.len()).unwrap_or(u32::MAX);
        let (Some(exporter), Some(tally)) =
            (self.exporters.get_mut(index), self.tallies.get_mut(index))
        else {
            return;
        };
        let from = u32::try_from(index).unwrap_or(u32::MAX);
        let (network, hostile, ppm) = (&mut self.network, &mut self.hostile, self.hostile_ppm);
        run(exporter, &mut |emission| {
            for _ in 0..hostile.how_many(ppm) {
                let emission = Emission {
                    at: emission.at,
                    counts: Counts::default(),
                    octets: hostile.datagram(&emission.octets),
                };
                network.carry_safely(strangers, emission);
            }
            tally.generated += emission.counts;
            let counts = emission.counts;
            let fate = network.carry(from, emission);
            if fate.is_lost {
                tally.lost += counts;
            }
            tally.duplicates += u64::from(fate.is_doubled);
            tally.delayed += u64::from(fate.is_delayed);
        });
        tally.restarts = exporter.restarts();
    }
}

/// When an Exporter has something to do.
fn reminder((index, exporter): (usize, &Exporter)) -> Option<Reverse<(Micros, usize)>> {
    exporter.next_due().map(|at| Reverse((at, index)))
}

/// The address `number` behind the first one.
fn address(first: Ipv4Addr, number: u32) -> IpAddr {
    Ipv4Addr::from_bits(first.to_bits().wrapping_add(number)).into()
}

const fn tally(address: IpAddr, version: Version) -> Tally {
    const NOTHING: Counts = Counts {
        datagrams: 0,
        records: 0,
        packets: 0,
        octets: 0,
    };
    Tally {
        address,
        version,
        generated: NOTHING,
        lost: NOTHING,
        duplicates: 0,
        delayed: 0,
        restarts: 0,
    }
}

#[cfg(test)]
mod tests;
