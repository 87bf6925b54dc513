//! Addresses and their networks, IPv4 and IPv6. A network is written `10.1.0.0/16`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use rusqlite::Result;
use rusqlite::functions::Context;
use rusqlite::types::Value;

use super::json;
use super::value::{Scalar, int, or_null, scalar, text, truth, wrong};

pub(super) const SCALARS: &[Scalar] = &[
    scalar("ip_prefix", &[2], ip_prefix),
    scalar("is_subnet_of", &[2], |ctx| inside(ctx, false)),
    scalar("is_prefix_subnet_of", &[2], |ctx| inside(ctx, true)),
    scalar("ip_subnet_min", &[1], |ctx| end(ctx, Network::first)),
    scalar("ip_subnet_max", &[1], |ctx| end(ctx, Network::last)),
    scalar("ip_subnet_range", &[1], range),
    scalar("ip_to_domain", &[1], |ctx| Ok(ip_to_domain(ctx))),
    scalar("is_private_ip", &[1], |ctx| {
        Ok(or_null(address(ctx, 0)?, |address| {
            truth(is_private(address))
        }))
    }),
    scalar("is_ipv4", &[1], |ctx| Ok(is_version(ctx, IpAddr::is_ipv4))),
    scalar("is_ipv6", &[1], |ctx| Ok(is_version(ctx, IpAddr::is_ipv6))),
    scalar("ip_to_bigint", &[1], ip_to_bigint),
    scalar("bigint_to_ip", &[1], bigint_to_ip),
];

/// A network: an address whose host bits are zero, and how many bits are the network's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Network {
    address: IpAddr,
    bits: u32,
}

impl Network {
    /// The network of an address; `None` when it has fewer bits.
    fn of(address: IpAddr, bits: u32) -> Option<Self> {
        let (octets, width) = wide(address);
        let host = width.checked_sub(bits)?;
        let masked = octets & u128::MAX.checked_shl(host).unwrap_or(0);
        Some(Self {
            address: narrow(masked, address),
            bits,
        })
    }

    /// `10.1.0.0/16`, or an address alone, which is a network of its own.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (address, bits) = match text.trim().split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text.trim(), None),
        };
        let address: IpAddr = address.parse().ok()?;
        let bits = match bits {
            Some(bits) => bits.parse().ok()?,
            None => wide(address).1,
        };
        Self::of(address, bits)
    }

    /// Whether all addresses of the other are inside.
    fn has(self, other: Self) -> bool {
        self.bits <= other.bits && Self::of(other.address, self.bits) == Some(self)
    }

    fn first(self) -> IpAddr {
        self.address
    }

    fn last(self) -> IpAddr {
        let (octets, width) = wide(self.address);
        let host = u128::MAX
            .checked_shr(128 - (width - self.bits))
            .unwrap_or(0);
        narrow(octets | host, self.address)
    }
}

/// The address as a number, and its width in bits.
fn wide(address: IpAddr) -> (u128, u32) {
    match address {
        IpAddr::V4(address) => (u128::from(address.to_bits()), 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    }
}

/// The number as an address of the same version as another.
fn narrow(octets: u128, like: IpAddr) -> IpAddr {
    match like {
        IpAddr::V4(_) => {
            let low = u32::try_from(octets & u128::from(u32::MAX)).unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from_bits(low))
        }
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::from_bits(octets)),
    }
}

fn address(ctx: &Context<'_>, at: usize) -> Result<Option<IpAddr>> {
    let Some(text) = text(ctx, at) else {
        return Ok(None);
    };
    let address = text.trim().parse();
    address.map(Some).map_err(|_| {
        wrong(format!(
            "'{text}' is no IP address; use try(…) for NULL instead"
        ))
    })
}

fn network(ctx: &Context<'_>, at: usize) -> Result<Option<Network>> {
    let Some(text) = text(ctx, at) else {
        return Ok(None);
    };
    let network = Network::parse(&text);
    network
        .map(Some)
        .ok_or_else(|| wrong(format!("'{text}' is no network; write 10.1.0.0/16")))
}

fn ip_prefix(ctx: &Context<'_>) -> Result<Value> {
    let Some((address, bits)) = address(ctx, 0)?.zip(int(ctx, 1)?) else {
        return Ok(Value::Null);
    };
    let network = u32::try_from(bits)
        .ok()
        .and_then(|bits| Network::of(address, bits));
    let Network { address, bits } =
        network.ok_or_else(|| wrong(format!("ip_prefix: {address} does not have {bits} bits")))?;
    Ok(Value::Text(format!("{address}/{bits}")))
}

/// `is_subnet_of(network, address)`; what is no address is in no network.
fn inside(ctx: &Context<'_>, strict: bool) -> Result<Value> {
    let Some((outer, text)) = network(ctx, 0)?.zip(text(ctx, 1)) else {
        return Ok(Value::Null);
    };
    match Network::parse(&text) {
        Some(inner) => Ok(truth(outer.has(inner))),
        None if strict => Err(wrong(format!("'{text}' is no network; write 10.1.0.0/16"))),
        None => Ok(truth(false)),
    }
}

fn end(ctx: &Context<'_>, of: fn(Network) -> IpAddr) -> Result<Value> {
    Ok(or_null(network(ctx, 0)?, |network| {
        Value::Text(of(network).to_string())
    }))
}

fn range(ctx: &Context<'_>) -> Result<Value> {
    Ok(or_null(network(ctx, 0)?, |network| {
        let ends = [network.first(), network.last()];
        let ends = ends.map(|end| serde_json::Value::from(end.to_string()));
        json::print(&ends.into_iter().collect())
    }))
}

/// Addresses that are not on the public Internet.
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let shared = matches!(address.octets(), [100, 64..=127, ..]);
            address.is_private() || address.is_loopback() || address.is_link_local() || shared
        }
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(address) => is_private(IpAddr::V4(address)),
            None => {
                address.is_loopback()
                    || address.is_unique_local()
                    || address.is_unicast_link_local()
            }
        },
    }
}

fn ip_to_domain(ctx: &Context<'_>) -> Value {
    let domain = |text: String| match text.trim().parse() {
        Ok(address) if is_private(address) => "intranet",
        Ok(_) => "internet",
        Err(_) => "invalid",
    };
    or_null(text(ctx, 0), |text| Value::Text(domain(text).to_owned()))
}

fn is_version(ctx: &Context<'_>, is: fn(&IpAddr) -> bool) -> Value {
    or_null(text(ctx, 0), |text| {
        truth(text.trim().parse().is_ok_and(|address| is(&address)))
    })
}

/// IPv4 alone: an IPv6 address has no place in 64 bits.
fn ip_to_bigint(ctx: &Context<'_>) -> Result<Value> {
    match address(ctx, 0)? {
        None => Ok(Value::Null),
        Some(IpAddr::V4(address)) => Ok(Value::Integer(i64::from(address.to_bits()))),
        Some(IpAddr::V6(address)) => Err(wrong(format!("ip_to_bigint: {address} is not IPv4"))),
    }
}

fn bigint_to_ip(ctx: &Context<'_>) -> Result<Value> {
    let Some(bits) = int(ctx, 0)? else {
        return Ok(Value::Null);
    };
    let bits = u32::try_from(bits).map_err(|_| wrong("bigint_to_ip: 32 bits are needed"))?;
    Ok(Value::Text(Ipv4Addr::from_bits(bits).to_string()))
}
