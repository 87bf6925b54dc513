//! Addresses of flows: both families in sixteen octets.

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

/// An IPv4 or IPv6 address in sixteen octets; IPv4 as `::ffff:a.b.c.d` (RFC 4291 §2.5.5.2).
///
/// All zero is `::`, and stands for an absent address where a record says that it has none.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[repr(transparent)]
pub struct Address([u8; 16]);

impl Address {
    /// `::`, which stands for an absent address.
    pub const UNSPECIFIED: Self = Self([0; 16]);

    /// An IPv4 address from its four octets as they are on the wire.
    #[inline]
    pub const fn from_ipv4_octets(octets: [u8; 4]) -> Self {
        let [a, b, c, d] = octets;
        Self([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d])
    }

    /// An IPv6 address from its sixteen octets as they are on the wire.
    #[inline]
    pub const fn from_ipv6_octets(octets: [u8; 16]) -> Self {
        Self(octets)
    }

    /// The sixteen octets, IPv4 mapped.
    #[inline]
    pub const fn octets(self) -> [u8; 16] {
        self.0
    }

    /// The four octets of an IPv4 address, `None` for IPv6.
    #[inline]
    pub const fn ipv4_octets(self) -> Option<[u8; 4]> {
        match self.0 {
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d] => Some([a, b, c, d]),
            _ => None,
        }
    }

    /// Whether this is `::` or `0.0.0.0`.
    #[inline]
    pub const fn is_zero(self) -> bool {
        let v = u128::from_be_bytes(self.0);
        v == 0 || v == 0xffff_0000_0000
    }

    /// The address as the standard library has it, IPv4 unmapped.
    pub const fn to_ip(self) -> IpAddr {
        match self.ipv4_octets() {
            Some([a, b, c, d]) => IpAddr::V4(Ipv4Addr::new(a, b, c, d)),
            None => IpAddr::V6(Ipv6Addr::from_octets(self.0)),
        }
    }
}

impl From<IpAddr> for Address {
    fn from(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(v4) => Self::from_ipv4_octets(v4.octets()),
            IpAddr::V6(v6) => Self::from_ipv6_octets(v6.octets()),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_ip().fmt(f)
    }
}
