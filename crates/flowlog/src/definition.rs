//! What a flow log is: its definition as somebody writes it, and as one that is known to be valid.
//!
//! Limits and names are those of the control API (`CreateFlowLog` of VPC, CEN and SAG), which fills
//! a [`Definition`] as the configuration does. What rows mean is aggregation's.

mod aging;
mod filter;
mod flow_log;
mod log_format;
mod output;
#[cfg(test)]
mod tests;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use flowlog_record::{Element, element_named};
use serde::{Deserialize, Serialize};

pub use aging::{ActiveAging, Aging, AllowedLateness, CaptureWindow, Hold, InactiveAging};
pub use filter::{IpVersion, Product, Status, TimeSource, TrafficPath, TrafficPaths, TrafficType};
pub use flow_log::FlowLog;
pub use log_format::LogFormat;
pub use output::{Collector, NetflowVersion, Output, Transport};

use crate::inventory::kind_by_id;
use crate::{
    DefinitionError, FlowLogId, InvalidValue, Inventory, LogstoreName, ProjectName, ResourceId,
    SAG_DEFAULT,
};

/// The most Information Elements that a flow log may list beside the columns of its layout: each
/// costs a text per row.
const MOST_COLUMNS: usize = 32;

/// A flow log as somebody writes it: each value is allowed, but nobody has looked at them together.
/// `[[flow_log]]` in the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// What names it; also part of its row ids.
    pub name: FlowLogId,
    /// The resource that it watches, with everything below it. For SAG, one or several.
    #[serde(default = "Resources::unclaimed", rename = "resource")]
    pub resources: Resources,
    /// The product whose layout its rows have. Follows from the resource's kind; needed only for
    /// resources that are not in the inventory and whose ids do not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<Product>,
    /// The Project of its rows.
    #[serde(default = "default_project")]
    pub project: ProjectName,
    /// The Logstore of its rows.
    #[serde(default = "default_logstore")]
    pub logstore: LogstoreName,
    /// The capture window; when left out, aging alone ends rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<CaptureWindow>,
    /// See [`Aging`]; when both are left out, none beside a window and 300 s/15 s without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active_aging: Option<ActiveAging>,
    /// See `active_aging`; when only one is given, the other has its default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inactive_aging: Option<InactiveAging>,
    /// How long windowed rows wait for records behind the end of their period.
    #[serde(default)]
    pub hold: Hold,
    /// How long after the end of a window records for it still count.
    #[serde(default)]
    pub allowed_lateness: AllowedLateness,
    /// Which times of a record count.
    #[serde(default)]
    pub time_source: TimeSource,
    /// Which actions it takes.
    #[serde(default)]
    pub traffic_type: TrafficType,
    /// Which paths it takes (VPC).
    #[serde(default)]
    pub traffic_path: TrafficPaths,
    /// Which address family it takes.
    #[serde(default)]
    pub ip_version: IpVersion,
    /// CEN: the columns of its rows, `${srcaddr}${dstaddr}${bytes}…`. VPC: kept, without effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_format: Option<String>,
    /// Whether records without counters (NAT, firewall) make rows.
    #[serde(default)]
    pub events: bool,
    /// Further Information Elements by name, as columns behind those of the layout.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// Where its rows go: to its Logstore, to another NetFlow collector, or to both.
    #[serde(default)]
    pub output: Output,
    /// The other NetFlow collector.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub netflow: Option<Collector>,
    /// The region in which its Project lies; when left out, the home region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Whether it collects.
    #[serde(default)]
    pub status: Status,
}

/// The ids that a flow log points at, in the order given: one text, or an array.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "ResourcesForm", into = "ResourcesForm")]
pub struct Resources(Vec<ResourceId>);

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum ResourcesForm {
    One(String),
    Several(Vec<String>),
}

impl Resources {
    /// These ids.
    pub fn new(ids: impl IntoIterator<Item = ResourceId>) -> Self {
        Self(ids.into_iter().collect())
    }

