//! Whether who asks may do what it asks for: users by their policies, the account everything.

use std::net::IpAddr;
use std::sync::Arc;

use flowlog_access::policy::{Attempt, Circumstances, Decision};
use flowlog_access::{AccessKeyId, Keyring, Principal};
use flowlog_record::Timestamp;
use flowlog_sls::{Error, ErrorCode};

use super::request::Asked;

/// Whose requests are answered, and what resources are called in policies.
#[derive(Clone, Debug)]
pub struct Access {
    /// The keys of the account and of its users.
    pub keyring: Arc<Keyring>,
    /// The region of the projects.
    pub region: String,
    /// The account that owns them.
    pub account: String,
}

impl From<Arc<Keyring>> for Access {
    /// For keys without users: nobody looks at the names of resources.
    fn from(keyring: Arc<Keyring>) -> Self {
        Self {
            keyring,
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
        key: &AccessKeyId,
        asked: &Asked,
        (source, now): (IpAddr, Timestamp),
    ) -> Result<(), Error> {
        let principal = self.keyring.principal(key);
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
                source,
                now,
                secure: false,
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
