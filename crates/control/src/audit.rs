//! Who has changed what, or wanted to.

use std::fmt;

use flowlog_record::Timestamp;
use std::net::IpAddr;

/// A call that changes something, whatever came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audited {
    /// When.
    pub at: Timestamp,
    /// The id that its answer has.
    pub request_id: String,
    /// The user's name; `root` for the account itself.
    pub caller: String,
    /// The access key.
    pub access_key: String,
    /// From where.
    pub source: IpAddr,
    /// `vpc:CreateFlowLog`.
    pub action: String,
    /// The region, as it was sent.
    pub region: String,
    /// The flow log, if one is named, or was made.
    pub flow_log: String,
    /// What was asked for, as a JSON object.
    pub parameters: String,
    /// `Success`, or the code of the refusal.
    pub outcome: String,
}

/// Where audited calls go.
pub trait Audit: fmt::Debug + Send + Sync {
    /// Takes one, and returns when it is kept; what cannot be kept is said, not waited for.
    fn record(&self, call: Audited);
}
