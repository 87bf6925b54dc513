//! Simulated Exporters: seeded traffic through a flow cache, impairments, hostile octets.
//!
//! Promise: no I/O, no clock, no threads; the same configuration gives the same octets for ever
//! (the random numbers are this crate's own). What was sent is told in numbers, so that the far
//! side can be checked. Beside the layers: the binary, tests and benches use it.
//!
//! Begin with [`Fleet`]: Exporters that export what a real cache would, polled with a virtual
//! clock. [`Blaster`] makes datagrams of one size as fast as it can. [`Hostile`] breaks them.

#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod blast;
mod clock;
mod config;
mod encode;
mod exporter;
mod fleet;
mod flow;
mod hostile;
mod network;
#[cfg(test)]
mod reader;
mod rng;
mod stream;
mod tally;
mod traffic;

pub use blast::Blaster;
pub use config::{
    Export, FleetConfig, Impairments, InvalidConfig, TimeEncoding, Timeouts, Traffic,
};
pub use encode::blast_fields;
pub use fleet::{Datagram, Fleet};
pub use hostile::Hostile;
pub use rng::Rng;
pub use tally::{Counts, Tally};
