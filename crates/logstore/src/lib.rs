//! The embedded Logstore: one log, one format, one way to ask.
//!
//! ```text
//!      HTTP: PutLogs    append (a batch of typed rows)     query (search | SQL)    HTTP: GetLogs
//!             │            │                               │                      │
//!             └────────────▼ one writer, one sync for many ▼                      ▼
//!           journal ──► head in memory ──────────────► chunks: head and row groups as one
//!                          │ full or old                   ▲
//!                          ▼ sealer                        │
//!                       Parquet segment ───────────────────┘──► any other Parquet reader
//!                          │ LogGroup by LogGroup, by cursor; only what is on disk
//!                          ▼
//!                  HTTP: PullLogs, consumer groups
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
//! [`Logstore::append`], [`Logstore::query`]; [`serve`] is the HTTP side, with the operations of
//! Simple Log Service ([`flowlog_sls::Operation`]). The log does not know what a flow is. Layer 5.
//!
//! # Shards
//! A Logstore has one or more; each takes a range of keys. What a client writes goes to the shard of
//! its key, or to each in turn; rows with an origin go to the one that has the first key. A shard
//! that is split or merged takes nothing more and can be read until it is deleted; the new ones know
//! which rows with an origin the old ones have.
//!
//! # How long a write takes
//! A write is acknowledged after the next sync. The writer syncs when it has taken all that waited,
//! so that a lone writer waits for one sync, and many share one. Nothing is held back to gather more
//! unless [`Settings::sync_delay`] says so.
//!
//! # Memory
//! Rows that are not in segments yet: [`Settings::memory`]. Bodies of requests and what becomes of
//! them, and answers to pulls until they are sent: [`Settings::requests`]. Queries:
//! [`QueryLimits`].
//!
//! # On disk
//! `metadata.sqlite` holds Projects, Logstores, indexes, shards, segments with their checksums, how
//! far the rows of each origin are stored, consumer groups and their checkpoints. A shard is the directory `PROJECT/LOGSTORE/ID`, with
//! `journal/` and `FIRST-NEXT.parquet` for each segment, named by its cursors; `*.unreadable` is what
//! was set aside. The transaction that names a segment is the moment at which its rows leave the
//! journal: a death before it leaves a file that is removed at the next start, a death behind it a
//! journal that is freed then.
//!
//! # As it is here
//! `PullLogs` takes a `query`: a search, or a search and conditions, `* | where status = '200'`; keys
//! need no index. `PutLogs` by key takes a `seqid`: a number that is not greater than the last one
//! under the key is refused with `InvalidSequenceId`; a shard remembers the 1024 keys that were used
//! last. A shard of a Logstore with `autoSplit` is split when clients have written more than 5 MiB a
//! second to it for a minute, until `maxSplitShard` take something. `GetContextLogs` follows the tag `__pack_id__`; a search `… | with_pack_meta` shows the
//! `__pack_meta__` that it asks for.
//!
//! # Not done yet
//! Pulling with a stored `processor` is answered with `NotSupported`. `Category` and `MachineUUID` of
//! a LogGroup are not kept.

pub mod batch;
mod chunk;
mod distinct;
mod error;
mod filter;
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

pub use error::{AppendError, ManageError, OpenError, ReadError, Refused};
pub use http::{Access, Keys, Understood, serve, understand};
pub use settings::{Clock, Compression, QueryLimits, Settings};
pub use stats::Stats;
pub use store::{
    Appended, Backlog, Logstore, LogstoreInfo, NewLogstore, ProjectInfo, ReadGroup, ReadGroups,
    Readable, Receipt, Recovered, SPOOL, ShardInfo,
};
