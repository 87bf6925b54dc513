//! The sections of the configuration, with the defaults of each beside its fields.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use flowlog_access::{AccessKeyId, Secret};
use flowlog_flowlog::{ActiveAging, CaptureWindow, Definition, FlowLogId, InactiveAging};
use flowlog_http::TlsFiles;
use flowlog_record::Window;
use serde::{Deserialize, Serialize, Serializer};

use super::{Octets, Span};

/// What stands in the place of a secret wherever a configuration is printed.
pub(super) const MASK: &str = "********";

/// `[collect]`: how datagrams are received.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Collect {
    /// UDP addresses on which NetFlow V5, V9 and IPFIX are received; `[::]` is both families.
    /// Default `[::]:9995`. Add those that your Exporters send to (2055, 4739).
    pub listen: Vec<SocketAddr>,
    /// Threads that receive and aggregate; 0 is one per core. Default 0. Rows do not depend on
    /// it. Lower it where the machine has other work.
    pub workers: u16,
    /// What the kernel may queue per socket while a worker is busy. Default `32MiB`. More survives
    /// longer bursts and takes kernel memory; the kernel's own limit (`net.core.rmem_max`) may
    /// hold less, which is said at the start.
    pub receive_buffer: Octets,
    /// Datagrams taken from the kernel at once, 1 to 1024. Default 64. Change it only with a
    /// measurement.
    pub receive_batch: u16,
}

impl Default for Collect {
    fn default() -> Self {
        Self {
            listen: vec![SocketAddr::from((Ipv6Addr::UNSPECIFIED, 9995))],
            workers: 0,
            receive_buffer: Octets(32 << 20),
            receive_batch: 64,
        }
    }
}

/// `[limits]`: what strangers can make the daemon remember. Exporters hash to 64 partitions, each of
/// which decides by what it holds itself; so it has a share of each limit that leaves room for an
/// uneven spread, and all together may hold more, up to `memory`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Exporters remembered; a partition that has twice its share (and 16 more) forgets the one
    /// silent for longest. Default 16,384. Raise it for networks with more routers than that.
    pub exporters: u32,
    /// Templates remembered per Exporter. Default 1024, some 100 KiB. Raise it for Exporters with
    /// thousands of Observation Domains.
    pub templates: u32,
    /// Rows under way; one partition, and so one Exporter, may have a quarter of them. Beyond
    /// 90 % of that its oldest leave early, reason `cap`. Default 4,000,000, at some 100 octets
    /// each. The first thing to raise on a large machine.
    pub live_flows: u32,
    /// Memory of the process beyond which datagrams are shed and counted. Default `2GiB`. Set it
    /// to what the machine can spare.
    pub memory: Octets,
    /// Memory that is taken and touched at the start, so that the rows of the first windows find
    /// it: new pages are dear, and wanted while datagrams come in. Default `48MiB`, enough for some
    /// 100,000 rows a minute; of it no more than half of `memory`. `0MiB` on a machine that has none to spare.
    pub reserve: Octets,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            exporters: 16_384,
            templates: 1024,
            live_flows: 4_000_000,
            memory: Octets(2 << 30),
            reserve: Octets(48 << 20),
        }
    }
}

/// `[control]`: the control API of the three products.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of its own")]
#[serde(deny_unknown_fields, default)]
pub struct Control {
    /// The TCP address of the control API. Default `127.0.0.1:9081`, this machine alone. Open it
    /// with a certificate (`tls`), or behind something that speaks TLS, and say so with `plain_http`.
    pub listen: SocketAddr,
    /// Whether it may be reached from other machines without TLS. Default `false`: an address
    /// beyond this machine is then refused. Signatures keep requests from being changed, not from
    /// being read.
    pub plain_http: bool,
    /// What becomes of a flow log on a resource that is not in the inventory: `open` accepts it, and
    /// it matches nothing until the resource is there; `strict` refuses it. Default `open`.
    pub resources: ResourceMode,
    /// Whether the project and the Logstore of a flow log are made where they are absent. Default
    /// `true`; otherwise they must be there.
    pub create_logstores: bool,
    /// How many VPC flow logs there may be. Default 10, as the service has it.
    pub vpc_quota: u16,
    /// How many CEN flow logs there may be. Default 100.
    pub cen_quota: u16,
    /// How many SAG flow logs there may be. Default 100.
    pub sag_quota: u16,
    /// Whether VPC flow logs may ask for single traffic paths. Default `true`.
    pub custom_traffic_paths: bool,
    /// Whether VPC flow logs may be `DualStack`. Default `true`.
    pub dual_stack: bool,
    /// Whether VPC flow logs can be made. Default `true`.
    pub flow_log_service: bool,
    /// Whether VPC flow logs are locked as those of an account in arrears: shown, not changed.
    /// Default `false`.
    pub locked: bool,
    /// Calls of one operation within a minute; 0 is without a limit. Default 0. The service has
    /// 600.
    pub calls_per_minute: u32,
}

/// What becomes of flow logs on resources that are not in the inventory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ResourceMode {
    /// They are accepted.
    #[default]
    Open,
    /// They are refused.
    Strict,
}

