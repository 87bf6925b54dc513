//! How long a receiver may leave the kernel alone between two batches.
//!
//! A thread that wakes for each datagram spends more on waking than on the datagram. So it sleeps
//! until about [`WANTED`] of them have come, by the rate of late, and takes them together; the
//! kernel keeps their times of arrival, so that no row depends on it. It never sleeps for longer
//! than a burst of 10 Gbit/s needs to fill two thirds of the receive buffer.

use std::time::Duration;

/// Datagrams that a batch should have.
const WANTED: i64 = 48;
/// No nap is longer, however low the rate.
const LONGEST_US: i64 = 16_000;
/// A shorter one costs more than it is worth.
const SHORTEST_US: i64 = 400;
/// The burst that the buffer has to bridge: 10 Gbit/s, in octets a microsecond.
const BURST: i64 = 1250;
/// Of the receive buffer, the payload of datagrams has about the half: the kernel counts its own
/// bookkeeping too. And a third of that stays free.
const SHARE: i64 = 3;

/// The naps of one receiver.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    longest_us: i64,
    last_us: i64,
}

impl Pace {
    /// For sockets with a receive buffer of `room` octets, as the kernel counts them.
    pub(crate) fn new(room: usize) -> Self {
        let room = i64::try_from(room).unwrap_or(i64::MAX);
        Self {
            longest_us: (room / SHARE / BURST).min(LONGEST_US),
            last_us: i64::MIN,
        }
    }

    /// After a batch of `taken` datagrams of at most `most`, at `now_us`: how long to sleep.
    pub(crate) fn nap(&mut self, now_us: i64, taken: usize, most: usize) -> Option<Duration> {
        let since = now_us.saturating_sub(self.last_us).max(1);
        self.last_us = now_us;
        if taken == 0 || taken >= most {
            return None;
        }
        let taken = i64::try_from(taken).unwrap_or(i64::MAX);
        let nap = WANTED.saturating_mul(since) / taken;
        let nap = nap.min(self.longest_us);
        let nap = u64::try_from(nap).ok().filter(|_| nap >= SHORTEST_US)?;
        Some(Duration::from_micros(nap))
    }
}

#[cfg(test)]
mod tests;
