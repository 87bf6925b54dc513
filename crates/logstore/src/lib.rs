//! The embedded Logstore: durable ingest, Parquet segments, search and SQL, HTTP.

pub mod batch;
mod chunk;
mod error;
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

pub use error::{AppendError, ManageError, OpenError, Refused};
pub use http::serve;
pub use settings::{Clock, Compression, QueryLimits, Settings};
pub use stats::Stats;
pub use store::{Appended, Logstore, LogstoreInfo, NewLogstore, ProjectInfo, Receipt, Recovered};
