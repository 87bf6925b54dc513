//! Where rows go besides, or instead of, a Logstore.

use core::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

/// `OutputType`: where the rows of a flow log go.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Output {
    /// To its Logstore.
    #[default]
    Sls,
    /// To another NetFlow collector.
    Netflow,
    /// To both.
    All,
}

impl Output {
    /// Whether rows go to a Logstore.
    pub const fn has_sls(self) -> bool {
        matches!(self, Self::Sls | Self::All)
    }

    /// Whether rows go to another NetFlow collector.
    pub const fn has_netflow(self) -> bool {
        matches!(self, Self::Netflow | Self::All)
    }
}

/// `NetflowVersion`: the protocol that another collector is spoken to in.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum NetflowVersion {
    /// NetFlow V5: IPv4 alone.
    #[serde(alias = "v5")]
    V5,
    /// NetFlow V9.
    #[default]
    #[serde(alias = "v9")]
    V9,
    /// IPFIX.
    #[serde(alias = "v10", alias = "IPFIX", alias = "ipfix")]
    V10,
}

/// How another collector is reached.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// Datagrams: nobody says whether they arrive.
    #[default]
    Udp,
    /// A connection; IPFIX alone.
    Tcp,
}

/// Another NetFlow collector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Collector {
    /// Where it listens.
    pub server: SocketAddr,
    /// What it is spoken to in.
    #[serde(default)]
    pub version: NetflowVersion,
    /// How it is reached.
    #[serde(default)]
    pub transport: Transport,
}

impl Collector {
    /// What is wrong with it, as a remedy.
    pub(super) fn problem(&self) -> Option<&'static str> {
        let ip = self.server.ip().to_canonical();
        if ip.is_unspecified() || ip.is_multicast() || ip == IpAddr::V4([255; 4].into()) {
            return Some("write the address of one machine, neither multicast nor broadcast");
        }
        if self.server.port() == 0 {
            return Some("write the port on which the collector listens, such as 9995");
        }
        if self.transport == Transport::Tcp && self.version != NetflowVersion::V10 {
            return Some("only IPFIX (version = \"V10\") goes over TCP");
        }
        None
    }
}
