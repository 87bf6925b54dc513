//! The protocol of Simple Log Service: addressing, signatures, queries, errors.
//!
//! Promise: no I/O, no clock, no randomness, no panic; time is an argument. What strangers send is
//! bounded before it is understood. JSON text, compression and connections are the edge's.
//! Layer 1.
//!
//! A server begins with [`Endpoints`] (whose project?), [`signature::authenticate`] (who asks?) and
//! [`Error`] (what else to answer), then [`query::Query`] over an [`index::IndexConfig`]; a client
//! with [`signature::sign_v4`].

#![no_std]

extern crate alloc;

mod address;
pub mod assignment;
mod cursor;
mod error;
mod hash_key;
mod headers;
pub mod index;
mod json;
pub mod limits;
pub mod log_group;
mod logs;
pub mod operation;
mod parameters;
pub mod query;
pub mod signature;

pub use flowlog_access::{date, percent};

pub use address::{Endpoints, Target};
pub use cursor::{Cursor, CursorFrom};
pub use error::{Error, ErrorBody, ErrorCode};
pub use hash_key::{HashKey, KeyRange};
pub use headers::{Compression, Headers};
pub use json::{Json, at_path};
pub use logs::{
    ContextResponse, GetLogsMeta, GetLogsRequest, GetLogsResponse, Histogram, HistogramRequest,
    LogRow, Progress, Term, TimeRange,
};
pub use operation::Operation;
pub use parameters::Parameters;
