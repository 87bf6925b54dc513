//! Octets to and from messages, Sets and records of NetFlow V5, V9 and IPFIX.
//!
//! Promise: no state, no I/O, no panic on any octets; views borrow, and nothing is allocated
//! while reading. A view checks lengths once, its accessors cannot fail; an iterator is finished
//! after an error. Layer 1.
//!
//! Begin with [`message_version`], then the `Message` of that version: [`netflow5::Message`],
//! [`netflow9::Message`], [`ipfix::Message`]. The latter two hand out the same [`Sets`], whose
//! [`Set`]s hand out [`TemplateRecord`]s; what data records mean is for whoever keeps Templates.
//! [`emit`] is the way back.

#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod emit;
mod field;
pub mod ipfix;
pub mod lists;
mod malformed;
pub mod netflow5;
pub mod netflow9;
mod sets;
mod template;
mod variable;
mod version;

pub use field::{FieldSpecifier, TemplateId, VARIABLE_LENGTH};
pub use malformed::{Malformed, Problem};
pub use sets::{Set, SetKind, Sets};
pub use template::{FieldSpecifiers, FieldSpecifiersIter, TemplateRecord, TemplateRecords};
pub use variable::variable_length;
pub use version::message_version;

#[cfg(test)]
mod tests;
