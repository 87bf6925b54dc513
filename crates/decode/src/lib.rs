//! Templates compiled to plans; datagrams to Flow Records; clocks, sampling, sequence.

#![no_std]

extern crate alloc;
