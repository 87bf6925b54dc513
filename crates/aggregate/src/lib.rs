//! Flow Records to rows per capture window and aging period: [`Aggregator`], and before it the
//! [`FlowMemory`], which turns totals into deltas.
//!
//! Promise: a function of the input alone. No I/O, no clock, no randomness, no order that depends
//! on a hasher; how often [`Aggregator::advance`] is called, saving and restoring, and the secret
//! under which tables are hashed change no row and no number. Every packet and octet that goes in
//! comes out once: in a row, or counted under a name in the [`FlowLogLedger`], which balances at
//! all times. Nothing panics, and everything that an Exporter can make it remember has a limit.
//! Layer 3 (pure); depends on `record` alone.
//!
//! # How it works
//! - A record is a running sum over time ([`Spread`]); its share of a window or period is a
//!   difference of two values, so the shares of any cut sum to the whole.
//! - A row is a cell of 64 octets (88 for IPv6) in a slab, found by key and window through an index
//!   of four octets and a tag a row. Rare things (fractional sampling, rules that changed, periods
//!   that wait beside a newer one) are kept beside the table.
//! - A batch takes three passes: hash all, touch all, then update, so that the memory of one row is
//!   on its way while the next is looked up.
//! - Windows end as lists of rows, periods by timers. Both are hints: a row says itself when it is
//!   due, and is asked again, so it leaves at its due time exactly, however often that moved.
//!
//! # Where the rules leave a choice
//! - *Goes on*: `start` is the window's start when the record itself began before it; `end` is the
//!   window's end when a record with a part in the row reaches past it.
//! - A part exists where packets or octets are not 0; only parts open periods, extend them, and
//!   bring flags. A record is counted (`records`) in the row of its last part.
//! - *Inactive* in a window: the period is over at `e_last + threshold` if that is before the
//!   window's end (at the same time the window comes first), and its row leaves when both that and
//!   `e_last + hold` have passed. The record that reaches furthest sets the threshold; of equals,
//!   the later. What is overdue when it comes is over when time goes on: records of one datagram
//!   meet.
//! - *Hold* of rows that aging ends inside a window is taken at the window's start; of rows that
//!   end with the window, at its end. `Ta` is taken at whole minutes, which windows end at.
//! - *The held period that covers it*: a period that is over and waits covers its interval; what
//!   none covers goes to the open period of its key and window (before its start too, without moving
//!   it), or begins a new one.
//! - *Late* rows leave at whole minutes of UTC. A window has left when `T ≥ end + hold`, whether it
//!   had rows or not; a part is dropped when more than `allowed_lateness` has passed since its end.
//! - The ends of periods of pure aging logs are remembered for 6060 to 12,120 s, and of the last
//!   half of the row limit at least.
//! - *Silent* is an Exporter without records: its period is over at the earlier of the threshold
//!   and `last heard + InactiveAging + Ta + 30 s`, with the `Ta` of the record. It can only be
//!   earlier when an active timeout of 450 s or more explained the record.
//! - *Sampling*: what came without a rate is scaled by the first rate that becomes known: of its
//!   sampler ([`Aggregator::learn_rates`]), else of another record in the row; what comes without
//!   one later, by its sampler's, else by that of the last record that had one.
//! - A record that ends more than a second after its arrival is moved with every time source:
//!   without this a wrong clock could keep rows for years.
//! - With one row per record the reason tells why the Exporter reported: *ended*, *active* (an
//!   active timeout) or *inactive*. An event leaves at once and is never late.
//! - Counters that would not fit 64 bits leave as a row with reason *cap*; the period goes on.
//! - `end` is the present at the latest in all rows that are *forced*, at the end of a replay too.
//! - Totals that are older than what is known of the flow, and no more in anything, came out of
//!   order: they count as *baseline*, not as a reset.

#![no_std]

extern crate alloc;

mod aggregator;
mod arrival;
mod cell;
mod ends;
mod exporters;
mod flow_log;
mod index;
mod key;
mod ledger;
mod measure;
mod memory;
mod nearer;
mod notice;
mod outlet;
mod rates;
mod rows;
mod rules;
mod slab;
mod split;
mod state;
mod table;
mod watch;
mod wheel;
mod windows;

pub use aggregator::Aggregator;
pub use arrival::Arrival;
pub use ledger::{Amount, FlowLogLedger};
pub use measure::TimeChanges;
pub use memory::FlowMemory;
pub use notice::{Coverage, Given, Loss, News, Notice, Summary};
pub use rules::{Aging, Hold, KeyLayout, Limits, Origin, Rules, TimeSource};
pub use split::{Counted, Spread};
pub use state::RestoreError;
