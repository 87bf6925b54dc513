//! Who may do what: access keys and the ring that holds them.
//!
//! Promise: plain values; no I/O, no clock, no randomness, no panic. A [`Secret`] shows itself only
//! to who asks for it by name ([`Secret::expose`]), a [`SecurityToken`] to nobody; neither `Debug` nor
//! an error prints them.
//! Layer 1: used by the protocol crates (`sls`) and by both HTTP interfaces.
//!
//! Begin with [`AccessKey`] and [`Keyring`].

#![no_std]

extern crate alloc;

mod key;
mod keyring;

pub use key::{AccessKey, AccessKeyId, InvalidCredential, Secret, SecurityToken};
pub use keyring::{DuplicateAccessKeyId, KeyRefused, Keyring, TemporaryKey};
