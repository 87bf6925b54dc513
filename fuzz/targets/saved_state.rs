//! See `bodies::saved_state`.
#![no_main]

#[path = "../bodies.rs"]
mod bodies;
#[path = "../mutator.rs"]
mod mutator;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| bodies::saved_state(octets));

libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let damage = data.first().map_or(0, |length| usize::from(*length));
    mutator::mutate(data, size, max_size, seed, 3 + damage)
});
