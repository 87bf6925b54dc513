//! UDP sockets, receive batches, source-steered socket groups, the clock.
//!
//! The left edge: it hands out datagrams with the time at which the kernel received them, and does
//! not know what a flow is. Layer 4.
//!
//! - [`bind`] opens the sockets and says how it went ([`Report`], [`BindError`]): one [`Receiver`]
//!   per worker.
//! - [`Receiver::receive`] takes up to 64 datagrams with one system call, without allocating.
//! - [`partition_of`] says to which partition an Exporter belongs. The kernel computes the same
//!   (`steer`), so that a datagram reaches the worker that owns its partition, from the first on.
//! - [`Receiver::nap`] says how long to leave the kernel alone, so that batches are worth taking.
//! - [`HugePages`] gives large tables the pages that they are quickly read in.
//! - [`Clock`] turns the kernel's timestamps into a time that neither jumps unsaid nor goes back.
//!
//! Unsafe code is in `sys` alone. Linux only.

mod bind;
mod clock;
mod error;
mod group;
mod pace;
mod partition;
mod receive;
mod report;
mod steer;
mod sys;
mod wake;

pub use bind::{Bound, Settings, bind};
pub use clock::{Clock, ClockStep};
pub use error::BindError;
pub use partition::{DEFAULT_PARTITIONS, partition_of, worker_of};
pub use receive::{BATCH, Datagram, Datagrams, Received, Receiver};
pub use report::{Listener, ReceiveBuffer, Report, Steering};
pub use sys::pages::HugePages;
pub use wake::Waker;
