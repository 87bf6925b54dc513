//! The configuration: what can be chosen, its defaults, where it comes from, and what is wrong
//! with it.
//!
//! Sources, each over the one before: the defaults of the types, a TOML file, the environment
//! (`FLOWLOGD_COLLECT__LISTEN=…`), `--set key=value`, flags of the command. A key that is not
//! known is an error. Every error names where the value came from, key, value and remedy.
//!
//! The doc comment of a field says its effect, its default, its cost and who should change it;
//! `config/flowlogd.toml` says the same to users and is tested against these types.

mod certificate;
mod clusters;
mod error;
mod key;
mod path;
mod quantity;
mod regions;
mod reload;
mod sections;
mod sources;
mod targets;
mod tree;
mod validation;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::PathBuf;

use flowlog_access::AccessKey;
use flowlog_flowlog::{Definition, Resource};
use serde::{Deserialize, Serialize};

pub use certificate::{certificate, renew};
pub use clusters::{Cluster, clusters};
pub use error::{ConfigError, Origin};
pub use key::{Expiry, Key, Token};
pub use quantity::{Octets, Span};
pub use regions::regions;
pub use reload::{Changes, changes, reloaded};
pub use sections::{
    Collect, Control, Limits, Log, LogFormat, LogLevel, Logstore, ResourceMode, Telemetry, Tls,
    User,
};
pub use sources::Sources;
pub use targets::{Columns, Region, Routing, Signature, Sink, Sls};

/// Everything that can be chosen. [`Config::default`] is what holds without any configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The directory with everything the daemon keeps: rows, keys, state. Default
    /// `flowlogd-data`, in the working directory. A service should have its own place, on the disk
    /// that is meant for rows.
    pub data: PathBuf,
    /// The account that owns all resources and flow logs; 16 digits. Default
    /// `1000000000000001`. Change it where rows must carry a real account id.
    pub account: String,
    /// The regions that exist. Default `cn-hangzhou` and `cn-shanghai`; the first is where a
    /// project lies that no region claims. Name those that your tools ask for.
    pub regions: Vec<String>,
    /// How datagrams are received.
    pub collect: Collect,
    /// What may be remembered.
    pub limits: Limits,
    /// The control API.
    pub control: Control,
    /// The embedded Logstore.
    pub logstore: Logstore,
    /// Rows on their way to targets elsewhere.
    pub sink: Sink,
    /// What the regions are.
    #[serde(skip_serializing_if = "Sls::is_empty")]
    pub sls: Sls,
    /// The Kafka clusters to which rows go, by name. Default: none.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub kafka: BTreeMap<String, Cluster>,
    /// Certificate and key of both interfaces.
    pub tls: Tls,
    /// Metrics and health.
    pub telemetry: Telemetry,
    /// The daemon's own messages.
    pub log: Log,
    /// The account's own access keys, with every right. Default: none, and one is generated into
    /// the data directory on the first start.
    pub access_key: Vec<Key>,
    /// Users with keys and policies of their own. Default: none.
    pub user: Vec<User>,
    /// The inventory: what is where. Default: nothing beside `sag-default`, which is every
    /// Exporter that no other resource claims.
    pub resource: Vec<Resource>,
    /// Flow logs that exist without the API. Default: `default`, which writes the rows of
    /// `sag-default` every minute. The first one given replaces it.
    pub flow_log: Vec<Definition>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data: "flowlogd-data".into(),
            account: "1000000000000001".into(),
            regions: vec!["cn-hangzhou".into(), "cn-shanghai".into()],
            collect: Collect::default(),
            limits: Limits::default(),
            control: Control::default(),
            logstore: Logstore::default(),
            sink: Sink::default(),
            sls: Sls::default(),
            kafka: BTreeMap::new(),
            tls: Tls::default(),
            telemetry: Telemetry::default(),
            log: Log::default(),
            access_key: Vec::new(),
            user: Vec::new(),
            resource: Vec::new(),
            flow_log: sections::built_in_flow_logs(),
        }
    }
}

impl Config {
    /// The configuration as TOML, secrets masked, every key that has a value.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).unwrap_or_default()
    }

    /// The keys of the account itself that always count, in the order in which they are written.
    pub fn root_keys(&self) -> impl Iterator<Item = &AccessKey> {
        let own = self.access_key.iter();
        own.filter(|key| key.security_token.is_none())
            .map(|key| &key.key)
    }

    /// The region of a project that no region claims: the first one.
    pub fn home_region(&self) -> &str {
        self.regions.first().map_or("cn-hangzhou", String::as_str)
    }
}
