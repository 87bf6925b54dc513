//! Datagrams of one size, as many as wanted: for benches, and for load from outside.

use alloc::vec::Vec;
use core::net::Ipv4Addr;

use flowlog_record::{Timestamp, Version};
use flowlog_wire::emit::{MessageBuilder, Netflow5Builder};
use flowlog_wire::{ipfix, netflow5, netflow9};

use crate::clock::{ExporterClock, Micros, micros};
use crate::encode::{self, Layout};
use crate::flow::{EndReason, Flow, Metered, TCP, UDP};
use crate::rng::Rng;
use crate::tally::Counts;

/// The largest payload of UDP over IPv4.
const MAX_DATAGRAM: usize = 65_507;
/// The Template comes again after that many datagrams.
const TEMPLATE_EVERY: u32 = 1000;
/// Flows last at most about four seconds.
const SPAN: u32 = 4_096_000;
/// SYN and ACK.
const TCP_FLAGS: u8 = 0x12;
/// How long the Exporter has been up at the first datagram.
const UP: Micros = 3_600_000_000;
const PORTS: [u16; 5] = [80, 443, 53, 22, 3306];
const FORWARDED: u8 = 64;

/// One Exporter that sends records of a Template of 20 fields ([`crate::blast_fields`]) about
/// flows picked at random, without a cache.
///
/// V9 and IPFIX announce the Template in the first datagram and every thousandth behind it.
#[derive(Clone, Debug)]
pub struct Blaster {
    version: Version,
    layout: Layout,
    rng: Rng,
    flows: Vec<Flow>,
    clock: Option<ExporterClock>,
    sequence: u32,
    since_template: u32,
    scratch: Vec<u8>,
}

impl Blaster {
    /// An Exporter with that many different flows (at least 1).
    pub fn new(version: Version, seed: u64, flows: u32) -> Self {
        let mut rng = Rng::new(seed);
        let flows = (0..flows.max(1)).map(|_| random_flow(&mut rng)).collect();
        Self {
            version,
            layout: Layout::twenty(version),
            rng,
            flows,
            clock: None,
            sequence: 0,
            since_template: TEMPLATE_EVERY,
            scratch: Vec::new(),
        }
    }

    /// Records that, with the Template in front, stay below the 1472 octets of a datagram that
    /// is not fragmented: 30, 24 or 19.
    pub const fn records_per_datagram(version: Version) -> u16 {
        match version {
            Version::V5 => 30,
            Version::V9 => 24,
            Version::Ipfix => 19,
        }
    }

    /// The next datagram carries the Template.
    pub const fn announce(&mut self) {
        self.since_template = TEMPLATE_EVERY;
    }

    /// Replaces `out` by a datagram sent at `at`, and says what is in it: at most `records`
    /// records, fewer if they do not fit (30 in V5, 65,507 octets).
    pub fn datagram(&mut self, at: Timestamp, records: u16, out: &mut Vec<u8>) -> Counts {
        out.clear();
        let at = micros(at.millis());
        let clock = *self.clock.get_or_insert(ExporterClock {
            boot: at.saturating_sub(UP),
            set: at,
            offset: 0,
            drift_ppm: 0,
        });
        let mut counts = Counts {
            datagrams: 1,
            ..Counts::default()
        };
        match self.version {
            Version::V5 => self.netflow5(at, &clock, (records, &mut counts), out),
            _ => self.templated(at, &clock, (records, &mut counts), out),
        }
        counts
    }

