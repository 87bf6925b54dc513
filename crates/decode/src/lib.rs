//! Templates compiled to plans; datagrams to Flow Records; options, sampling, sequence, clocks.
//!
//! A Template is interpreted once, when it arrives; what comes of it, a plan, is executed over
//! batches of records. Promise: deterministic, no I/O, no clock, no panic on any octets; on the
//! way of a datagram whose Templates are known nothing is allocated, and everything that an
//! Exporter makes it remember has a limit. Layer 2.
//!
//! Begin with [`Decoder::decode`], [`Visitor`] (what a datagram is told to) and [`Batch`] (Flow
//! Records, and the way back to their octets).

#![no_std]

extern crate alloc;

mod batch;
mod clock;
mod decoder;
mod detail;
mod duplicates;
mod durations;
mod elements;
mod exporter;
mod exporters;
mod hash;
mod header;
mod layout;
mod moment;
mod netflow5;
mod normalized;
mod outcome;
mod park;
mod passage;
mod plan;
mod restart;
mod sampling;
mod sequence;
mod session;
mod settings;
mod settle;
mod state;
mod template;
#[cfg(test)]
mod testing;
mod value;
mod visitor;

pub use batch::{Batch, RawRecord};
pub use decoder::Decoder;
pub use exporter::{Exporter, ExporterStats, TimeCounts};
pub use header::Header;
pub use layout::Values;
pub use normalized::{Inner, Normalized};
pub use outcome::{Decoded, Outcome, Refusal, SetCounts};
pub use plan::BATCH;
pub use sampling::{KnownRates, SamplingSource};
pub use settings::{Limits, Settings};
pub use state::RestoreError;
pub use value::{FieldName, List, ListEntry, ListKind, NamedValue, Renderer, Value};
pub use visitor::{
    OptionsRecord, SetEvent, SetKind, TemplateChange, TemplateEvent, Visitor, Withdrawal,
};
