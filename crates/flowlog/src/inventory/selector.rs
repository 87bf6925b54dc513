//! Which Exporters see a resource, and through which interfaces.

use alloc::format;

use flowlog_record::ObservationDomain;
use serde::{Deserialize, Serialize, Serializer};

use crate::form::{NoTable, Shorthand, deserialize_shorthand};
use crate::{InvalidValue, Prefix, TrafficPath};

/// Exporters that see a resource: `"192.0.2.12"`, `"192.0.2.0/24"`, or a table of `address`,
/// `domain` and `relay`. All that is given must fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExporterSelector {
    /// The source address of the datagrams; behind a relay, the Exporter that elements 130, 131 or
    /// 403 of the record name. `None`: any.
    pub address: Option<Prefix>,
    /// The Observation Domain of the datagrams. `None`: any.
    pub domain: Option<ObservationDomain>,
    /// The source address of datagrams whose word on other Exporters is trusted. `None`: the
    /// Exporter speaks for itself.
    pub relay: Option<Prefix>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SelectorTable {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address: Option<Prefix>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    domain: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    relay: Option<Prefix>,
}

impl Shorthand for ExporterSelector {
    const EXPECTING: &'static str =
        "an address, a prefix, or a table of `address`, `domain` and `relay`";
    type Table = SelectorTable;

    fn from_text(text: &str) -> Result<Self, InvalidValue> {
        text.parse().map(Self::of)
    }

    fn from_table(table: SelectorTable) -> Result<Self, InvalidValue> {
        const WHOM: &str = "state as `address` which Exporter the relay speaks for";
        match (table.address, table.domain, table.relay) {
            (None, _, Some(relay)) => Err(InvalidValue::new(format!("relay = {relay}"), WHOM)),
            (None, None, None) => Err(InvalidValue::new("{}", "state `address` or `domain`")),
            (address, domain, relay) => Ok(Self {
                address,
                domain: domain.map(ObservationDomain),
                relay,
            }),
        }
    }
}

impl Serialize for ExporterSelector {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (self.address, self.domain, self.relay) {
            (Some(address), None, None) => address.serialize(serializer),
            (address, domain, relay) => SelectorTable {
                address,
                domain: domain.map(|domain| domain.0),
                relay,
            }
            .serialize(serializer),
        }
    }
}

impl ExporterSelector {
    /// Every Exporter whose source address lies in `address`.
    pub const fn of(address: Prefix) -> Self {
        Self {
            address: Some(address),
            domain: None,
            relay: None,
        }
    }
}

/// An interface of an Exporter, by its SNMP index: `3`, or `{ index = 3, path = "natGateway" }`.
///
/// Without a path it faces the resource: what comes in there leaves the resource. With a path it is
/// one that leads away from the resource, along that path; `facing = true` makes it both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Interface {
    /// The SNMP index, from 1.
    pub index: u32,
    /// Whether it faces the resource.
    pub facing: bool,
    /// The path of traffic that uses it away from the resource.
    pub path: Option<InterfacePath>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct InterfaceTable {
    index: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    facing: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    path: Option<InterfacePath>,
}

impl Shorthand for Interface {
    const EXPECTING: &'static str =
        "an SNMP interface index, or a table of `index`, `path` and `facing`";
    type Table = InterfaceTable;

    fn from_number(number: u64) -> Result<Self, InvalidValue> {
        let index = u32::try_from(number)
            .map_err(|_| InvalidValue::new(format!("{number}"), Self::EXPECTING))?;
        Self::from_table(InterfaceTable {
            index,
            facing: None,
            path: None,
        })
    }

    fn from_table(table: InterfaceTable) -> Result<Self, InvalidValue> {
        const ZERO: &str = "an SNMP interface index from 1; Exporters send 0 for unknown";
        const NEITHER: &str = "state the `path` that the interface leads to, or leave it out";
        if table.index == 0 {
            return Err(InvalidValue::new("0", ZERO));
        }
        let facing = table.facing.unwrap_or(table.path.is_none());
        if !facing && table.path.is_none() {
            return Err(InvalidValue::new("facing = false", NEITHER));
        }
        Ok(Self {
            index: table.index,
            facing,
            path: table.path,
        })
    }
}

impl Serialize for Interface {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.path.is_none() {
            return serializer.serialize_u32(self.index);
        }
        let table = InterfaceTable {
            index: self.index,
            facing: self.facing.then_some(true),
            path: self.path,
        };
        table.serialize(serializer)
    }
}

impl Interface {
    /// An interface that faces the resource.
    pub const fn facing(index: u32) -> Self {
        Self {
            index,
            facing: true,
            path: None,
        }
    }

    /// An interface that leads away from the resource.
    pub const fn away(index: u32, path: InterfacePath) -> Self {
        Self {
            index,
            facing: false,
            path: Some(path),
        }
    }
}

/// The number in the column `traffic_path`: 0 to 22 without 16, or the name of a
/// [`TrafficPath`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InterfacePath(u8);

impl InterfacePath {
    /// The path of that number; `None` for 16 and above 22, which mean nothing.
    pub const fn new(number: u8) -> Option<Self> {
        if number <= 22 && number != 16 {
            Some(Self(number))
        } else {
            None
        }
    }

    /// The number.
    pub const fn number(self) -> u8 {
        self.0
    }
}

impl From<TrafficPath> for InterfacePath {
    fn from(path: TrafficPath) -> Self {
        Self(path.numbers().first().copied().unwrap_or(0))
    }
}

impl Shorthand for InterfacePath {
    const EXPECTING: &'static str = "a number of 0 to 22 without 16, or one of internetGateway, \
         natGateway, vpnGateway, transitRouter, gatewayEndpoint, vbr, ecr, ipv4Gateway, \
         gatewayLoadBalancerEndpoint";
    type Table = NoTable;

    fn from_number(number: u64) -> Result<Self, InvalidValue> {
        let path = u8::try_from(number).ok().and_then(Self::new);
        path.ok_or_else(|| InvalidValue::new(format!("{number}"), Self::EXPECTING))
    }

    fn from_text(text: &str) -> Result<Self, InvalidValue> {
        let path = TrafficPath::named(text).map(Self::from);
        path.ok_or_else(|| InvalidValue::new(text, Self::EXPECTING))
    }
}

impl Serialize for InterfacePath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(self.0)
    }
}

deserialize_shorthand!(ExporterSelector, Interface, InterfacePath);
