//! What a changed configuration can change while the daemon runs.

use std::collections::BTreeSet;

use toml::Table;

use super::{Config, Control, tree};

/// Keys that are applied by a reload; every other needs a restart.
pub(super) const RELOADABLE: &[&str] = &[
    "access_key",
    "control.calls_per_minute",
    "control.cen_quota",
    "control.create_logstores",
    "control.custom_traffic_paths",
    "control.dual_stack",
    "control.flow_log_service",
    "control.locked",
    "control.resources",
    "control.sag_quota",
    "control.vpc_quota",
    "flow_log",
    "limits.memory",
    "log.level",
    "logstore.retention_days",
    "regions",
    "resource",
    "tls.certificate",
    "tls.key",
    "user",
];

/// What holds after a reload: the values of `next` where that can be, those of `now` elsewhere.
pub fn reloaded(now: &Config, next: Config) -> Config {
    let mut config = now.clone();
    config.access_key = next.access_key;
    config.user = next.user;
    config.control = Control {
        listen: now.control.listen,
        plain_http: now.control.plain_http,
        ..next.control
    };
    config.flow_log = next.flow_log;
    config.limits.memory = next.limits.memory;
    config.log.level = next.log.level;
    config.logstore.retention_days = next.logstore.retention_days;
    config.regions = next.regions;
    config.resource = next.resource;
    // Listeners that have none do not begin to speak TLS.
    if now.tls.files().is_some() && next.tls.files().is_some() {
        config.tls = next.tls;
    }
    config
}

/// What differs between two configurations, as keys in alphabetical order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// What a reload applies.
    pub applied: Vec<String>,
    /// What holds only after a restart.
    pub needs_restart: Vec<String>,
}

impl Changes {
    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.applied.is_empty() && self.needs_restart.is_empty()
    }
}

/// Compares the configuration that holds with the one that was read.
pub fn changes(now: &Config, next: &Config) -> Changes {
    let mut keys = BTreeSet::new();
    differing("", &tree::of(now), &tree::of(next), &mut keys);
    // masked where they are written, so equal there
    if now.access_key != next.access_key {
        keys.insert("access_key".to_owned());
    }
    if now.user != next.user {
        keys.insert("user".to_owned());
    }
    if now.kafka != next.kafka {
        keys.retain(|key| !key.starts_with("kafka."));
        keys.insert("kafka".to_owned());
    }
    if now.sls != next.sls {
        keys.retain(|key| !key.starts_with("sls."));
        keys.insert("sls".to_owned());
    }
    let begins_or_ends = now.tls.files().is_some() != next.tls.files().is_some();
    let (applied, needs_restart) = keys.into_iter().partition(|key| {
        RELOADABLE.contains(&key.as_str()) && !(begins_or_ends && key.starts_with("tls."))
    });
    Changes {
        applied,
        needs_restart,
    }
}

/// The keys whose values differ; lists are one value.
fn differing(prefix: &str, now: &Table, next: &Table, keys: &mut BTreeSet<String>) {
    for key in now.keys().chain(next.keys()) {
        let path = format!("{prefix}{key}");
        match (now.get(key), next.get(key)) {
            (Some(toml::Value::Table(now)), Some(toml::Value::Table(next))) => {
                differing(&format!("{path}."), now, next, keys);
            }
            (now, next) if now == next => {}
            _ => {
                keys.insert(path);
            }
        }
    }
}
