//! See `capture::capture`.
#![no_main]

#[path = "../bodies/capture.rs"]
mod capture;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| capture::capture(octets));
