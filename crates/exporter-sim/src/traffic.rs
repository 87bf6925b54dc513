//! Connections as they come by: who speaks to whom, how long, how much.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::clock::Micros;
use crate::config::Traffic;
use crate::flow::{Flow, ICMP, ICMP6, TCP, UDP};
use crate::rng::Rng;
use crate::stream::Stream;

/// Forwarded, for no reason that is known (element 89).
const FORWARDED: u8 = 64;
/// Dropped by an access list.
const DENIED: u8 = 130;
/// `type · 256 + code` of an echo request, by protocol.
const ECHO: u16 = 8 << 8;
const ECHO6: u16 = 128 << 8;
const ECHO6_REPLY: u16 = 129 << 8;

/// A kind of connection. Ranges include both ends.
struct Kind {
    /// How often, beside the others.
    weight: u32,
    protocol: u8,
    /// Port of the server; `None` any, as scans do.
    port: Option<u16>,
    /// Packets from the client.
    packets: (u32, u32),
    /// Microseconds between two of them.
    gap: (u32, u32),
    /// Octets of each.
    request: (u32, u32),
    /// Octets of each packet back; `None` no answer.
    response: Option<(u32, u32)>,
}

const KINDS: [Kind; 8] = [
    Kind {
        weight: 40, // web
        protocol: TCP,
        port: Some(443),
        packets: (4, 60),
        gap: (2_000, 200_000),
        request: (52, 400),
        response: Some((400, 1500)),
    },
    Kind {
        weight: 25, // DNS
        protocol: UDP,
        port: Some(53),
        packets: (1, 2),
        gap: (1_000_000, 1_000_000),
        request: (60, 90),
        response: Some((90, 500)),
    },
    Kind {
        weight: 10, // QUIC
        protocol: UDP,
        port: Some(443),
        packets: (10, 500),
        gap: (5_000, 50_000),
        request: (60, 300),
        response: Some((600, 1400)),
    },
    Kind {
        weight: 5, // ssh, with pauses longer than inactive timeouts
        protocol: TCP,
        port: Some(22),
        packets: (20, 100),
        gap: (500_000, 20_000_000),
        request: (52, 200),
        response: Some((52, 500)),
    },
    Kind {
        weight: 5, // a bulk transfer
        protocol: TCP,
        port: Some(443),
        packets: (1_000, 50_000),
        gap: (1_000, 5_000),
        request: (52, 60),
        response: Some((1400, 1500)),
    },
    Kind {
        weight: 5, // ping
        protocol: ICMP,
        port: None,
        packets: (1, 60),
        gap: (1_000_000, 1_000_000),
        request: (84, 84),
        response: Some((84, 84)),
    },
    Kind {
        weight: 5, // a scan that the access list stops
        protocol: TCP,
        port: None,
        packets: (1, 1),
        gap: (1_000, 1_000),
        request: (44, 44),
        response: None,
    },
    Kind {
        weight: 5, // NTP
        protocol: UDP,
        port: Some(123),
        packets: (1, 1),
        gap: (1_000, 1_000),
        request: (76, 76),
        response: Some((76, 76)),
    },
];

/// A tunnel or a database connection: open for hours.
const LONG_LIVED: Kind = Kind {
    weight: 0,
    protocol: TCP,
    port: Some(3306),
    packets: (180_000, 1_440_000),
    gap: (20_000, 20_000),
    request: (52, 300),
    response: Some((52, 1500)),
};

/// The connections of one Exporter.
#[derive(Clone, Debug)]
pub(crate) struct Generator {
    rng: Rng,
    traffic: Traffic,
    /// The number of the Exporter.
    exporter: u32,
    /// Whether the Exporter can say IPv6.
    has_ipv6: bool,
}

/// Both directions of a connection, before sampling.
pub(crate) type Connection = (Stream, Option<Stream>);

impl Generator {
    pub(crate) const fn new(rng: Rng, traffic: Traffic, exporter: u32, has_ipv6: bool) -> Self {
        Self {
            rng,
            traffic,
            exporter,
            has_ipv6,
        }
    }

    /// The random numbers, for decisions that belong to the traffic: the sampler's.
    pub(crate) const fn rng(&mut self) -> &mut Rng {
        &mut self.rng
    }

    /// Microseconds until the next connection begins; `None` if there is no more.
    pub(crate) fn pause(&mut self) -> Option<Micros> {
        let mean = 60_000_000_u32.checked_div(self.traffic.connections_per_minute)?;
        // Even between none and twice the mean: 0 would be a day of many connections at once.
        Some(Micros::from(
            self.rng.between(1, mean.saturating_mul(2).max(1)),
        ))
    }

