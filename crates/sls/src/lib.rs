//! The protocol of Simple Log Service: addressing, signatures, queries, errors.

#![no_std]

extern crate alloc;
