//! The manual: how the house stands, how to run it, and why it is as it is.
//!
//! It is written here so that its links are checked: what it names exists. What a key of the
//! configuration means stands beside that key ([`crate::config`]), what a command does in its
//! `--help`, and what a row means in [`flowlog_aggregate`] and [`flowlog_flowlog`].
//!
//! - [`architecture`]: the way of a datagram, who owns what, what may depend on what.
//! - [`operations`]: ports, files, sizes, warnings, alarms, backups, and what is lost when.
//! - [`decisions`]: what was decided where the standards and the requirements leave a choice.

#[doc = include_str!("manual/architecture.md")]
pub mod architecture {}

#[doc = include_str!("manual/operations.md")]
pub mod operations {}

#[doc = include_str!("manual/decisions.md")]
pub mod decisions {}
