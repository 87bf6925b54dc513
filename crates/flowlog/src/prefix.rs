//! Address prefixes of both families.

#[cfg(test)]
mod tests;

use alloc::format;
use alloc::string::String;
use core::fmt;
use core::net::IpAddr;
use core::str::FromStr;

use flowlog_record::Address;
use serde::{Deserialize, Serialize};

use crate::InvalidValue;

/// Where IPv4 lies in the sixteen octets of an [`Address`]: `::ffff:0:0/96`.
const IPV4_BITS: u8 = 96;

/// An IPv4 or IPv6 prefix in its canonical form: no bits beyond its length.
///
/// The families are apart: `::/0` holds every IPv6 address and no IPv4 address. An IPv4-mapped
/// prefix of at least 96 bits is the IPv4 prefix it maps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Prefix {
    first: Address,
    /// Of the 128 bits of an [`Address`]: 96 more than the length of an IPv4 prefix.
    bits: u8,
}

impl Prefix {
    /// The prefix of `length` bits that begins with `first`; `None` when the length is more than the
    /// family has, or when `first` has bits beyond it.
    pub fn new(first: IpAddr, length: u8) -> Option<Self> {
        let bits = match first {
            IpAddr::V4(_) => length.checked_add(IPV4_BITS)?,
            IpAddr::V6(_) => length,
        };
        let first = Address::from(first);
        let rest = u128::MAX.checked_shr(u32::from(bits)).unwrap_or(0);
        (bits <= 128 && number(first) & rest == 0).then_some(Self { first, bits })
    }

    /// The prefix that holds this one address.
    pub fn host(address: IpAddr) -> Self {
        Self {
            first: Address::from(address),
            bits: 128,
        }
    }

    /// Whether this is an IPv4 prefix.
    pub fn is_ipv4(self) -> bool {
        self.bits >= IPV4_BITS && self.first.ipv4_octets().is_some()
    }

    /// The length as it is written behind the slash.
    pub fn length(self) -> u8 {
        if self.is_ipv4() {
            self.bits.saturating_sub(IPV4_BITS)
        } else {
            self.bits
        }
    }

    /// The first address.
    pub const fn first(self) -> Address {
        self.first
    }

    /// The last address.
    pub fn last(self) -> Address {
        let rest = u128::MAX.checked_shr(u32::from(self.bits)).unwrap_or(0);
        Address::from_ipv6_octets((number(self.first) | rest).to_be_bytes())
    }

    /// Whether `address` lies inside; never across families.
    pub fn contains(self, address: Address) -> bool {
        let bounds = number(self.first)..=number(self.last());
        self.is_ipv4() == address.ipv4_octets().is_some() && bounds.contains(&number(address))
    }
}

impl FromStr for Prefix {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        const SYNTAX: &str = "an address or a prefix such as 192.0.2.0/24 or 2001:db8::/32";
        const HOST_BITS: &str =
            "a prefix without bits beyond its length (for 192.0.2.7/24 write 192.0.2.0/24)";
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let invalid = |remedy| InvalidValue::new(text, remedy);
        let address: IpAddr = address.parse().map_err(|_| invalid(SYNTAX))?;
        let Some(length) = length else {
            return Ok(Self::host(address));
        };
        let most = if address.is_ipv4() { 32 } else { 128 };
        let length: u8 = length.parse().map_err(|_| invalid(SYNTAX))?;
        if length > most {
            return Err(invalid(SYNTAX));
        }
        Self::new(address, length).ok_or_else(|| invalid(HOST_BITS))
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.first.fmt(f)?;
        if self.bits == 128 {
            Ok(())
        } else {
            write!(f, "/{}", self.length())
        }
    }
}

impl TryFrom<String> for Prefix {
    type Error = InvalidValue;

    fn try_from(text: String) -> Result<Self, InvalidValue> {
        text.parse()
    }
}

impl From<Prefix> for String {
    fn from(prefix: Prefix) -> Self {
        format!("{prefix}")
    }
}

fn number(address: Address) -> u128 {
    u128::from_be_bytes(address.octets())
}
