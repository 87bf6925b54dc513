//! Flow Records to rows per capture window and aging period.

#![no_std]

extern crate alloc;
