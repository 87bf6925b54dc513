//! The nonces of signed requests, so that none counts twice.
//!
//! A nonce is remembered until a request with its time is too old anyway, as eight octets of a keyed
//! digest. The memory is bounded: when it is full of nonces that still matter, a new one is refused
//! rather than an old one forgotten, for a forgotten one could be replayed. Only who has a key can
//! fill it.

#[cfg(test)]
mod tests;

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use flowlog_record::{HashKey, Timestamp};
use sha2::{Digest, Sha256};

/// How far the times of requests may lie from ours, either way: 15 minutes, in milliseconds.
pub const FRESHNESS_MS: i64 = 15 * 60 * 1000;

/// Nonces are forgotten a minute at a time.
const BIN_MS: i64 = 60_000;

/// Why a nonce does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NonceRefused {
    /// It was there already.
    Used,
    /// There is no room for another one until some are old enough to be forgotten.
    Full,
}

/// A nonce that was remembered, for who keeps it over a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownNonce {
    /// Its digest under the key.
    pub digest: u64,
    /// The minute since 1970 in which it may be forgotten.
    pub until: i64,
}

/// The nonces that still matter.
#[derive(Clone, Debug)]
pub struct Nonces {
    key: HashKey,
    most: usize,
    known: BTreeSet<u64>,
    /// By the minute in which they may be forgotten.
    bins: BTreeMap<i64, Vec<u64>>,
}

impl Nonces {
    /// At most `most` at a time, digested under `key`.
    pub const fn new(key: HashKey, most: usize) -> Self {
        Self {
            key,
            most,
            known: BTreeSet::new(),
            bins: BTreeMap::new(),
        }
    }

    /// Remembers the nonce of a request whose signature is good: `of` is the access key id, `at` the
    /// request's time, which is fresh.
    ///
    /// # Errors
    /// [`NonceRefused`]; nothing is remembered then.
    pub fn remember(
        &mut self,
        of: &str,
        nonce: &str,
        at: Timestamp,
        now: Timestamp,
    ) -> Result<KnownNonce, NonceRefused> {
        self.forget(now);
        let digest = self.digest(of, nonce);
        if self.known.contains(&digest) {
            return Err(NonceRefused::Used);
        }
        if self.known.len() >= self.most {
            return Err(NonceRefused::Full);
        }
        let until = at.plus(FRESHNESS_MS).millis().div_euclid(BIN_MS) + 1;
        let nonce = KnownNonce { digest, until };
        self.restore(nonce);
        Ok(nonce)
    }

    /// Remembers one that was known before a restart, under the same key.
    pub fn restore(&mut self, nonce: KnownNonce) {
        if self.known.insert(nonce.digest) {
            self.bins.entry(nonce.until).or_default().push(nonce.digest);
        }
    }

    /// How many are remembered.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    fn forget(&mut self, now: Timestamp) {
        let minute = now.millis().div_euclid(BIN_MS);
        while let Some(first) = self.bins.first_entry() {
            if *first.key() > minute {
                return;
            }
            for digest in first.remove() {
                self.known.remove(&digest);
            }
        }
    }

    fn digest(&self, of: &str, nonce: &str) -> u64 {
        let mut hash = Sha256::new();
        for word in self.key.0 {
            hash.update(word.to_be_bytes());
        }
        // The length tells where one ends and the other begins.
        hash.update(of.len().to_be_bytes());
        hash.update(of.as_bytes());
        hash.update(nonce.as_bytes());
        let octets: [u8; 32] = hash.finalize().into();
        let first = octets.first_chunk().copied().unwrap_or_default();
        u64::from_be_bytes(first)
    }
}
