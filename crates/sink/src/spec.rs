//! What streams there are: each brings the rows of one flow log to one target.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::netflow::Collector;

/// What a stream reads, and where that goes. No secret is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spec {
    /// The flow log.
    pub flow_log: Arc<str>,
    /// The Project that it reads.
    pub project: Arc<str>,
    /// The Logstore that it reads; other flow logs may write there too.
    pub logstore: Arc<str>,
    /// Where the rows go.
    pub to: Destination,
}

/// Where the rows of a stream go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Destination {
    /// A Logstore of the real service.
    Sls {
        /// The region, whose endpoint and key are the configuration's.
        region: String,
        /// The Project there.
        project: String,
        /// The Logstore there.
        logstore: String,
    },
    /// Another NetFlow collector.
    Netflow(Collector),
    /// A topic of a Kafka cluster.
    Kafka {
        /// The cluster, which the configuration describes.
        cluster: String,
    },
}

/// How much may wait for one target. What is beyond is given up, the oldest first, for that target
/// alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MostBacklog {
    /// Octets in the Logstore that it reads.
    pub octets: u64,
    /// How long ago the oldest row was received.
    pub age: Duration,
}

impl Spec {
    /// What tells it from all others.
    pub fn name(&self) -> String {
        format!("{}@{}/{}", self.line(), self.project, self.logstore)
    }

    /// The flow log and its target, wherever it is read: the rows of one line arrive in order.
    pub(crate) fn line(&self) -> String {
        match &self.to {
            Destination::Kafka { cluster } => format!("kafka/{cluster}:{}", self.flow_log),
            to => format!("{}:{}", to.kind(), self.flow_log),
        }
    }
}

impl Destination {
    /// The kind of target, as metrics have it.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Sls { .. } => "sls",
            Self::Netflow(_) => "netflow",
            Self::Kafka { .. } => "kafka",
        }
    }
}
