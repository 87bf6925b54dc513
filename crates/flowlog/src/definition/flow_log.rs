//! A flow log that is known to be valid: what matching, aggregation and layouts ask it.

use alloc::vec::Vec;

use flowlog_record::{Element, Window};

use super::aging::{ActiveAging, Aging, AllowedLateness, CaptureWindow, Hold, InactiveAging};
use super::filter::{IpVersion, Product, Status, TimeSource, TrafficPaths, TrafficType};
use super::{Collector, Definition, LogFormat, Output};
use crate::{FlowLogId, LogstoreName, ProjectName, ResourceId};

/// A flow log whose definition holds together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowLog {
    pub(super) definition: Definition,
    pub(super) product: Product,
    pub(super) log_format: Option<LogFormat>,
    pub(super) elements: Vec<Element>,
}

impl FlowLog {
    /// The flow log that exists without any configuration: every Exporter that no resource claims,
    /// 1 minute, 300 s/15 s, into project `flow-logs`, Logstore `default`.
    pub fn built_in() -> Self {
        let mut definition = Definition::new(FlowLogId::known("default"));
        definition.product = Some(Product::Sag);
        definition.window = Some(CaptureWindow::Of(Window::OneMinute));
        definition.active_aging = Some(ActiveAging::default());
        definition.inactive_aging = Some(InactiveAging::default());
        Self {
            definition,
            product: Product::Sag,
            log_format: None,
            elements: Vec::new(),
        }
    }

    /// What was written.
    pub const fn definition(&self) -> &Definition {
        &self.definition
    }

    /// What names it; the middle of its row ids.
    pub const fn id(&self) -> &FlowLogId {
        &self.definition.name
    }

    /// The resources that it watches.
    pub fn resources(&self) -> &[ResourceId] {
        self.definition.resources.ids()
    }

    /// The product; decides key and layout.
    pub const fn product(&self) -> Product {
        self.product
    }

    /// The Project of its rows.
    pub const fn project(&self) -> &ProjectName {
        &self.definition.project
    }

    /// The Logstore of its rows.
    pub const fn logstore(&self) -> &LogstoreName {
        &self.definition.logstore
    }

    /// Where its rows go.
    pub const fn output(&self) -> Output {
        self.definition.output
    }

    /// The other NetFlow collector to which its rows go, if they do.
    pub fn collector(&self) -> Option<&Collector> {
        let collector = self.definition.netflow.as_ref();
        collector.filter(|_| self.definition.output.has_netflow())
    }

    /// The region in which its Project lies; `None` for the home region.
    pub fn region(&self) -> Option<&str> {
        self.definition.region.as_deref()
    }

    /// The capture window, if it has one.
    pub const fn window(&self) -> Option<Window> {
        match self.definition.window {
            Some(CaptureWindow::Of(window)) => Some(window),
            _ => None,
        }
    }

    /// Whether each record is a row of its own (`window = "none"`).
    pub const fn per_record(&self) -> bool {
        matches!(self.definition.window, Some(CaptureWindow::PerRecord))
    }

    /// The aging times, if it has any: those given, and 300 s/15 s when it has neither window nor
    /// aging of its own.
    pub fn aging(&self) -> Option<Aging> {
        let Definition {
            window,
            active_aging,
            inactive_aging,
            ..
        } = self.definition;
        let given = active_aging.is_some() || inactive_aging.is_some();
        (given || window.is_none()).then(|| Aging {
            active: active_aging.unwrap_or_default(),
            inactive: inactive_aging.unwrap_or_default(),
        })
    }

    /// How long windowed rows wait for records behind the end of their period.
    pub const fn hold(&self) -> Hold {
        self.definition.hold
    }

    /// How long after the end of a window records for it still count.
    pub const fn allowed_lateness(&self) -> AllowedLateness {
        self.definition.allowed_lateness
    }

    /// Which times of a record count.
    pub const fn time_source(&self) -> TimeSource {
        self.definition.time_source
    }

    /// Which actions it takes.
    pub const fn traffic_type(&self) -> TrafficType {
        self.definition.traffic_type
    }

    /// Which paths it takes.
    pub const fn traffic_path(&self) -> &TrafficPaths {
        &self.definition.traffic_path
    }

    /// Which address family it takes.
    pub const fn ip_version(&self) -> IpVersion {
        self.definition.ip_version
    }

    /// The columns that `LogFormatString` names (CEN).
    pub const fn log_format(&self) -> Option<&LogFormat> {
        self.log_format.as_ref()
    }

    /// Whether records without counters make rows.
    pub const fn events(&self) -> bool {
        self.definition.events
    }

    /// The further Information Elements, in the order of `Row::extra`.
    pub fn elements(&self) -> &[Element] {
        &self.elements
    }

    /// Whether it collects.
    pub const fn status(&self) -> Status {
        self.definition.status
    }

    /// The same flow log, switched on or off.
    #[must_use]
    pub const fn with_status(mut self, status: Status) -> Self {
        self.definition.status = status;
        self
    }
}