    fn netflow5(
        &mut self,
        at: Micros,
        clock: &ExporterClock,
        (records, counts): (u16, &mut Counts),
        out: &mut Vec<u8>,
    ) {
        let shown = encode::millis(clock.shown_millis(at));
        let header = netflow5::Header {
            sys_uptime: clock.uptime(at),
            unix_secs: seconds(shown),
            unix_nsecs: u32::try_from(shown % 1000 * 1_000_000).unwrap_or_default(),
            flow_sequence: self.sequence,
            ..netflow5::Header::default()
        };
        let mut builder = Netflow5Builder::new(out, &header);
        for _ in 0..records.min(netflow5::MAX_RECORDS) {
            let metered = self.record(at);
            let octets = encode::netflow5(&metered, clock).to_octets();
            if builder.record(&octets).is_ok() {
                count(counts, &metered);
            }
        }
        self.sequence = self.sequence.wrapping_add(u32::from(builder.records()));
        builder.finish();
    }

    fn templated(
        &mut self,
        at: Micros,
        clock: &ExporterClock,
        (records, counts): (u16, &mut Counts),
        out: &mut Vec<u8>,
    ) {
        let unix_secs = seconds(encode::millis(clock.shown_millis(at)));
        let mut builder = if self.version == Version::Ipfix {
            let header = ipfix::Header {
                length: 0,
                export_time: unix_secs,
                sequence: self.sequence,
                observation_domain: 1,
            };
            MessageBuilder::ipfix(out, &header, MAX_DATAGRAM)
        } else {
            let header = netflow9::Header {
                count: 0,
                sys_uptime: clock.uptime(at),
                unix_secs,
                sequence: self.sequence,
                source_id: 1,
            };
            MessageBuilder::netflow9(out, &header, MAX_DATAGRAM)
        };
        self.since_template += 1;
        if self.since_template > TEMPLATE_EVERY {
            self.since_template = 1;
            // Twenty fields fit into any message.
            let _written = builder.template(self.layout.id, &self.layout.fields);
        }
        for _ in 0..records {
            let metered = self.record(at);
            self.scratch.clear();
            self.layout.write(&metered, clock, &mut self.scratch);
            if builder.record(self.layout.id, &self.scratch).is_err() {
                break;
            }
            count(counts, &metered);
        }
        let advance = match self.version {
            Version::Ipfix => u32::from(builder.data_records()),
            _ => 1,
        };
        self.sequence = self.sequence.wrapping_add(advance);
        builder.finish();
    }

    /// A record of one of the flows, which ended within the last second.
    fn record(&mut self, at: Micros) -> Metered {
        let picked = self.rng.pick(&self.flows);
        let flow = picked.unwrap_or_else(|| random_flow(&mut self.rng));
        let packets = u64::from(self.rng.between(1, 64));
        let size = u64::from(self.rng.between(64, 1087));
        let end = at.saturating_sub(Micros::from(self.rng.below(1_024_000)));
        Metered {
            flow,
            start: end.saturating_sub(Micros::from(self.rng.below(SPAN))),
            end,
            packets,
            octets: packets * size,
            tcp_flags: if flow.protocol == TCP { TCP_FLAGS } else { 0 },
            reason: EndReason::Idle,
        }
    }
}

fn count(counts: &mut Counts, metered: &Metered) {
    counts.records += 1;
    counts.packets += metered.packets;
    counts.octets += metered.octets;
}

fn seconds(millis: u64) -> u32 {
    u32::try_from((millis / 1000) & 0xffff_ffff).unwrap_or_default()
}

/// From 10.0.0.0/8 to 192.168.0.0/16.
fn random_flow(rng: &mut Rng) -> Flow {
    let source = 0x0a00_0000 | (rng.next_u32() & 0x00ff_ffff);
    let destination = 0xc0a8_0000 | (rng.next_u32() & 0x0000_ffff);
    Flow {
        source: Ipv4Addr::from_bits(source).into(),
        destination: Ipv4Addr::from_bits(destination).into(),
        source_port: 1024 + rng.next_u16() % 60_000,
        destination_port: PORTS
            .get(rng.index(PORTS.len()))
            .copied()
            .unwrap_or_default(),
        protocol: if rng.below(4) == 0 { UDP } else { TCP },
        tos: 0,
        input: 1,
        output: 2,
        forwarding: FORWARDED,
    }
}

#[cfg(test)]
mod tests;
