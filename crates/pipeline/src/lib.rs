//! One partition: the hot path, whole, in one place, with its ledger and its saved state.
//!
//! Promise: no I/O, no clock, no threads, no panic; a pure function of its inputs in their order.
//! Nothing is allocated per datagram on the warm path. Layer 4.
//!
//! Begin with [`Partition`]; [`Generation`] is what it works by, [`Ledger`] what it owes. [`Merger`]
//! stands behind all partitions and makes the rows that none of them can make alone.

#![no_std]

extern crate alloc;

mod blocks;
mod copies;
mod extras;
mod generation;
mod ledger;
mod merger;
mod partition;
mod settings;
mod state;

pub use blocks::RowBlocks;
pub use generation::{Generation, rules};
pub use ledger::{Datagrams, Ledger, Sets};
pub use merger::Merger;
pub use partition::Partition;
pub use settings::Settings;
pub use state::RestoreError;
