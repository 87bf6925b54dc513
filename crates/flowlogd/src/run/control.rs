//! The control API as the daemon has it: its settings from the configuration, the embedded Logstore as
//! the place of rows and of the audit.

mod audit;

use std::collections::BTreeSet;
use std::sync::{Arc, Weak};

use crossbeam_channel::Sender;
use flowlog_access::{Keyring, User};
use flowlog_control::{Beginning, Control, Destinations, Quota, Settings, Wanted};
use flowlog_flowlog::Inventory;
use flowlog_logstore::Logstore;

use super::StartError;
use super::system_time;
use super::thread::Event;
use crate::config::{Config, ResourceMode};
use crate::data_directory::DataDirectory;
use audit::Auditor;

/// The file of its flow logs in the data directory.
const DATABASE: &str = "control.sqlite";

/// The API, and how far the daemon follows it.
#[derive(Debug)]
pub(super) struct Api {
    pub(super) control: Arc<Control>,
    /// The flow logs by which the workers are told to work.
    pub(super) wanted: Wanted,
    pub(super) keyring: Arc<Keyring>,
    /// What was said of flow logs that match nothing.
    pub(super) warned: BTreeSet<String>,
}

/// Opens it.
pub(super) fn open(
    config: &Config,
    data: &DataDirectory,
    (logstore, keyring): (&Arc<Logstore>, Arc<Keyring>),
    events: &Sender<Event>,
) -> Result<Api, StartError> {
    let path = data.join(DATABASE);
    let told = events.clone();
    let beginning = Beginning {
        settings: settings(config),
        inventory: inventory(config)?,
        keyring: Arc::clone(&keyring),
        hash_key: data.identity().hash_key,
        destinations: Arc::new(Embedded(Arc::downgrade(logstore))),
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
        keyring,
        warned: BTreeSet::new(),
    })
}

/// Applies what a reload has changed.
pub(super) fn reload(api: &Api, config: &Config) {
    // The configuration was checked, inventory and all, when it was read.
    if let Ok(inventory) = inventory(config) {
        let keyring = Arc::clone(&api.keyring);
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

/// The keys of the account and of its users.
pub(super) fn add_users(keyring: &mut Keyring, config: &Config) {
    for user in &config.user {
        // Its id is new here: the configuration has each once.
        drop(
            keyring.add_user(User {
                name: user.name.clone(),
                key: flowlog_access::AccessKey {
                    id: user.id.clone(),
                    secret: user.secret.clone(),
                },
                active: user.active,
                // The configuration was checked when it was read.
                policies: (user.policies.iter())
                    .filter_map(|text| serde_json::from_str(text).ok())
                    .collect(),
            }),
        );
    }
}

/// The embedded Logstore, as long as the daemon has it.
#[derive(Debug)]
struct Embedded(Weak<Logstore>);

impl Destinations for Embedded {
    fn has_project(&self, project: &str) -> bool {
        let logstore = self.0.upgrade();
        logstore.is_some_and(|it| it.project(project).is_some())
    }

    fn has_logstore(&self, project: &str, logstore: &str) -> bool {
        let it = self.0.upgrade();
        it.is_some_and(|it| it.logstore(project, logstore).is_some())
    }
}
