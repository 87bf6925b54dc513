//! The embedded Logstore: one log, one format, one way to ask.
//!
//! ```text
//!            append (a batch of typed rows)          query (search | SQL)      HTTP (GetLogs)
//!               │                                          │                      │
//!               ▼ one writer, one sync for many            ▼                      ▼
//!           journal ──► head in memory ──────────────► chunks: head and row groups as one
//!                          │ full or old                   ▲
//!                          ▼ sealer                        │
//!                       Parquet segment ───────────────────┘──► any other Parquet reader
//! ```
//!
//! - **What is acknowledged is on disk**: a [`Receipt`] comes after the journal's sync. It can be
//!   asked for at once, before it is in a segment.
//! - **Exactly once**: rows that carry numbers ([`batch::Origin`]) are stored once, however often
//!   they are sent and wherever the process dies.
//! - **What comes back is what was sent**: a typed value in its one writing, a client's value to the
//!   octet, keys in their order.
//! - **Everything has a limit** ([`Settings`]): memory, disk, time and room of queries; what is
//!   refused or deleted is counted ([`Stats`]).
//!
//! Begin with [`Logstore`]: [`Logstore::open`], [`Logstore::ensure_logstore`],
//! [`Logstore::append`], [`Logstore::query`]; [`serve`] is the HTTP side. The log does not know what
//! a flow is. Layer 5.
//!
//! # On disk
//! `metadata.sqlite` holds Projects, Logstores, indexes, segments with their checksums, and how far
//! the rows of each origin are stored. A shard is the directory `PROJECT/LOGSTORE/ID`, with
//! `journal/` and `FIRST-NEXT.parquet` for each segment, named by its cursors; `*.unreadable` is what
//! was set aside. The transaction that names a segment is the moment at which its rows leave the
//! journal: a death before it leaves a file that is removed at the next start, a death behind it a
//! journal that is freed then.
//!
//! # Not done yet
//! `PutLogs`, cursors, shards beyond the first, histograms and consumer
//! groups have their place in the format, but no operation.

pub mod batch;
mod chunk;
mod error;
mod histogram;
mod http;
mod metadata;
mod query;
#[cfg(test)]
mod sample;
mod segment;
mod settings;
mod shard;
mod sql;
mod stats;
mod store;
mod topics;

pub use error::{AppendError, ManageError, OpenError, Refused};
pub use http::{Understood, serve, understand};
pub use settings::{Clock, Compression, QueryLimits, Settings};
pub use stats::Stats;
pub use store::{
    Appended, Logstore, LogstoreInfo, NewLogstore, ProjectInfo, Receipt, Recovered, ShardInfo,
};
