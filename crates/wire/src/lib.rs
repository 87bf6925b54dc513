//! Octets to and from messages, Sets and records of NetFlow V5, V9 and IPFIX.
//!
//! Promise: no state, no I/O, no panic on any octets; views borrow, and nothing is allocated
//! while reading. A view checks lengths once, its accessors cannot fail. Layer 1.

#![no_std]

extern crate alloc;

mod field;
mod malformed;

pub use field::{FieldSpecifier, TemplateId, VARIABLE_LENGTH};
pub use malformed::{Malformed, Problem};
