//! The vocabulary of flowlogd: what an Exporter, an Information Element, a Flow Record and a row are.
//!
//! Promise: plain values. No I/O, no clock, no threads, no panic; nothing here decides anything.
//! Layer 0: every other crate may depend on this one, and it depends on none.
//!
//! Begin with [`FlowRecord`] (what a datagram says of one flow) and [`Row`] (what a flow log
//! delivers of it).

#![no_std]

extern crate alloc;

mod address;
mod element;
mod exporter;
mod flow;
mod hashing;
mod row;
mod sampling;
mod timeout;
mod timestamp;

pub use address::Address;
pub use element::{
    AbstractDataType, Element, EnterpriseNumber, InformationElementId, element, element_named,
};
pub use exporter::{ExporterId, ExporterProfile, ObservationDomain, SamplingOverride, Version};
pub use flow::{Fields, FlowDetail, FlowRecord};
pub use hashing::HashKey;
pub use row::{
    Action, Direction, Distribution, FlowKey, FlowLogIndex, LogStatus, Placed, Present, Reason,
    ResourceIndex, Row, RowSampling,
};
pub use sampling::Sampling;
pub use timeout::{ACTIVE_TIMEOUTS_MS, ActiveTimeout};
pub use timestamp::{Timestamp, Window};
