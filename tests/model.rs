//! Aggregation beside a slow model of it, over whole streams of datagrams.
//!
//! The model is a literal reading of what a row means: ordered maps, sums in 128 bits, every rule in
//! the plainest way, nothing shared with the crates it is held against. A stream is a list of plain
//! records; real datagrams are made of it for the pipeline, the records themselves go to the model,
//! and the rows of both must be the same.

#![allow(
    dead_code,
    reason = "options and reverse elements have no scenario yet"
)]

#[path = "model/check.rs"]
mod check;
#[path = "model/collector.rs"]
mod collector;
#[path = "model/counters.rs"]
mod counters;
#[path = "model/encode.rs"]
mod encode;
#[path = "model/flow.rs"]
mod flow;
#[path = "model/flow_log.rs"]
mod flow_log;
#[path = "model/known.rs"]
mod known;
#[path = "model/properties.rs"]
mod properties;
#[path = "model/real.rs"]
mod real;
#[path = "model/row.rs"]
mod row;
#[path = "model/scenarios.rs"]
mod scenarios;
#[path = "model/script.rs"]
mod script;
#[path = "model/split.rs"]
mod split;
#[path = "model/strategies.rs"]
mod strategies;
#[path = "model/stream.rs"]
mod stream;
#[path = "model/times.rs"]
mod times;
