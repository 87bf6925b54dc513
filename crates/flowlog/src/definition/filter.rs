//! What a flow log takes, and how it reads times.

use alloc::string::String;
use alloc::vec::Vec;

use flowlog_record::Action;
use serde::{Deserialize, Serialize};

use crate::InvalidValue;

/// The product whose API a flow log belongs to; decides its key and its layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Product {
    /// VPC flow logs.
    Vpc,
    /// CEN and transit router flow logs.
    Cen,
    /// Smart Access Gateway flow logs.
    Sag,
}

impl Product {
    /// The word for it in the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Vpc => "vpc",
            Self::Cen => "cen",
            Self::Sag => "sag",
        }
    }
}

/// `TrafficType`: which actions a flow log takes.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum TrafficType {
    /// Whatever was done with the flow.
    #[default]
    #[serde(alias = "all")]
    All,
    /// What was accepted.
    #[serde(alias = "allow")]
    Allow,
    /// What was rejected.
    #[serde(alias = "drop")]
    Drop,
}

impl TrafficType {
    /// Whether records of this action are taken.
    #[inline]
    pub const fn takes(self, action: Action) -> bool {
        match self {
            Self::All => true,
            Self::Allow => matches!(action, Action::Accept),
            Self::Drop => matches!(action, Action::Reject),
        }
    }
}

/// `IpVersion`: which address family a flow log takes.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum IpVersion {
    /// IPv4 alone; what the VPC API takes when nothing is said.
    #[serde(rename = "IPv4", alias = "IPV4", alias = "ipv4")]
    Ipv4,
    /// Both families; what the configuration takes when nothing is said.
    #[default]
    #[serde(alias = "dualstack", alias = "dual-stack")]
    DualStack,
}

/// Which times of a record count (aggregation §3).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum TimeSource {
    /// The Exporter's, shifted by what its clock is off.
    #[default]
    Corrected,
    /// The Exporter's, never shifted.
    Exporter,
    /// The arrival of the datagram; the duration is kept.
    Arrival,
}

/// Whether a flow log collects.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Status {
    /// Records that arrive are taken.
    #[default]
    #[serde(alias = "active")]
    Active,
    /// Records that arrive are counted only.
    #[serde(alias = "inactive")]
    Inactive,
}

/// A value of `TrafficPath`, the filter of the VPC API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TrafficPath {
    /// Through a public address.
    InternetGateway,
    /// Through a NAT gateway.
    NatGateway,
    /// Through a VPN gateway.
    VpnGateway,
    /// Through a transit router.
    TransitRouter,
    /// Through a gateway endpoint.
    GatewayEndpoint,
    /// Through a virtual border router.
    #[serde(alias = "virtualBorderRouter")]
    Vbr,
    /// Through an express connect router.
    Ecr,
    /// Through an IPv4 gateway.
    Ipv4Gateway,
    /// Through a gateway load balancer endpoint.
    GatewayLoadBalancerEndpoint,
}

impl TrafficPath {
    const NAMES: [(&'static str, Self); 10] = [
        ("internetGateway", Self::InternetGateway),
        ("natGateway", Self::NatGateway),
        ("vpnGateway", Self::VpnGateway),
        ("transitRouter", Self::TransitRouter),
        ("gatewayEndpoint", Self::GatewayEndpoint),
        ("vbr", Self::Vbr),
        ("virtualBorderRouter", Self::Vbr),
        ("ecr", Self::Ecr),
        ("ipv4Gateway", Self::Ipv4Gateway),
        (
            "gatewayLoadBalancerEndpoint",
            Self::GatewayLoadBalancerEndpoint,
        ),
    ];

    /// The path of that name, as `CreateFlowLog` spells it.
    pub fn named(name: &str) -> Option<Self> {
        let found = Self::NAMES.iter().find(|(known, _)| *known == name);
        found.map(|&(_, path)| path)
    }

    /// How `CreateFlowLog` spells it.
    pub fn name(self) -> &'static str {
        let found = Self::NAMES.iter().find(|(_, path)| *path == self);
        found.map_or("", |(name, _)| *name)
    }

    /// The numbers in the column `traffic_path` that it stands for, the usual one first.
    pub const fn numbers(self) -> &'static [u8] {
        match self {
            Self::InternetGateway => &[15, 14],
            Self::NatGateway => &[7],
            Self::VpnGateway => &[9],
            Self::TransitRouter => &[8],
            Self::GatewayEndpoint => &[6],
            Self::Vbr => &[10],
            Self::Ecr => &[21],
            Self::Ipv4Gateway => &[13],
            Self::GatewayLoadBalancerEndpoint => &[22],
        }
    }
}

/// `TrafficPath.N`: `all`, or the paths that a flow log takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "PathsForm", into = "PathsForm")]
pub struct TrafficPaths(Vec<TrafficPath>);

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum PathsForm {
    One(String),
    Several(Vec<String>),
}

impl TrafficPaths {
    /// Every path, and what has none.
    pub const ALL: Self = Self(Vec::new());

    /// Whether every path is taken.
    pub const fn is_all(&self) -> bool {
        self.0.is_empty()
    }

    /// The paths, none for `all`.
    pub fn paths(&self) -> &[TrafficPath] {
        &self.0
    }

    /// One bit for each number of the column `traffic_path` that is taken; `None` for all.
    pub(crate) fn mask(&self) -> Option<u32> {
        if self.is_all() {
            return None;
        }
        let numbers = self.0.iter().flat_map(|path| path.numbers());
        Some(numbers.fold(0, |mask, &number| {
            mask | 1_u32.checked_shl(u32::from(number)).unwrap_or(0)
        }))
    }
}

impl TryFrom<PathsForm> for TrafficPaths {
    type Error = InvalidValue;

    fn try_from(form: PathsForm) -> Result<Self, InvalidValue> {
        const UNKNOWN: &str = "all, internetGateway, natGateway, vpnGateway, transitRouter, \
             gatewayEndpoint, vbr, ecr, ipv4Gateway, gatewayLoadBalancerEndpoint";
        let names = match form {
            PathsForm::One(name) => alloc::vec![name],
            PathsForm::Several(names) => names,
        };
        let alone = names.len() == 1;
        let mut paths = Vec::new();
        for name in names {
            let path = match TrafficPath::named(&name) {
                Some(path) => path,
                None if name == "all" && alone => return Ok(Self::ALL),
                None if name == "all" => {
                    return Err(InvalidValue::new(name, "`all` stands alone"));
                }
                None => return Err(InvalidValue::new(name, UNKNOWN)),
            };
            if paths.contains(&path) {
                return Err(InvalidValue::new(name, "name each path once"));
            }
            paths.push(path);
        }
        Ok(Self(paths))
    }
}

impl From<TrafficPaths> for PathsForm {
    fn from(paths: TrafficPaths) -> Self {
        if paths.is_all() {
            return Self::One(String::from("all"));
        }
        let name = |path: &TrafficPath| {
            let found = TrafficPath::NAMES.iter().find(|(_, known)| known == path);
            found.map_or_else(String::new, |&(name, _)| String::from(name))
        };
        Self::Several(paths.0.iter().map(name).collect())
    }
}

impl TrafficPaths {
    /// The paths of these names, as `TrafficPath.N` has them.
    ///
    /// # Errors
    /// A name that is unknown, comes twice, or is `all` beside others.
    pub fn new(names: impl IntoIterator<Item = String>) -> Result<Self, InvalidValue> {
        Self::try_from(PathsForm::Several(names.into_iter().collect()))
    }
}
