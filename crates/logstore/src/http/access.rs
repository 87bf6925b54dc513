//! Whether who asks may do what it asks for: users by their policies, the account everything.

use std::sync::{Arc, PoisonError, RwLock};

use flowlog_access::policy::{Attempt, Circumstances, Decision};
use flowlog_access::{AccessKeyId, Keyring, Principal};
use flowlog_http::Peer;
use flowlog_record::Timestamp;
use flowlog_sls::{Error, ErrorCode};

use super::request::Asked;

/// The keys that count; its clones share them, and they can be exchanged while requests are
/// answered.
#[derive(Clone, Debug)]
pub struct Keys(Arc<RwLock<Arc<Keyring>>>);

impl Keys {
    /// These, for a beginning.
    pub fn new(keyring: Arc<Keyring>) -> Self {
        Self(Arc::new(RwLock::new(keyring)))
    }

    /// Those that count now.
    pub fn current(&self) -> Arc<Keyring> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// These count for the requests that come from now on.
    pub fn replace(&self, keyring: Arc<Keyring>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = keyring;
    }
}

/// Whose requests are answered, and what resources are called in policies.
#[derive(Clone, Debug)]
pub struct Access {
    /// The keys of the account and of its users.
    pub keys: Keys,
    /// The region of the projects.
    pub region: String,
    /// The account that owns them.
    pub account: String,
}

impl From<Arc<Keyring>> for Access {
    /// For keys without users: nobody looks at the names of resources.
    fn from(keyring: Arc<Keyring>) -> Self {
        Self {
            keys: Keys::new(keyring),
            region: String::new(),
            account: String::new(),
        }
    }
}

impl Access {
    /// # Errors
    /// `Unauthorized` names action and resource, as the service does.
    pub(super) fn check(
        &self,
        (keyring, key): (&Keyring, &AccessKeyId),
        asked: &Asked,
        (peer, now): (Peer, Timestamp),
    ) -> Result<(), Error> {
        let principal = keyring.principal(key);
        let Principal::User(_) = principal else {
            return Ok(());
        };
        let action = asked.operation.action();
        let project = asked.project.as_deref().unwrap_or("*");
        let resource = format!(
            "acs:log:{}:{}:{}",
            self.region,
            self.account,
            asked.operation.resource(project)
        );
        let decision = principal.decide(&Attempt {
            action,
            resource: &resource,
            circumstances: &Circumstances {
                source: peer.address,
                now,
                secure: peer.secure,
                request_tags: &[],
                resource_tags: &[],
            },
        });
        if decision == Decision::Allowed {
            return Ok(());
        }
        let message = format!("denied by sts or ram, action: {action}, resource: {resource}");
        Err(Error::new(ErrorCode::Unauthorized, message))
    }
}
