//! What the suites share: where the captures are, and how the daemon is started and stopped.

#[path = "captures/cases.rs"]
pub mod captures;

#[path = "daemon.rs"]
pub mod daemon;
