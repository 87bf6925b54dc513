//! The network between Exporters and collector: loss, copies, detours.

use alloc::collections::BTreeMap;

use crate::clock::{Micros, micros};
use crate::config::Impairments;
use crate::exporter::Emission;
use crate::rng::Rng;

/// Copies arrive up to that much later.
const COPY_WITHIN: u32 = 100_000;

/// A datagram on its way.
#[derive(Debug)]
pub(crate) struct InFlight {
    /// The number of the Exporter; the number behind the last one is the hostile sender.
    pub(crate) from: u32,
    /// A copy: counted already.
    pub(crate) is_copy: bool,
    pub(crate) emission: Emission,
}

/// What became of a datagram.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub(crate) struct Fate {
    pub(crate) is_lost: bool,
    pub(crate) is_doubled: bool,
    pub(crate) is_delayed: bool,
}

/// Datagrams in flight, by arrival.
#[derive(Debug)]
pub(crate) struct Network {
    impairments: Impairments,
    rng: Rng,
    in_flight: BTreeMap<(Micros, u64), InFlight>,
    serial: u64,
}

impl Network {
    pub(crate) const fn new(impairments: Impairments, rng: Rng) -> Self {
        Self {
            impairments,
            rng,
            in_flight: BTreeMap::new(),
            serial: 0,
        }
    }

    /// Takes a datagram of an Exporter, with all that can happen to it.
    pub(crate) fn carry(&mut self, from: u32, emission: Emission) -> Fate {
        // Drawn for every datagram, so that one impairment does not move the others.
        let fate = Fate {
            is_lost: self.rng.chance(self.impairments.loss_ppm),
            is_doubled: self.rng.chance(self.impairments.duplicate_ppm),
            is_delayed: self.rng.chance(self.impairments.reorder_ppm),
        };
        let copy_later = Micros::from(self.rng.between(1, COPY_WITHIN));
        let most = u32::try_from(micros(i64::from(self.impairments.reorder_ms)));
        let detour = Micros::from(self.rng.between(1, most.unwrap_or(u32::MAX)));
        if fate.is_lost {
            return Fate {
                is_lost: true,
                ..Fate::default()
            };
        }
        let arrival = emission
            .at
            .saturating_add(if fate.is_delayed { detour } else { 0 });
        if fate.is_doubled {
            let copy = Emission {
                octets: emission.octets.clone(),
                ..emission
            };
            self.put(from, true, arrival.saturating_add(copy_later), copy);
        }
        self.put(from, false, arrival, emission);
        fate
    }

    /// Takes a datagram to which nothing happens.
    pub(crate) fn carry_safely(&mut self, from: u32, emission: Emission) {
        self.put(from, false, emission.at, emission);
    }

    /// When the next datagram arrives.
    pub(crate) fn next_due(&self) -> Option<Micros> {
        self.in_flight.first_key_value().map(|((at, _), _)| *at)
    }

    /// The next datagram, with its arrival as its time.
    pub(crate) fn arrive(&mut self) -> Option<InFlight> {
        self.in_flight.pop_first().map(|(_, in_flight)| in_flight)
    }

    fn put(&mut self, from: u32, is_copy: bool, arrival: Micros, emission: Emission) {
        self.serial += 1;
        let emission = Emission {
            at: arrival,
            ..emission
        };
        let in_flight = InFlight {
            from,
            is_copy,
            emission,
        };
        self.in_flight.insert((arrival, self.serial), in_flight);
    }
}

#[cfg(test)]
mod tests;
