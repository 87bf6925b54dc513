//! A hash for integers that were made here.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

/// A hash of small integers, keyed by a number of its own.
#[derive(Clone, Copy)]
pub(super) struct Mix(u64);

impl Mix {
    pub(super) fn new() -> Self {
        Self(RandomState::new().hash_one(0))
    }

    /// The hash of some numbers.
    pub(super) fn of(self, words: &[u64]) -> u64 {
        let mut state = self;
        for word in words {
            state.write_u64(*word);
        }
        state.finish()
    }
}

impl BuildHasher for Mix {
    type Hasher = Self;

    fn build_hasher(&self) -> Self {
        *self
    }
}

impl Hasher for Mix {
    fn write(&mut self, octets: &[u8]) {
        for octet in octets {
            self.write_u64(u64::from(*octet));
        }
    }

    fn write_u64(&mut self, value: u64) {
        let product = u128::from(value ^ self.0) * u128::from(0x9e37_79b9_7f4a_7c15_u64);
        let high = u64::try_from(product >> 64).unwrap_or(0);
        let low = u64::try_from(product & u128::from(u64::MAX)).unwrap_or(0);
        self.0 = (high ^ low).rotate_left(23);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