impl Default for Control {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 9081)),
            plain_http: false,
            resources: ResourceMode::default(),
            create_logstores: true,
            vpc_quota: 10,
            cen_quota: 100,
            sag_quota: 100,
            custom_traffic_paths: true,
            dual_stack: true,
            flow_log_service: true,
            locked: false,
            calls_per_minute: 0,
        }
    }
}

/// `[logstore]`: the embedded Logstore.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Logstore {
    /// The TCP address of the Logstore's API. Default `127.0.0.1:9082`, this machine alone. Open
    /// it with a certificate (`tls`), or behind something that speaks TLS.
    pub listen: SocketAddr,
    /// Names under which clients reach it: they ask for `PROJECT.NAME`. Default `localhost`.
    /// Add the names that clients on other machines use.
    pub endpoints: Vec<String>,
    /// Rows are sealed into a Parquet segment when so much of them is in memory, 1 MiB to 1 GiB.
    /// Default `64MiB`. More makes fewer and better compressed segments, and a longer start after
    /// a crash.
    pub seal_size: Octets,
    /// Rows are sealed when the first of them is so old. Default `5m`. Less lets other programs
    /// see them in the segments sooner, at the price of more and smaller ones.
    pub seal_after: Span,
    /// How long a sync may wait for more writers that it could serve, up to `1s`. Default `0s`: a
    /// write is acknowledged as soon as the disk has it. Raise it where very many clients write a
    /// little each and the disk is slow to sync.
    pub sync_delay: Span,
    /// What segments and journals may take of the disk; beyond it the oldest rows are deleted and
    /// counted. 0 is the disk's own limit. Default `0`. Set it where the disk has other users.
    pub disk_budget: Octets,
    /// Days for which rows of flow logs are kept, 1 to 3650; 3650 is for ever. Default 30.
    pub retention_days: u16,
    /// How long one query may take. Default `30s`.
    pub query_timeout: Span,
    /// Memory of all queries together. Default `512MiB`.
    pub query_memory: Octets,
    /// Queries that run at the same time; further ones are refused. Default 4.
    pub concurrent_queries: u16,
}

impl Default for Logstore {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 9082)),
            endpoints: vec!["localhost".into()],
            seal_size: Octets(64 << 20),
            seal_after: Span::from_seconds(300),
            sync_delay: Span::from_seconds(0),
            disk_budget: Octets(0),
            retention_days: 30,
            query_timeout: Span::from_seconds(30),
            query_memory: Octets(512 << 20),
            concurrent_queries: 4,
        }
    }
}

/// `[tls]`: what the control API and the Logstore prove themselves with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tls {
    /// The file of the certificate, PEM, behind it those that vouch for it. Default `""`: there is
    /// none, and both speak plain HTTP. With one they speak TLS alone. A reload reads the file
    /// again.
    pub certificate: PathBuf,
    /// The file of its private key, PEM. Only the daemon should be able to read it. A reload reads
    /// the file again.
    pub key: PathBuf,
}

impl Tls {
    /// Where certificate and key are, if there are any.
    pub fn files(&self) -> Option<TlsFiles> {
        let wanted = !self.certificate.as_os_str().is_empty();
        wanted.then(|| TlsFiles {
            certificate: self.certificate.clone(),
            key: self.key.clone(),
        })
    }
}

/// `[telemetry]`: metrics, health, the console.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Telemetry {
    /// The TCP address of `/metrics`, `/healthz` and `/readyz`. Default `127.0.0.1:9080`. Open it
    /// to the network of your Prometheus.
    pub listen: SocketAddr,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 9080)),
        }
    }
}

/// `[log]`: the daemon's own messages, on standard error.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// The least important messages that are written. Default `info`. `debug` and `trace` are for
    /// searching an error.
    pub level: LogLevel,
    /// Text for people or JSON for programs. Default `text`.
    pub format: LogFormat,
}

/// How important a message is; the greater level writes more of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are those of tracing")]
pub enum LogLevel {
    Error,
    Warn,
    #[default]
    Info,
    Debug,
    Trace,
}

/// What a message looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One line of text.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}

/// `[[user]]`: a user with a key and policies of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// The user's name, unique.
    pub name: String,
    /// The id of the user's access key.
    pub id: AccessKeyId,
    /// Its secret.
    #[serde(serialize_with = "masked")]
    pub secret: Secret,
    /// Whether the key counts. Default `true`.
    #[serde(default = "yes")]
    pub active: bool,
    /// RAM policies as JSON text; none allows nothing. Default: none.
    #[serde(default)]
    pub policies: Vec<String>,
}

const fn yes() -> bool {
    true
}

fn masked<S: Serializer>(_: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(MASK)
}

/// What exists without any `[[flow_log]]`: the rows of unclaimed Exporters, every minute.
pub(super) fn built_in_flow_logs() -> Vec<Definition> {
    let name = FlowLogId::new("default").into_iter();
    name.map(|name| Definition {
        window: Some(CaptureWindow::Of(Window::OneMinute)),
        active_aging: ActiveAging::from_seconds(300).ok(),
        inactive_aging: InactiveAging::from_seconds(15).ok(),
        ..Definition::new(name)
    })
    .collect()
}
