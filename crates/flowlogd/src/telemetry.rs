//! What the daemon says of itself: metrics, health, messages.
//!
//! Crates count in plain structs; this module publishes the counts under the names of
//! [`metrics`], and serves them with the state of health over HTTP ([`server`]). Messages go to
//! standard error as text or JSON ([`log`]); what hostile input can provoke passes a
//! [`WarningLimiter`] first.

mod limiter;
pub mod log;
pub mod metrics;
mod publisher;
mod readiness;
pub mod server;

pub use limiter::{Verdict, WarningLimiter};
pub use publisher::Publisher;
pub use readiness::{Readiness, State};
