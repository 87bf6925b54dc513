//! What a flow log is: inventory, definitions, match table and row layouts.

#![no_std]

extern crate alloc;
