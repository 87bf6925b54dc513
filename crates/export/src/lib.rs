//! The way back: rows of a flow log to messages of NetFlow V5, V9 and IPFIX, for another collector.
//!
//! Promise: no I/O, no clock, no panic; a pure function of its inputs in their order, and nothing is
//! allocated per record. What a version cannot say is counted by [`NotCarried`] and [`Narrowed`],
//! never left out in silence. Sockets, connections, cursors and the list of collectors that are
//! allowed are for whoever sends. Layer 4.
//!
//! Begin with [`ExportingProcess`]: it takes [`Record`]s and lends [`Message`]s. [`Settings`] say
//! what it speaks.
//!
//! # Counters and sampling
//!
//! What is sent is `packets` and `bytes` of a row: the counters after scaling. The message says that
//! its sampling is 1 in 1 (the header of V5, options data of V9 and IPFIX), so that a collector that
//! applies rates leaves the counters alone, and one that does not reads the same sums: those of the
//! row. The raw counters with their rate would be right in the first collector alone, and there only
//! where the rate is a whole number and one holds for all of the row: a row whose records had several
//! has none, and the scaled counters of records were rounded one by one. The rate of the original
//! Exporter is therefore not sent, in no element: collectors multiply by whatever they find.
//!
//! # Numbers
//!
//! V5 numbers Flow Records, V9 messages, IPFIX data records, those of options among them (RFC 7011
//! §3.1). `nfcapd` counts those of flows alone and notes one sequence error after each refresh; it
//! loses nothing.
//!
//! # What stands where
//!
//! | | V5 | V9 | IPFIX |
//! |---|---|---|---|
//! | addresses | IPv4 | 8, 12, 27, 28; an absent one has no field | as V9 |
//! | ports, protocol | yes | 7, 11, 4 | as V9 |
//! | packets, octets | 32 bits; more is split over records | 2, 1 in 64 bits | as V9 |
//! | first, last | by `SysUptime` | 22, 21 by `SysUptime` | 152, 153 |
//! | original Exporter | no place | 130 or 131 | as V9 |
//! | direction | no place | 61: 0 in, 1 out; an unknown one has no field | as V9 |
//! | action | no place | 89: 64 accept, 128 reject | as V9 |
//! | TCP flags, class of service | 8 bits | 6, 5 in 8 bits | as V9 (RFC 7125 §3) |
//! | interfaces, AS numbers | 16 bits | 10, 14, 16, 17 in 32 bits | as V9 |
//!
//! The last three lines and the action are there if the rows carry them ([`Carries`]). Of ICMP the
//! destination port is `type · 256 + code`, as in rows. Events, rows without packets and octets, are
//! records with zero counters; V5 has none.

#![no_std]

extern crate alloc;

mod boot;
mod elements;
mod layout;
mod netflow5;
mod process;
mod record;
mod settings;
mod shape;
mod state;
mod tally;
mod templated;
mod templates;

pub use netflow5::MOST_PIECES;
pub use process::{ExportingProcess, Message};
pub use record::Record;
pub use settings::{Carries, MessageLimit, Protocol, Refresh, Settings};
pub use state::RestoreError;
pub use tally::{Narrowed, NotCarried, Sums, Tally};
