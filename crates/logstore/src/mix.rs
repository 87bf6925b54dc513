//! A fast hash of short octets and small integers, keyed anew by every table so that nobody can choose
//! values that meet in one place.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

/// The hash, and what begins it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mix(u64);

impl Mix {
    pub(crate) fn new() -> Self {
        Self(RandomState::new().hash_one(0))
    }

    /// The hash of some numbers.
    pub(crate) fn of(self, words: &[u64]) -> u64 {
        let mut state = self;
        for word in words {
            state.write_u64(*word);
        }
        state.finish()
    }

    /// The hash of some octets.
    pub(crate) fn of_octets(self, octets: &[u8]) -> u64 {
        let mut state = self;
        state.write(octets);
        state.finish()
    }
}

impl Default for Mix {
    fn default() -> Self {
        Self::new()
    }
}

impl BuildHasher for Mix {
    type Hasher = Self;

    fn build_hasher(&self) -> Self {
        *self
    }
}

impl Hasher for Mix {
    #[inline]
    fn write(&mut self, octets: &[u8]) {
        let (words, rest) = octets.as_chunks::<8>();
        for word in words {
            self.write_u64(u64::from_le_bytes(*word));
        }
        // The length tells apart what is padded.
        let mut last = u64::try_from(octets.len()).unwrap_or(u64::MAX) << 56;
        for (place, octet) in rest.iter().enumerate() {
            last |= u64::from(*octet) << (8 * place);
        }
        self.write_u64(last);
    }

    #[inline]
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
