//! A flow log of the control API: what is kept of it, where it is in its life, and the definition
//! by which the pipeline works.

mod phase;

use std::net::{IpAddr, SocketAddr};

use flowlog_access::date;
use flowlog_flowlog::{
    ActiveAging, CaptureWindow, Collector, Definition, FlowLogId, InactiveAging, IpVersion,
    LogstoreName, NetflowVersion, Output, Product, ProjectName, ResourceId, Resources, Status,
    TrafficPaths, TrafficType, Transport,
};
use flowlog_record::Timestamp;
use serde::{Deserialize, Serialize};

pub(crate) use phase::{Entry, Phase};

/// A tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tag {
    pub(crate) key: String,
    pub(crate) value: String,
}

/// A flow log as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FlowLog {
    pub(crate) id: String,
    /// Flow logs are listed in the order of their numbers: that in which they were made.
    pub(crate) number: u64,
    pub(crate) region: String,
    pub(crate) name: String,
    pub(crate) description: String,
    /// Milliseconds of the epoch.
    pub(crate) created: i64,
    pub(crate) project: String,
    pub(crate) logstore: String,
    pub(crate) group: String,
    pub(crate) tags: Vec<Tag>,
    pub(crate) status: Status,
    pub(crate) detail: Detail,
}

/// What the products' flow logs have of their own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "product", rename_all = "lowercase")]
pub(crate) enum Detail {
    Vpc(VpcDetail),
    Cen(CenDetail),
    Sag(SagDetail),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct VpcDetail {
    pub(crate) resource_type: String,
    pub(crate) resource: String,
    pub(crate) traffic_type: String,
    pub(crate) paths: Vec<String>,
    /// Minutes.
    pub(crate) interval: u32,
    pub(crate) ip_version: String,
    pub(crate) log_format: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CenDetail {
    pub(crate) cen: String,
    pub(crate) router: String,
    pub(crate) attachment: String,
    /// Seconds.
    pub(crate) interval: u32,
    pub(crate) log_format: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SagDetail {
    pub(crate) output: String,
    /// Seconds.
    pub(crate) active_aging: u32,
    /// Seconds.
    pub(crate) inactive_aging: u32,
    pub(crate) sls_region: String,
    pub(crate) netflow_ip: String,
    pub(crate) netflow_port: String,
    pub(crate) netflow_version: String,
    /// The SAG instances that are associated.
    pub(crate) sags: Vec<String>,
}

impl FlowLog {
    pub(crate) const fn product(&self) -> Product {
        match self.detail {
            Detail::Vpc(_) => Product::Vpc,
            Detail::Cen(_) => Product::Cen,
            Detail::Sag(_) => Product::Sag,
        }
    }

    /// `2022-01-21T03:08:50Z`.
    pub(crate) fn created(&self) -> String {
        date::timestamp(Timestamp(self.created))
    }

    /// What the pipeline works by; `None` for a flow log whose values no longer fit, which cannot
    /// come from the API.
    pub(crate) fn definition(&self) -> Option<Definition> {
        let mut definition = Definition::new(FlowLogId::new(self.id.as_str()).ok()?);
        definition.product = Some(self.product());
        definition.status = self.status;
        match &self.detail {
            Detail::Vpc(vpc) => vpc.define(&mut definition)?,
            Detail::Cen(cen) => cen.define(&mut definition)?,
            Detail::Sag(sag) => sag.define(&mut definition)?,
        }
        if self.detail.has_logstore() {
            definition.project = ProjectName::new(self.project.as_str()).ok()?;
            definition.logstore = LogstoreName::new(self.logstore.as_str()).ok()?;
        }
        if definition.region.is_none() {
            definition.region = Some(self.region.clone());
        }
        Some(definition)
    }
}

impl Detail {
    /// Whether its rows go to a Logstore.
    pub(crate) fn has_logstore(&self) -> bool {
        match self {
            Self::Vpc(_) | Self::Cen(_) => true,
            Self::Sag(sag) => sag.output != "netflow",
        }
    }
}

impl VpcDetail {
    fn define(&self, definition: &mut Definition) -> Option<()> {
        definition.resources = one(&self.resource)?;
        definition.window = CaptureWindow::from_seconds(u64::from(self.interval) * 60).ok();
        definition.traffic_type = match self.traffic_type.as_str() {
            "Allow" => TrafficType::Allow,
            "Drop" => TrafficType::Drop,
            _ => TrafficType::All,
        };
        definition.traffic_path = TrafficPaths::new(self.paths.iter().cloned()).ok()?;
        definition.ip_version = match self.ip_version.as_str() {
            "DualStack" => IpVersion::DualStack,
            _ => IpVersion::Ipv4,
        };
        Some(())
    }
}

impl CenDetail {
    /// What it watches: the attachment, else the transit router, else the CEN.
    pub(crate) fn watched(&self) -> &str {
        let all = [&self.attachment, &self.router];
        let narrowest = all.into_iter().find(|id| !id.is_empty());
        narrowest.unwrap_or(&self.cen)
    }

    fn define(&self, definition: &mut Definition) -> Option<()> {
        definition.resources = one(self.watched())?;
        definition.window = CaptureWindow::from_seconds(self.interval.into()).ok();
        let format = Some(self.log_format.clone());
        definition.log_format = format.filter(|format| !format.is_empty());
        Some(())
    }
}

impl SagDetail {
    fn define(&self, definition: &mut Definition) -> Option<()> {
        let ids: Result<Vec<_>, _> = self.sags.iter().map(ResourceId::new).collect();
        definition.resources = Resources::new(ids.ok()?);
        definition.active_aging = ActiveAging::from_seconds(self.active_aging.into()).ok();
        definition.inactive_aging = InactiveAging::from_seconds(self.inactive_aging.into()).ok();
        definition.region = Some(self.sls_region.clone()).filter(|region| !region.is_empty());
        definition.output = match self.output.as_str() {
            "netflow" => Output::Netflow,
            "all" => Output::All,
            _ => Output::Sls,
        };
        definition.netflow = self.collector();
        Some(())
    }

    /// The other collector; `None` where no address was ever said.
    pub(crate) fn collector(&self) -> Option<Collector> {
        let ip: IpAddr = self.netflow_ip.parse().ok()?;
        Some(Collector {
            server: SocketAddr::new(ip, self.netflow_port.parse().ok()?),
            version: match self.netflow_version.as_str() {
                "V5" => NetflowVersion::V5,
                "V10" => NetflowVersion::V10,
                _ => NetflowVersion::V9,
            },
            transport: Transport::Udp,
        })
    }
}

fn one(id: &str) -> Option<Resources> {
    Some(Resources::new([ResourceId::new(id).ok()?]))
}