    /// A connection that begins at that time.
    pub(crate) fn connection(&mut self, start: Micros) -> Connection {
        let total = KINDS.iter().map(|kind| kind.weight).sum();
        let mut drawn = self.rng.below(total);
        let kind = KINDS.iter().find(|kind| {
            let is_drawn = drawn < kind.weight;
            drawn = drawn.saturating_sub(kind.weight);
            is_drawn
        });
        self.of_kind(kind.unwrap_or(&LONG_LIVED), start)
    }

    /// A connection that stays open for hours.
    pub(crate) fn long_lived(&mut self, start: Micros) -> Connection {
        self.of_kind(&LONG_LIVED, start)
    }

    fn of_kind(&mut self, kind: &Kind, start: Micros) -> Connection {
        let flow = self.flow(kind);
        let packets = u64::from(self.rng.between(kind.packets.0, kind.packets.1));
        let gap = Micros::from(self.rng.between(kind.gap.0, kind.gap.1));
        let is_tcp = kind.protocol == TCP;
        let request = Stream {
            flow,
            start,
            gap,
            packets,
            next: 0,
            size: self.size(kind.request),
            opens: is_tcp,
            closes: is_tcp && packets > 1,
            is_tcp,
        };
        let round_trip = Micros::from(self.rng.between(1_000, 150_000));
        let response = kind.response.map(|sizes| Stream {
            flow: reverse(&flow),
            start: start.saturating_add(round_trip),
            size: self.size(sizes),
            ..request
        });
        (request, response)
    }

    fn size(&mut self, (low, high): (u32, u32)) -> u16 {
        u16::try_from(self.rng.between(low, high)).unwrap_or(u16::MAX)
    }

    /// Who asks whom.
    fn flow(&mut self, kind: &Kind) -> Flow {
        let is_ipv6 = self.has_ipv6 && self.rng.below(100) < self.traffic.ipv6_percent;
        let (client, server) = (self.rng.next_u16(), self.rng.next_u32());
        let (source, destination) = if is_ipv6 {
            self.ipv6(client, server)
        } else {
            self.ipv4(client, server)
        };
        let is_echo = kind.protocol == ICMP;
        let port = match (is_echo, is_ipv6) {
            (true, true) => ECHO6,
            (true, false) => ECHO,
            _ => kind.port.unwrap_or(self.rng.next_u16()),
        };
        let ephemeral = 32_768 | self.rng.next_u16();
        Flow {
            source,
            destination,
            source_port: if is_echo { 0 } else { ephemeral },
            destination_port: port,
            protocol: if is_echo && is_ipv6 {
                ICMP6
            } else {
                kind.protocol
            },
            tos: if self.rng.below(10) == 0 { 0xb8 } else { 0 },
            input: 1 + (client & 3),
            output: 10,
            forwarding: if kind.response.is_some() {
                FORWARDED
            } else {
                DENIED
            },
        }
    }

    /// One of 65,536 clients and of 4,096 servers.
    fn ipv4(&self, client: u16, server: u32) -> (IpAddr, IpAddr) {
        let [first, second, _, _] = self.traffic.inside.octets();
        let number = self.exporter.to_be_bytes()[3];
        let [third, fourth] = client.to_be_bytes();
        let inside = Ipv4Addr::new(first, second.wrapping_add(number), third, fourth);
        let outside = Ipv4Addr::from_bits(0xc612_0000 | (server & 0x0fff));
        (inside.into(), outside.into())
    }

    fn ipv6(&self, client: u16, server: u32) -> (IpAddr, IpAddr) {
        let number = u16::try_from(self.exporter & 0xffff).unwrap_or_default();
        let low = u16::try_from(server & 0x0fff).unwrap_or_default();
        let inside = Ipv6Addr::new(0x2001, 0xdb8, number, 1, 0, 0, 0, client);
        let outside = Ipv6Addr::new(0x2001, 0xdb8, 0xffff, 0, 0, 0, 0, low);
        (inside.into(), outside.into())
    }
}

/// The flow back.
fn reverse(flow: &Flow) -> Flow {
    let (source_port, destination_port) = match flow.protocol {
        ICMP => (0, 0),
        ICMP6 => (0, ECHO6_REPLY),
        _ => (flow.destination_port, flow.source_port),
    };
    Flow {
        source: flow.destination,
        destination: flow.source,
        source_port,
        destination_port,
        input: flow.output,
        output: flow.input,
        ..*flow
    }
}

#[cfg(test)]
mod tests;
