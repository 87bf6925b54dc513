//! The real Log Service, or whoever speaks its protocol: `PutLogs` over HTTP and HTTPS.

mod answer;
mod client;
mod encode;
mod endpoint;
mod target;

use std::path::PathBuf;

use flowlog_access::{AccessKey, Secret};

pub use client::{SlsClient, SlsError};
pub use endpoint::{Endpoint, InvalidEndpoint};
pub(crate) use target::{Parcels, SlsTarget};

/// A region of the real service.
#[derive(Clone, Debug)]
pub struct SlsRegion {
    /// Its name, as signatures of version 4 have it.
    pub name: String,
    /// Where it is reached.
    pub endpoint: Endpoint,
    /// Who writes.
    pub key: AccessKey,
    /// What comes with a temporary key.
    pub token: Option<Secret>,
    /// How requests are signed.
    pub signature: Signature,
    /// Which columns rows have there.
    pub columns: Columns,
    /// How rows find their shard.
    pub routing: Routing,
    /// The certificates that vouch for the service, in PEM, instead of the system's.
    pub ca: Option<PathBuf>,
}

/// How requests are signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Signature {
    /// HMAC-SHA1.
    V1,
    /// HMAC-SHA256.
    #[default]
    V4,
}

/// Which columns rows have at the service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Columns {
    /// Those that the service documents, and further Information Elements of the flow log.
    #[default]
    Documented,
    /// Those, and our own behind them.
    All,
}

/// How rows find their shard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Routing {
    /// Rows of one flow log and partition go to one shard, in their order.
    #[default]
    Key,
    /// The service chooses.
    Balanced,
}
