//! Where rows go beside the embedded Logstore: the real Log Service, and what may wait for a target.

use std::collections::BTreeMap;
use std::path::PathBuf;

use flowlog_access::{AccessKeyId, Secret};
use flowlog_flowlog::Prefix;
use serde::{Deserialize, Serialize, Serializer};

use super::sections::MASK;
use super::{Octets, Span};

/// `[sink]`: rows on their way to targets elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sink {
    /// What may wait on disk for one target of one flow log; beyond it the oldest rows are given up
    /// for that target, counted. Default `10GiB`. Set it to what the disk can spare for an outage.
    pub max_backlog: Octets,
    /// How old rows may become that wait for a target; older ones are given up. Default `6d`: the
    /// real service takes none that are older than 7 days.
    pub max_backlog_age: Span,
    /// How long a stop may wait for what has been read to arrive. Default `10s`. What has not
    /// arrived then is sent after the next start.
    pub drain: Span,
    /// Prefixes in which the NetFlow collectors lie that the control API may name. Default: private
    /// addresses, this machine, and others that are not reached over the Internet. Those of the
    /// configuration may lie anywhere.
    pub netflow_allow: Vec<Prefix>,
}

impl Default for Sink {
    fn default() -> Self {
        let private = [
            "10.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "100.64.0.0/10",
            "169.254.0.0/16",
            "127.0.0.0/8",
            "192.0.2.0/24",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "fc00::/7",
            "fe80::/10",
            "::1/128",
            "2001:db8::/32",
        ];
        Self {
            max_backlog: Octets(10 << 30),
            max_backlog_age: Span::from_seconds(6 * 86_400),
            drain: Span::from_seconds(10),
            netflow_allow: private.iter().filter_map(|it| it.parse().ok()).collect(),
        }
    }
}

/// `[sls]`: what the regions are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sls {
    /// The regions whose Projects lie in the real service, by name. Default: none, every region is
    /// the embedded Logstore.
    pub region: BTreeMap<String, Region>,
}

/// `[sls.region.<id>]`: a region of the real service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Region {
    /// Where it is reached: `https://cn-hangzhou.log.aliyuncs.com`.
    pub endpoint: String,
    /// The id of the access key that writes there.
    pub id: AccessKeyId,
    /// Its secret. Better in a file of its own (`secret_file`).
    #[serde(
        default,
        serialize_with = "masked",
        skip_serializing_if = "Option::is_none"
    )]
    pub secret: Option<Secret>,
    /// The file that holds the secret, and nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_file: Option<PathBuf>,
    /// What comes with a temporary key. Default: nothing.
    #[serde(
        default,
        serialize_with = "masked",
        skip_serializing_if = "Option::is_none"
    )]
    pub security_token: Option<Secret>,
    /// How requests are signed: `v4` or `v1`. Default `v4`.
    #[serde(default)]
    pub signature: Signature,
    /// Which columns rows have there: `documented`, or `all`, our own behind them; a reader needs
    /// `row-id` of those to drop repetitions. Default `documented`.
    #[serde(default)]
    pub columns: Columns,
    /// How rows find their shard: `key` keeps those of one flow log and partition together and in
    /// order, `balanced` lets the service choose. Default `key`.
    #[serde(default)]
    pub routing: Routing,
    /// A file of certificates, PEM, that vouch for the service in place of the system's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<PathBuf>,
}

/// How requests are signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are those of the service")]
pub enum Signature {
    V1,
    #[default]
    V4,
}

/// Which columns rows have at the service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Columns {
    /// Those that the service documents.
    #[default]
    Documented,
    /// Our own behind them.
    All,
}

/// How rows find their shard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Routing {
    /// By a key of flow log and partition.
    #[default]
    Key,
    /// As the service likes.
    Balanced,
}

impl Sls {
    /// Whether every region is the embedded Logstore.
    pub fn is_empty(&self) -> bool {
        self.region.is_empty()
    }
}

#[expect(clippy::ref_option, reason = "as serde calls it")]
pub(super) fn masked<S: Serializer>(_: &Option<Secret>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(MASK)
}
