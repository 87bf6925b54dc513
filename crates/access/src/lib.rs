//! Who may do what: access keys.

#![no_std]

extern crate alloc;
