//! See `bodies::differential`.
#![no_main]

#[path = "../bodies.rs"]
mod bodies;
#[path = "../mutator.rs"]
mod mutator;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| bodies::differential(octets));

libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutator::mutate(data, size, max_size, seed, 0)
});
