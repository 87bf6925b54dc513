//! What the fuzz targets do with their octets: one function a target, shared with the replay of the
//! corpora in `tests/fuzz_corpora.rs`. Each panics when a promise is broken, and takes any octets.
//!
//! `capture` stands apart: it needs the binary's library, which only the replay always has.

#![allow(dead_code, unused_imports, reason = "each target uses one of these")]

#[path = "bodies/differential.rs"]
mod differential;
#[path = "bodies/emission.rs"]
mod emission;
#[path = "bodies/generations.rs"]
mod generations;
#[path = "bodies/http.rs"]
mod http;
#[path = "bodies/journal.rs"]
mod journal;
#[path = "bodies/partition.rs"]
mod partition;
#[path = "bodies/rpc.rs"]
mod rpc;
#[path = "bodies/script.rs"]
mod script;
#[path = "bodies/sls.rs"]
mod sls;
#[path = "bodies/wire.rs"]
mod wire;

pub use differential::differential;
pub use emission::emit_parse;
pub use http::http_request;
pub use journal::journal_recovery;
pub use partition::{partition, saved_state};
pub use rpc::{policy, rpc_request};
pub use sls::{log_group, search_query};
pub use wire::{wire_ipfix, wire_v5, wire_v9};
