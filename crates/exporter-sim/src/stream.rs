//! A flow as a train of packets, and what a cache makes of it.
//!
//! Packets come at equal distances, so what the cache holds at any time can be calculated: no
//! packet is simulated one by one, however fast the flow.

use crate::clock::{Micros, micros};
use crate::config::Timeouts;
use crate::flow::{EndReason, Flow, Metered};

const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const PSH: u8 = 0x08;
const ACK: u8 = 0x10;

/// Counters of V5 and of our V9 Templates have four octets: a cache exports before they overflow.
const MAX_OCTETS: u64 = 0xffff_ffff;

/// A train of packets, those before `next` exported already.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stream {
    pub(crate) flow: Flow,
    /// Time of packet 0.
    pub(crate) start: Micros,
    /// Between two packets; at least 1.
    pub(crate) gap: Micros,
    /// Packets in all; at least 1.
    pub(crate) packets: u64,
    /// The first packet that no record has counted.
    pub(crate) next: u64,
    /// Octets of each packet; at least 1.
    pub(crate) size: u16,
    /// Packet 0 is the SYN of a TCP connection.
    pub(crate) opens: bool,
    /// The last packet is the FIN of a TCP connection: the cache exports the flow at once.
    pub(crate) closes: bool,
    /// TCP, but SYN and FIN may have escaped the sampler.
    pub(crate) is_tcp: bool,
}

/// What the cache will export next of a stream, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) due: Micros,
    packets: u64,
    reason: EndReason,
}

impl Stream {
    /// The part of the stream that a sampler sees that takes every `interval`th packet, from
    /// number `phase` on; `None` if it sees nothing.
    pub(crate) fn sampled(self, interval: u32, phase: u32) -> Option<Self> {
        let (interval, phase) = (u64::from(interval.max(1)), u64::from(phase));
        let beyond = self.packets.checked_sub(phase).filter(|&left| left > 0)?;
        let factor = i64::try_from(interval).unwrap_or(1);
        Some(Self {
            start: self.at(phase),
            gap: self.gap.saturating_mul(factor),
            packets: beyond.div_ceil(interval),
            opens: self.opens && phase == 0,
            closes: self.closes && (beyond - 1).is_multiple_of(interval),
            ..self
        })
    }

    /// The next record of a cache with those timeouts; `None` when the stream is over.
    pub(crate) fn entry(&self, timeouts: Timeouts) -> Option<Entry> {
        let left = self
            .packets
            .checked_sub(self.next)
            .filter(|&left| left > 0)?;
        let inactive = micros(i64::from(timeouts.inactive_ms));
        let first = self.at(self.next);
        let active_at = first.saturating_add(micros(i64::from(timeouts.active_ms)));
        // The cache has no packet behind a pause as long as its inactive timeout.
        let together = if self.gap >= inactive { 1 } else { left };
        let in_time = self.count_until(active_at) - self.next;
        let room = MAX_OCTETS / u64::from(self.size.max(1));
        let packets = together.min(in_time).min(room.max(1));
        let last = self.at(self.next + packets - 1);
        let idle_at = last.saturating_add(inactive);
        let (due, reason) = if packets == left && self.closes {
            (last, EndReason::EndOfFlow)
        } else if packets == room && packets < together.min(in_time) {
            (last, EndReason::Active)
        } else if packets == together && idle_at <= active_at {
            (idle_at, EndReason::Idle)
        } else {
            (active_at, EndReason::Active)
        };
        Some(Entry {
            due,
            packets,
            reason,
        })
    }

    /// Takes what `entry` said out of the stream.
    pub(crate) fn export(&mut self, entry: Entry) -> Metered {
        self.take(entry.packets, entry.reason)
    }

    /// Takes the packets up to a point in time out of the stream, for a cache that is emptied;
    /// `None` if there are none.
    pub(crate) fn export_until(&mut self, at: Micros) -> Option<Metered> {
        let packets = self.count_until(at).checked_sub(self.next)?;
        (packets > 0).then(|| self.take(packets, EndReason::Forced))
    }

    /// Forgets the packets before a point in time: nothing meters them.
    pub(crate) fn skip_until(&mut self, at: Micros) {
        self.next = self.next.max(self.count_until(at.saturating_sub(1)));
    }

    fn take(&mut self, packets: u64, reason: EndReason) -> Metered {
        let first = self.next;
        self.next += packets;
        Metered {
            flow: self.flow,
            start: self.at(first),
            end: self.at(self.next - 1),
            packets,
            octets: packets * u64::from(self.size),
            tcp_flags: self.flags(first, self.next),
            reason,
        }
    }

    /// TCP flags of the packets from `first` to before `end`.
    const fn flags(&self, first: u64, end: u64) -> u8 {
        if !self.is_tcp {
            return 0;
        }
        let has_first = self.opens && first == 0;
        let has_last = self.closes && end == self.packets;
        let syn = if has_first { SYN } else { 0 };
        let fin = if has_last { FIN } else { 0 };
        let only_syn = has_first && self.packets == 1;
        syn | fin | if only_syn { 0 } else { ACK | PSH }
    }

    /// Time of packet `number`.
    fn at(&self, number: u64) -> Micros {
        let number = i64::try_from(number).unwrap_or(i64::MAX);
        self.start.saturating_add(self.gap.saturating_mul(number))
    }

    /// Packets up to a point in time, those exported already included.
    fn count_until(&self, at: Micros) -> u64 {
        let since = at.saturating_sub(self.start);
        if since < 0 {
            return self.next;
        }
        let count = u64::try_from(since / self.gap.max(1)).unwrap_or_default() + 1;
        count.clamp(self.next, self.packets)
    }
}

#[cfg(test)]
mod tests;
