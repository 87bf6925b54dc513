//! The keys that are known here.

use alloc::vec::Vec;
use core::fmt;

use subtle::{Choice, ConstantTimeEq};

use crate::{AccessKey, AccessKeyId};

/// Two keys of a ring have the same id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DuplicateAccessKeyId(pub AccessKeyId);

impl fmt::Display for DuplicateAccessKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "access key id {} is there twice", self.0)
    }
}

impl core::error::Error for DuplicateAccessKeyId {}

/// The account's own keys: at least one; several while one replaces another.
#[derive(Clone, Debug)]
pub struct Keyring {
    root: AccessKey,
    further: Vec<AccessKey>,
}

impl Keyring {
    /// A ring with one key.
    pub const fn new(root: AccessKey) -> Self {
        Self {
            root,
            further: Vec::new(),
        }
    }

    /// Adds a key with the same rights.
    ///
    /// # Errors
    /// [`DuplicateAccessKeyId`] when the ring has a key of this id.
    pub fn add(&mut self, key: AccessKey) -> Result<(), DuplicateAccessKeyId> {
        if self.find(key.id.as_str()).is_some() {
            return Err(DuplicateAccessKeyId(key.id));
        }
        self.further.push(key);
        Ok(())
    }

    /// The first key: the one that the program's own commands sign with.
    pub const fn root(&self) -> &AccessKey {
        &self.root
    }

    /// The key of this id. Every key is compared, in constant time for ids of equal length.
    pub fn find(&self, id: &str) -> Option<&AccessKey> {
        let mut found = None;
        for key in core::iter::once(&self.root).chain(&self.further) {
            let equal: Choice = key.id.as_str().as_bytes().ct_eq(id.as_bytes());
            if bool::from(equal) {
                found = Some(key);
            }
        }
        found
    }
}

#[cfg(test)]
mod tests;
