//! Targets that read the Logstore: rows wait on disk, in order, and arrive when the target does.
//!
//! ```text
//!    Logstore's log ──cursor──► window ──► shipment ──► attempt ──► target
//!         ▲                       ▲  one of a lane at a time  │
//!         │ position              └────── came back ◄─────────┤ trouble: the pace says when
//!         └──────────── everything before it has arrived ◄────┘
//! ```
//!
//! - A **stream** brings the rows of one flow log to one target ([`Spec`]). It reads the Logstore in
//!   which the rows are anyway, or a spool that nobody else sees ([`flowlog_logstore::SPOOL`]).
//! - **Every row arrives, at least once**, under the id that it has: how far a stream has come is
//!   remembered behind what has arrived; after a death the rows between are sent again. Rows of one
//!   (epoch, flow log, partition) arrive in the order of their numbers, so that a reader drops
//!   repetitions with one number for each.
//! - **Trouble is the target's alone**: it costs a window of rows in memory, and what waits on disk
//!   has a bound in octets and age ([`MostBacklog`]), beyond which the oldest is given up for that
//!   target, counted and said. Nobody else waits.
//! - What to do about trouble is a pure value: [`DeliveryError::disposition`], [`Pace`].
//!
//! Targets are the real Log Service, a Kafka topic ([`flowlog_kafka`]), and other NetFlow collectors.
//! Begin with [`Sink`]. It does not know what a datagram is. Layer 8.

mod book;
mod error;
mod figures;
mod kafka;
mod lane;
mod netflow;
mod pace;
#[cfg(test)]
mod sample;
mod sink;
mod sls;
mod source;
mod spec;
mod stream;
mod target;
mod window;

pub use error::{Class, DeliveryError, Disposition};
pub use figures::Figures;
pub use lane::Lane;
pub use netflow::{Collector, Layout, OwnSockets, Speech};
pub use pace::Pace;
pub use sink::{SetError, Settings, Sink, SinkError, Watcher, try_target};
pub use sls::{
    Columns, Endpoint, InvalidEndpoint, Routing, Signature, SlsClient, SlsError, SlsRegion,
};
pub use spec::{Destination, MostBacklog, Spec};
