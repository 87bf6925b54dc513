//! The keys that are known here.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use flowlog_record::Timestamp;
use subtle::{Choice, ConstantTimeEq};

use crate::policy::{self, Attempt, Decision, Policy};
use crate::{AccessKey, AccessKeyId, SecurityToken};

/// Two keys of a ring have the same id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DuplicateAccessKeyId(pub AccessKeyId);

impl fmt::Display for DuplicateAccessKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "access key id {} is there twice", self.0)
    }
}

impl core::error::Error for DuplicateAccessKeyId {}

/// A key that counts only together with a token, and perhaps only for a time.
#[derive(Clone, Debug)]
pub struct TemporaryKey {
    /// The key.
    pub key: AccessKey,
    /// What a request must show beside the signature.
    pub token: SecurityToken,
    /// When it counts no more; `None`: never.
    pub expires: Option<Timestamp>,
}

/// A user of the account: a key with the rights that its policies give.
#[derive(Clone, Debug)]
pub struct User {
    /// The user's name.
    pub name: String,
    /// The user's key.
    pub key: AccessKey,
    /// Whether the key counts.
    pub active: bool,
    /// What it may do; without any, nothing.
    pub policies: Vec<Policy>,
}

/// Who a key is.
#[derive(Clone, Copy, Debug)]
pub enum Principal<'k> {
    /// The account itself: may do everything.
    Account,
    /// A user of it.
    User(&'k User),
}

impl Principal<'_> {
    /// Whether it may do that.
    pub fn decide(&self, attempt: &Attempt<'_>) -> Decision {
        match self {
            Self::Account => Decision::Allowed,
            Self::User(user) => policy::decide(&user.policies, attempt),
        }
    }

    /// The user's name; of the account, none.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Account => None,
            Self::User(user) => Some(&user.name),
        }
    }
}

/// Why a key does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyRefused {
    /// There is no key of this id.
    Unknown,
    /// The key is switched off.
    Inactive,
    /// The key needs a token, and the request shows none, or another.
    Token,
    /// Its time has run out.
    Expired,
}

/// The account's own keys: at least one; several while one replaces another. Temporary ones and
/// those of users beside them.
#[derive(Clone, Debug)]
pub struct Keyring {
    root: AccessKey,
    further: Vec<AccessKey>,
    temporary: Vec<TemporaryKey>,
    users: Vec<User>,
}

impl Keyring {
    /// A ring with one key.
    pub const fn new(root: AccessKey) -> Self {
        Self {
            root,
            further: Vec::new(),
            temporary: Vec::new(),
            users: Vec::new(),
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

    /// Adds a key that counts only together with its token.
    ///
    /// # Errors
    /// [`DuplicateAccessKeyId`] when the ring has a key of this id.
    pub fn add_temporary(&mut self, key: TemporaryKey) -> Result<(), DuplicateAccessKeyId> {
        if self.find(key.key.id.as_str()).is_some() {
            return Err(DuplicateAccessKeyId(key.key.id));
        }
        self.temporary.push(key);
        Ok(())
    }

    /// Adds a user.
    ///
    /// # Errors
    /// [`DuplicateAccessKeyId`] when the ring has a key of this id.
    pub fn add_user(&mut self, user: User) -> Result<(), DuplicateAccessKeyId> {
        if self.find(user.key.id.as_str()).is_some() {
            return Err(DuplicateAccessKeyId(user.key.id));
        }
        self.users.push(user);
        Ok(())
    }

    /// Who has the key of this id: a user, or else the account.
    pub fn principal(&self, id: &AccessKeyId) -> Principal<'_> {
        let user = self.users.iter().find(|user| user.key.id == *id);
        user.map_or(Principal::Account, Principal::User)
    }

    /// Forgets the temporary keys that count no more.
    pub fn expire(&mut self, now: Timestamp) {
        self.temporary.retain(|key| !key.has_expired(now));
    }

    /// The first key: the one that the program's own commands sign with.
    pub const fn root(&self) -> &AccessKey {
        &self.root
    }

    /// The key of this id. Every key is compared, in constant time for ids of equal length.
    pub fn find(&self, id: &str) -> Option<&AccessKey> {
        let mut found = None;
        let temporary = self.temporary.iter().map(|temporary| &temporary.key);
        let all = core::iter::once(&self.root).chain(&self.further);
        let users = self.users.iter().map(|user| &user.key);
        for key in all.chain(temporary).chain(users) {
            let equal: Choice = key.id.as_str().as_bytes().ct_eq(id.as_bytes());
            if bool::from(equal) {
                found = Some(key);
            }
        }
        found
    }

    /// The key of this id, if it counts now for a request that shows `token`. A token beside a key
    /// that needs none does not matter: the secret says who it is.
    ///
    /// # Errors
    /// [`KeyRefused`] says why it does not count.
    pub fn check(
        &self,
        id: &str,
        token: Option<&str>,
        now: Timestamp,
    ) -> Result<&AccessKey, KeyRefused> {
        let key = self.find(id).ok_or(KeyRefused::Unknown)?;
        if let Principal::User(User { active: false, .. }) = self.principal(&key.id) {
            return Err(KeyRefused::Inactive);
        }
        let temporary = self.temporary.iter().find(|known| known.key.id == key.id);
        match temporary {
            Some(known) if !token.is_some_and(|token| known.token.is(token)) => {
                Err(KeyRefused::Token)
            }
            Some(known) if known.has_expired(now) => Err(KeyRefused::Expired),
            _ => Ok(key),
        }
    }
}

impl TemporaryKey {
    fn has_expired(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }
}

#[cfg(test)]
mod tests;
