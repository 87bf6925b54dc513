//! Flow Records to rows per capture window and aging period.

#![no_std]

extern crate alloc;

mod aggregator;
mod cell;
mod ends;
mod exporters;
mod flow_log;
mod key;
mod ledger;
mod measure;
mod memory;
mod outlet;
mod rates;
mod rows;
mod rules;
mod slab;
mod split;
mod state;
mod table;
mod wheel;
mod windows;

pub use aggregator::Aggregator;
pub use ledger::{Amount, FlowLogLedger};
pub use measure::TimeChanges;
pub use memory::FlowMemory;
pub use rules::{Aging, Hold, KeyLayout, Limits, Origin, Rules, TimeSource};
pub use split::{Counted, Spread};
pub use state::RestoreError;
