//! The control API as the daemon has it: its settings from the configuration, the embedded Logstore as
//! the place of rows and of the audit.

mod audit;
mod places;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use crossbeam_channel::Sender;
use flowlog_access::Keyring;
use flowlog_control::{Beginning, Control, DatabaseError, Quota, Settings, Wanted};
use flowlog_flowlog::{Definition, Inventory};
use flowlog_logstore::Logstore;

use super::StartError;
use super::system_time;
use super::thread::Event;
use crate::config::{Config, ResourceMode};
use crate::data_directory::DataDirectory;
use audit::Auditor;
pub(super) use places::Places;

/// The file of its flow logs in the data directory.
const DATABASE: &str = "control.sqlite";

/// The API, and how far the daemon follows it.
#[derive(Debug)]
pub(super) struct Api {
    pub(super) control: Arc<Control>,
    /// The flow logs by which the workers are told to work.
    pub(super) wanted: Wanted,
    /// What was said of flow logs that match nothing.
    pub(super) warned: BTreeSet<String>,
}

/// Opens it.
pub(super) fn open(
    config: &Config,
    data: &DataDirectory,
    (logstore, keyring, places): (&Arc<Logstore>, Arc<Keyring>, Places),
    events: &Sender<Event>,
) -> Result<Api, StartError> {
    let path = data.join(DATABASE);
    let told = events.clone();
    let beginning = Beginning {
        settings: settings(config),
        inventory: inventory(config)?,
        keyring,
        hash_key: data.identity().hash_key,
        destinations: Arc::new(places),
        audit: Arc::new(Auditor::new(logstore)),
        changed: Box::new(move || {
            // Without anybody who listens the process is at its end anyway.
            let _ = told.send(Event::FlowLogs);
        }),
        clock: system_time,
    };
    let control =
        Control::open(&path, beginning).map_err(|problem| StartError::Control { path, problem })?;
    Ok(Api {
        wanted: control.wanted(),
        control: Arc::new(control),
        warned: BTreeSet::new(),
    })
}

/// The flow logs that the API has made in a data directory, for a command beside the daemon.
///
/// # Errors
/// [`DatabaseError`].
pub(crate) fn kept_flow_logs(data: &Path) -> Result<Vec<Definition>, DatabaseError> {
    flowlog_control::kept(&data.join(DATABASE))
}

/// Applies what a reload has changed.
pub(super) fn reload(api: &Api, config: &Config, keyring: Arc<Keyring>) {
    // The configuration was checked, inventory and all, when it was read.
    if let Ok(inventory) = inventory(config) {
        api.control.reload(settings(config), inventory, keyring);
    }
}

fn inventory(config: &Config) -> Result<Inventory, StartError> {
    Inventory::new(config.resource.clone())
        .map_err(|problem| StartError::Configuration(format!("[[resource]] {problem}")))
}

fn settings(config: &Config) -> Settings {
    let control = &config.control;
    Settings {
        account: config.account.clone(),
        regions: config.regions.clone(),
        quota: Quota {
            vpc: control.vpc_quota.into(),
            cen: control.cen_quota.into(),
            sag: control.sag_quota.into(),
        },
        strict_resources: control.resources == ResourceMode::Strict,
        create_logstores: control.create_logstores,
        custom_paths: control.custom_traffic_paths,
        dual_stack: control.dual_stack,
        open: control.flow_log_service,
        locked: control.locked,
        calls_per_minute: control.calls_per_minute,
    }
}
