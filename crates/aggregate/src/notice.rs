//! What a partition says of the resources that a flow log watches, window by window: the window
//! summaries from which `pipeline::merger` makes the rows `NODATA` and `SKIPDATA`.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;

use flowlog_record::{FlowLogIndex, ResourceIndex, Timestamp};
use serde::{Deserialize, Serialize};

/// The resources that a flow log covers, each with those that it is part of: traffic of a network
/// interface is traffic of its vSwitch and its VPC.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage(pub BTreeMap<ResourceIndex, Box<[ResourceIndex]>>);

/// Something that a partition says, in the order of pipeline time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Pipeline time at which it is said.
    pub at: Timestamp,
    /// The flow log.
    pub flow_log: FlowLogIndex,
    /// The resource.
    pub resource: ResourceIndex,
    /// What is said.
    pub news: News,
}

/// What is said of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum News {
    /// It has reported here: this partition gives a summary of every window from this start on.
    Watched {
        /// The start of the first of these windows.
        from: Timestamp,
    },
    /// It had something in a window of which this partition gives no summary, or has given it.
    Seen {
        /// The start of the window.
        window: Timestamp,
        /// When no partition waits for this window any more.
        until: Timestamp,
    },
    /// What there was in a window.
    Summary(Summary),
    /// This partition gives no more summaries of it; all that it owed are given.
    Unwatched,
}

/// What one partition has to say of a resource in one window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// The start of the window.
    pub window: Timestamp,
    /// Its end.
    pub end: Timestamp,
    /// Whether the resource had anything in it.
    pub seen: bool,
    /// Whether data of its Exporters were lost, damaged or shed in it.
    pub touched: bool,
    /// How many records that may have been, by sequence numbers.
    pub lost_records: u64,
    /// When it was given.
    pub given: Given,
}

/// When the summary of a window was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Given {
    /// When it was due.
    Due,
    /// Behind the end of the window, because the flow log or the input came to its end.
    Forced,
    /// Before the window was over, for the same reason.
    Unfinished,
}

/// What a datagram tells of others that did not come, or that it is damaged itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loss {
    /// What is missing, in the unit of the sequence number.
    pub missed: u64,
    /// The same in data records, as far as it can be estimated.
    pub missed_records: u64,
    /// What was missing and came late, in the unit of the sequence number.
    pub found: u64,
    /// The same in data records.
    pub found_records: u64,
    /// Something was malformed, shed, or dropped by the kernel: how much, nobody knows.
    pub is_damaged: bool,
}

impl Loss {
    /// Something was lost that nobody can count, or that sequence numbers will count.
    pub const DAMAGE: Self = Self {
        missed: 0,
        missed_records: 0,
        found: 0,
        found_records: 0,
        is_damaged: true,
    };

    /// Whether there is nothing to tell.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}