    /// The ids.
    pub fn ids(&self) -> &[ResourceId] {
        &self.0
    }

    fn unclaimed() -> Self {
        Self::new([ResourceId::known(SAG_DEFAULT)])
    }
}

impl TryFrom<ResourcesForm> for Resources {
    type Error = InvalidValue;

    fn try_from(form: ResourcesForm) -> Result<Self, InvalidValue> {
        let ids = match form {
            ResourcesForm::One(id) => alloc::vec![id],
            ResourcesForm::Several(ids) => ids,
        };
        let ids: Result<_, _> = ids.into_iter().map(ResourceId::new).collect();
        ids.map(Self)
    }
}

impl From<Resources> for ResourcesForm {
    fn from(Resources(ids): Resources) -> Self {
        match <[ResourceId; 1]>::try_from(ids) {
            Ok([id]) => Self::One(id.into()),
            Err(ids) => Self::Several(ids.into_iter().map(String::from).collect()),
        }
    }
}

impl Definition {
    /// A flow log of that name with every other value at its default.
    pub fn new(name: FlowLogId) -> Self {
        Self {
            name,
            resources: Resources::unclaimed(),
            product: None,
            project: default_project(),
            logstore: default_logstore(),
            window: None,
            active_aging: None,
            inactive_aging: None,
            hold: Hold::default(),
            allowed_lateness: AllowedLateness::default(),
            time_source: TimeSource::default(),
            traffic_type: TrafficType::default(),
            traffic_path: TrafficPaths::default(),
            ip_version: IpVersion::default(),
            log_format: None,
            events: false,
            columns: Vec::new(),
            output: Output::default(),
            netflow: None,
            region: None,
            status: Status::default(),
        }
    }

    /// Looks at the values together, and states the product.
    ///
    /// A definition that is inactive and states its product is not held against the inventory: it
    /// may be that of a flow log that is gone, kept for the rows that it still has, without a
    /// resource.
    ///
    /// # Errors
    /// Values that contradict each other or the kind of the resource, a column that no Information
    /// Element is called by.
    pub fn validate(mut self, inventory: &Inventory) -> Result<FlowLog, DefinitionError> {
        let product = match self.product {
            Some(stated) if self.status == Status::Inactive => stated,
            _ => self.settled_product(inventory)?,
        };
        self.product = Some(product);
        self.check_resources(product, inventory)?;
        self.check_aging()?;
        self.check_collector()?;
        if product != Product::Vpc && !self.traffic_path.is_all() {
            let remedy = "only VPC flow logs have paths: leave it out";
            return Err(DefinitionError::new(
                "traffic_path",
                product.as_str(),
                remedy,
            ));
        }
        let log_format = match (&self.log_format, product) {
            (Some(text), Product::Cen) => Some(LogFormat::parse(text)?),
            (Some(text), Product::Sag) => {
                let remedy = "rows of SAG flow logs have fixed columns: leave it out";
                return Err(DefinitionError::new("log_format", text.as_str(), remedy));
            }
            (_, _) => None,
        };
        let elements = elements(&self.columns)?;
        Ok(FlowLog {
            definition: self,
            product,
            log_format,
            elements,
        })
    }

    /// The product of the first resource that is in the inventory, else the one stated, else what
    /// the ids look like.
    fn settled_product(&self, inventory: &Inventory) -> Result<Product, DefinitionError> {
        let ids = self.resources.ids();
        let known = ids
            .iter()
            .find_map(|id| inventory.get(id.as_str()))
            .map(|resource| resource.kind.product());
        let guessed = || {
            let kind = ids.iter().find_map(|id| kind_by_id(id.as_str()));
            kind.map(crate::ResourceKind::product)
        };
        match (known, self.product) {
            (Some(known), Some(stated)) if known != stated => Err(DefinitionError::new(
                "product",
                stated.as_str(),
                format!(
                    "the resource belongs to `{}`: leave `product` out",
                    known.as_str()
                ),
            )),
            (Some(product), _) | (None, Some(product)) => Ok(product),
            (None, None) => guessed().ok_or_else(|| {
                let id = ids.first().map_or("", ResourceId::as_str);
                let remedy = "not in the inventory: add it as a [[resource]], or state `product`";
                DefinitionError::new("resource", id, remedy)
            }),
        }
    }

