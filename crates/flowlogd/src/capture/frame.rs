//! From a captured packet to the UDP datagram in it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use etherparse::{EtherType, NetSlice, SlicedPacket, TransportSlice, UdpSlice, err};

use super::fragments::{Fragments, Pieces};
use super::{Captured, Packet, Skipped};

/// A link-layer header type of libpcap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Link(pub(super) u16);

impl Link {
    const NULL: Self = Self(0);
    const ETHERNET: Self = Self(1);
    const RAW_BSD: Self = Self(12);
    const RAW_OPENBSD: Self = Self(14);
    const RAW: Self = Self(101);
    const LOOP: Self = Self(108);
    const LINUX_SLL: Self = Self(113);
    const IPV4: Self = Self(228);
    const IPV6: Self = Self(229);
    const LINUX_SLL2: Self = Self(276);
}

/// Why a packet is no datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    NotUdp,
    Truncated,
    Malformed,
}

impl Reason {
    pub(super) fn count(self, skipped: &mut Skipped) {
        let counter = match self {
            Self::NotUdp => &mut skipped.not_udp,
            Self::Truncated => &mut skipped.truncated,
            Self::Malformed => &mut skipped.malformed,
        };
        *counter += 1;
    }
}

/// The datagram of a packet; `None` for a fragment whose datagram is not whole yet.
pub(super) fn datagram(
    packet: &Packet<'_>,
    fragments: &mut Fragments,
) -> Result<Option<Captured>, Reason> {
    let malformed = if packet.truncated {
        Reason::Truncated
    } else {
        Reason::Malformed
    };
    let sliced = slice(packet.link, packet.octets).ok_or(Reason::NotUdp)?;
    let sliced = sliced.map_err(|_| malformed)?;
    let net = sliced.net.as_ref().ok_or(Reason::NotUdp)?;
    let source = source_address(net).ok_or(Reason::NotUdp)?;
    if let Some(TransportSlice::Udp(udp)) = &sliced.transport {
        return Ok(Some(captured(source, packet.at_us, udp)));
    }
    let Some(pieces) = Pieces::of(net) else {
        return Err(Reason::NotUdp);
    };
    let Some(whole) = fragments.add(&pieces).map_err(|()| malformed)? else {
        return Ok(None);
    };
    let udp = UdpSlice::from_slice(&whole).map_err(|_| malformed)?;
    Ok(Some(captured(source, packet.at_us, &udp)))
}

fn captured(exporter: IpAddr, at_us: i64, udp: &UdpSlice<'_>) -> Captured {
    Captured {
        exporter: exporter.to_canonical(),
        source_port: udp.source_port(),
        destination_port: udp.destination_port(),
        at_us,
        payload: udp.payload().to_vec(),
    }
}

type Sliced<'a> = Result<SlicedPacket<'a>, err::packet::SliceError>;

/// The layers of a packet; `None` for a link type that is not known.
fn slice(link: Link, octets: &[u8]) -> Option<Sliced<'_>> {
    match link {
        Link::ETHERNET => Some(SlicedPacket::from_ethernet(octets)),
        Link::RAW | Link::RAW_BSD | Link::RAW_OPENBSD | Link::IPV4 | Link::IPV6 => {
            Some(SlicedPacket::from_ip(octets))
        }
        // an address family in four octets, in one order or the other; the IP version says the same
        Link::NULL | Link::LOOP => octets.get(4..).map(SlicedPacket::from_ip),
        Link::LINUX_SLL => cooked(octets, 14, 16),
        Link::LINUX_SLL2 => cooked(octets, 0, 20),
        _ => None,
    }
}

/// Linux cooked captures: an Ethernet type at `ether_type`, the packet at `payload`.
fn cooked(octets: &[u8], ether_type: usize, payload: usize) -> Option<Sliced<'_>> {
    let ether_type = *octets.get(ether_type..)?.first_chunk()?;
    Some(SlicedPacket::from_ether_type(
        EtherType(u16::from_be_bytes(ether_type)),
        octets.get(payload..)?,
    ))
}

fn source_address(net: &NetSlice<'_>) -> Option<IpAddr> {
    match net {
        NetSlice::Ipv4(ip) => Some(Ipv4Addr::from(ip.header().source()).into()),
        NetSlice::Ipv6(ip) => Some(Ipv6Addr::from(ip.header().source()).into()),
        NetSlice::Arp(_) => None,
    }
}
