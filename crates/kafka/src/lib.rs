//! Rows of a flow log to a Kafka topic, by `librdkafka`, which nothing but this crate links.
//!
//! ```text
//!  typed rows ([`Rows`]) ──► [`Encoding`]: JSON | protobuf ──► bounded queue ──► broker ──► delivery report
//!                            key: the flow ([`FlowKey`])        full: waits                  for every row, or an error
//! ```
//!
//! - **Nothing is lost in silence**: [`Producer::deliver`] returns `Ok` when the cluster has confirmed
//!   every row, on as many replicas as it demands (`acks=all`). Rows that no cluster would ever take
//!   are counted ([`Delivered::rejected`]); everything else is a [`DeliveryError`] with a
//!   [`Disposition`]. Retrying is the caller's business.
//! - **Bounded**: rows wait in a queue of [`Settings::queue_rows`] and [`Settings::queue_octets`];
//!   a full queue holds the caller up. When `deliver` returns, nothing of its rows waits any more.
//! - **The same flow goes to the same partition**, in order.
//! - **Each row once**: the producer is idempotent, so that what it repeats by itself arrives once. What
//!   the caller repeats arrives again, with the same `row-id`. With [`Settings::transactional_id`] the
//!   rows of one `deliver` are one transaction: readers of committed rows see all of them or none,
//!   and a successor fences its predecessor. A process that dies when a transaction is complete,
//!   before its owner has made a note of it, still repeats those rows.
//!
//! Begin with [`Settings`], [`Producer::open`], [`Producer::check`] and [`Producer::deliver`]. The
//! schema of the protobuf encoding is `proto/flow_log_row.proto`, a derived reader of it is
//! [`FlowLogRow`]. Layer 7.
//!
//! # How a reader drops repetitions
//! `row-id` is `EPOCH-FLOWLOG-PARTITION-N`, and `N` counts up within the three before it. The rows of
//! one (epoch, flow log, partition) reach the topic in the order of `N`, but spread over the topic's
//! partitions by their flows. A reader of all of the topic's partitions keeps for each of the three
//! which `N` it has seen; one that reads a single topic partition needs only the greatest: `N`
//! rises there, but for repetitions, which begin again further down.

mod attempt;
mod check;
mod columns;
mod encoding;
mod error;
mod json;
mod key;
mod producer;
mod protobuf;
mod reports;
mod rows;
#[cfg(test)]
mod sample;
mod security;
mod settings;
mod texts;
mod topic;
mod transaction;

pub use check::{CheckError, Reachable};
pub use encoding::{Encoding, GroupEncoder};
pub use error::{DeliveryError, Disposition, OpenError, Problem};
pub use key::FlowKey;
pub use producer::{Delivered, Producer};
pub use protobuf::FlowLogRow;
pub use rows::Rows;
pub use security::{Mechanism, Sasl, Secret, Security, Tls};
pub use settings::{Compression, Settings};
pub use topic::{InvalidTopic, Topic};
