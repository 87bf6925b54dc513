//! Who may do what: access keys, the signatures of the RPC API, nonces, RAM policies.
//!
//! Promise: plain values; no I/O, no clock, no randomness, no panic. A [`Secret`] shows itself only
//! to who asks for it by name ([`Secret::expose`]), a [`SecurityToken`] to nobody; neither `Debug` nor
//! an error prints them.
//! Layer 1: used by the protocol crates (`sls`) and by both HTTP interfaces.
//!
//! Begin with [`AccessKey`] and [`Keyring`]; [`rpc`] tells who signed a request of the RPC API,
//! [`policy`] what that one may do.

#![no_std]

extern crate alloc;

pub mod date;
mod key;
mod keyring;
mod nonces;
pub mod percent;
pub mod policy;
pub mod rpc;

pub use key::{AccessKey, AccessKeyId, InvalidCredential, Secret, SecurityToken};
pub use keyring::{DuplicateAccessKeyId, KeyRefused, Keyring, Principal, TemporaryKey, User};
pub use nonces::{FRESHNESS_MS, KnownNonce, NonceRefused, Nonces};
