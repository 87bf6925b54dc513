//! One partition: the hot path, whole, with its ledger and its saved state.

#![no_std]

extern crate alloc;