    fn check_resources(
        &self,
        product: Product,
        inventory: &Inventory,
    ) -> Result<(), DefinitionError> {
        let ids = self.resources.ids();
        let mut known = ids.iter().filter_map(|id| inventory.get(id.as_str()));
        let foreign = known.find(|r| r.kind.product() != product);
        if let Some(other) = foreign.filter(|_| self.status == Status::Active) {
            let remedy = format!(
                "a {} flow log cannot watch a {}",
                product.as_str(),
                other.kind
            );
            return Err(DefinitionError::new("resource", other.id.as_str(), remedy));
        }
        let gone = ids.is_empty() && self.status == Status::Inactive;
        if product != Product::Sag && ids.len() != 1 && !gone {
            let remedy = "a VPC or CEN flow log watches exactly one resource";
            return Err(DefinitionError::new(
                "resource",
                format!("{} ids", ids.len()),
                remedy,
            ));
        }
        let mut sorted: Vec<_> = ids.iter().collect();
        sorted.sort_unstable();
        for pair in sorted.windows(2) {
            if let [a, b] = pair
                && a == b
            {
                return Err(DefinitionError::new(
                    "resource",
                    a.as_str(),
                    "name each id once",
                ));
            }
        }
        Ok(())
    }

    fn check_collector(&self) -> Result<(), DefinitionError> {
        let Some(collector) = &self.netflow else {
            if self.output.has_netflow() {
                let remedy = "name the collector: netflow = { server = \"ADDRESS:PORT\" }";
                return Err(DefinitionError::new("netflow", "no collector", remedy));
            }
            return Ok(());
        };
        collector.problem().map_or(Ok(()), |remedy| {
            let value = format!("{}", collector.server);
            Err(DefinitionError::new("netflow", value, remedy))
        })
    }

    fn check_aging(&self) -> Result<(), DefinitionError> {
        const REMEDY: &str = "with window = \"none\" each record is a row: leave aging out";
        if self.window != Some(CaptureWindow::PerRecord) {
            return Ok(());
        }
        if let Some(active) = self.active_aging {
            return Err(DefinitionError::new(
                "active_aging",
                format!("{active}"),
                REMEDY,
            ));
        }
        if let Some(inactive) = self.inactive_aging {
            return Err(DefinitionError::new(
                "inactive_aging",
                format!("{inactive}"),
                REMEDY,
            ));
        }
        Ok(())
    }
}

fn elements(names: &[String]) -> Result<Vec<Element>, DefinitionError> {
    const FIELD: &str = "columns";
    if names.len() > MOST_COLUMNS {
        let count = format!("{} names", names.len());
        return Err(DefinitionError::new(
            FIELD,
            count,
            format!("at most {MOST_COLUMNS}"),
        ));
    }
    let mut elements: Vec<Element> = Vec::with_capacity(names.len());
    for name in names {
        let invalid = |remedy: &'static str| DefinitionError::new(FIELD, name.as_str(), remedy);
        let element = element_named(name).ok_or_else(|| {
            invalid("the name of an Information Element, such as bgpSourceAsNumber")
        })?;
        if elements.contains(&element) {
            return Err(invalid("name each element once"));
        }
        elements.push(element);
    }
    Ok(elements)
}

fn default_project() -> ProjectName {
    ProjectName::known("flow-logs")
}

fn default_logstore() -> LogstoreName {
    LogstoreName::known("default")
}
