//! `[kafka.NAME]`: the Kafka clusters to which rows go.

use std::path::PathBuf;

use flowlog_access::Secret;
use flowlog_kafka::{Compression, Encoding, Mechanism, Sasl, Security, Settings, Tls, Topic};
use serde::{Deserialize, Serialize};

use super::Config;
use super::regions::secret_in;
use super::targets::masked;

/// A cluster, and which flow logs go there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cluster {
    /// Where the cluster is: `HOST:PORT`, several with commas between.
    pub brokers: String,
    /// The topic, or one for each flow log: `flow-logs.{flow_log}`.
    pub topic: String,
    /// The flow logs whose rows go there, by name or id; `*` is all. Default: all.
    #[serde(default = "all")]
    pub flow_logs: Vec<String>,
    /// How a row is written: `json`, `protobuf`. Default `json`.
    #[serde(default)]
    pub encoding: Form,
    /// How batches are compressed: `none`, `lz4`, `zstd`. Default `lz4`.
    #[serde(default)]
    pub compression: Packing,
    /// Makes each batch one transaction under this id, which no other instance may have. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transactional_id: Option<String>,
    /// Whether connections are TLS. Default `false`.
    #[serde(default)]
    pub tls: bool,
    /// Certificates that vouch for the brokers in place of the system's, PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<PathBuf>,
    /// The certificate with which we prove ourselves, PEM, and its key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<PathBuf>,
    /// See `certificate`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<PathBuf>,
    /// How the user shows that it knows the password: `plain`, `scram-sha-256`, `scram-sha-512`.
    #[serde(default)]
    pub sasl: Proof,
    /// The user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The password. Better in a file of its own (`secret_file`).
    #[serde(
        default,
        serialize_with = "masked",
        skip_serializing_if = "Option::is_none"
    )]
    pub secret: Option<Secret>,
    /// The file that holds the password, and nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_file: Option<PathBuf>,
}

/// How a row is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// An object.
    #[default]
    Json,
    /// A `FlowLogRow`.
    Protobuf,
}

/// How batches are compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Packing {
    /// Not at all.
    None,
    /// Fast.
    #[default]
    Lz4,
    /// Smaller, for more CPU.
    Zstd,
}

/// How a user shows that it knows the password.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Proof {
    /// There is no user.
    #[default]
    #[serde(rename = "plain")]
    Plain,
    /// Challenge and response with SHA-256.
    #[serde(rename = "scram-sha-256")]
    ScramSha256,
    /// Challenge and response with SHA-512.
    #[serde(rename = "scram-sha-512")]
    ScramSha512,
}

fn all() -> Vec<String> {
    vec!["*".to_owned()]
}

impl Cluster {
    /// Whether the rows of a flow log go there.
    pub fn takes(&self, flow_log: &str) -> bool {
        let mut named = self.flow_logs.iter();
        named.any(|name| name == "*" || *name == *flow_log)
    }
}

/// What producers need, secrets read.
///
/// # Errors
/// One sentence with key and remedy.
pub fn clusters(config: &Config) -> Result<Vec<(String, Settings)>, String> {
    let clusters = config.kafka.iter();
    clusters
        .map(|(name, cluster)| {
            let settings = settings(cluster);
            let settings = settings.map_err(|problem| format!("kafka.{name}.{problem}"))?;
            Ok((name.clone(), settings))
        })
        .collect()
}

fn settings(cluster: &Cluster) -> Result<Settings, String> {
    let topic = Topic::new(&cluster.topic).map_err(|problem| {
        format!("topic: {problem}; write a name, or one such as \"flow-logs.{{flow_log}}\"")
    })?;
    let mut settings = Settings::new(&*cluster.brokers, topic);
    settings.encoding = match cluster.encoding {
        Form::Json => Encoding::Json,
        Form::Protobuf => Encoding::Protobuf,
    };
    settings.compression = match cluster.compression {
        Packing::None => Compression::None,
        Packing::Lz4 => Compression::Lz4,
        Packing::Zstd => Compression::Zstd,
    };
    settings
        .transactional_id
        .clone_from(&cluster.transactional_id);
    settings.security = Security {
        tls: cluster.tls.then(|| Tls {
            authorities: cluster.ca.clone(),
            certificate: cluster.certificate.clone(),
            key: cluster.key.clone(),
            key_password: None,
        }),
        sasl: sasl(cluster)?,
    };
    Ok(settings)
}

fn sasl(cluster: &Cluster) -> Result<Option<Sasl>, String> {
    let Some(user) = &cluster.user else {
        return Ok(None);
    };
    let password = match (&cluster.secret, &cluster.secret_file) {
        (Some(secret), None) => secret.expose().to_owned(),
        (None, Some(path)) => {
            let secret = secret_in(path).map_err(|problem| format!("secret_file: {problem}"))?;
            secret.expose().to_owned()
        }
        (Some(_), Some(_)) => {
            return Err("secret_file: secret is written as well; write one of them".into());
        }
        (None, None) => {
            return Err("secret: no password; write secret = …, or secret_file = …".into());
        }
    };
    Ok(Some(Sasl {
        mechanism: match cluster.sasl {
            Proof::Plain => Mechanism::Plain,
            Proof::ScramSha256 => Mechanism::ScramSha256,
            Proof::ScramSha512 => Mechanism::ScramSha512,
        },
        user: user.clone(),
        password: flowlog_kafka::Secret::new(password),
    }))
}
