//! Whether a request is believed, and its caller may do what it asks for: the checks in their order.

use std::net::IpAddr;

use flowlog_access::policy::{Attempt, Circumstances, Decision};
use flowlog_access::rpc::{Claim, RpcError, RpcRequest};
use flowlog_access::{KnownNonce, NonceRefused, Principal};
use flowlog_record::Timestamp;
use serde_json::json;

use super::{Control, World, lock};
use crate::arguments::Arguments;
use crate::operation::Operation;
use crate::plan::Settings;
use crate::problem::{self, Problem};
use crate::product::of_version;

/// When it may make sense to ask again when nonces have no room, milliseconds.
const NONCES_FULL: u32 = 60_000;

/// Where a request comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin {
    pub(crate) peer: IpAddr,
    /// Whether it came over TLS.
    pub(crate) secure: bool,
}

/// A request that may be done.
#[derive(Clone, Debug)]
pub(crate) struct Admitted {
    pub(crate) operation: &'static Operation,
    pub(crate) caller: String,
    pub(crate) access_key: String,
    /// What must not come again.
    pub(crate) nonce: KnownNonce,
    /// Whether the caller may do it; the audit has also those who may not.
    pub(crate) allowed: Result<(), Problem>,
}

impl Control {
    /// Who asks for what: signature, nonce, version, action, how often, rights.
    ///
    /// # Errors
    /// What is wrong before there is a caller and an operation.
    pub(crate) fn admit(
        &self,
        request: &RpcRequest<'_>,
        arguments: &Arguments,
        origin: Origin,
    ) -> Result<Admitted, Problem> {
        let world = self.world();
        let now = (self.clock)();
        let claim = Claim::read(request)?;
        let checked = claim.check(request, &world.keyring, now)?;
        let nonce = lock(&self.nonces)
            .remember(claim.key_id, claim.nonce, checked.at, now)
            .map_err(|refused| match refused {
                NonceRefused::Used => RpcError::NonceUsed.into(),
                NonceRefused::Full => problem::THROTTLED.retrying(NONCES_FULL),
            })?;
        let product = of_version(claim.version).ok_or(problem::BAD_VERSION)?;
        let operation = Operation::named(product, claim.action).ok_or(problem::NO_ACTION)?;
        lock(&self.calls)
            .enter(
                (product, operation.name),
                world.settings.calls_per_minute,
                now,
            )
            .map_err(|left| problem::THROTTLED_USER.retrying(left))?;
        let principal = world.keyring.principal(&checked.key.id);
        let allowed = self.authorize(&world, principal, (operation, arguments), (origin, now));
        Ok(Admitted {
            operation,
            caller: principal.name().unwrap_or("root").to_owned(),
            access_key: claim.key_id.to_owned(),
            nonce,
            allowed,
        })
    }

    /// Whether a principal may do an operation on everything that it is done to.
    fn authorize(
        &self,
        world: &World,
        principal: Principal<'_>,
        (operation, arguments): (&Operation, &Arguments),
        (origin, now): (Origin, Timestamp),
    ) -> Result<(), Problem> {
        let Principal::User(user) = principal else {
            return Ok(());
        };
        let action = operation.action();
        let request_tags: Vec<_> = [arguments.tags("Tag"), arguments.tags("Tags")]
            .into_iter()
            .flatten()
            .map(|tag| (tag.key, tag.value.unwrap_or_default()))
            .collect();
        for resource in operation.resources(arguments, &world.settings.account) {
            let resource_tags = self.resource_tags(&resource);
            let circumstances = Circumstances {
                source: origin.peer,
                now,
                secure: origin.secure,
                request_tags: &request_tags,
                resource_tags: &resource_tags,
            };
            let decision = principal.decide(&Attempt {
                action: &action,
                resource: &resource,
                circumstances: &circumstances,
            });
            if decision != Decision::Allowed {
                let denied = (action.as_str(), resource.as_str());
                return Err(refused(
                    operation,
                    &world.settings,
                    &user.name,
                    (denied, decision),
                ));
            }
        }
        Ok(())
    }

    /// The tags of a resource, if it is a flow log.
    fn resource_tags(&self, resource: &str) -> Vec<(String, String)> {
        let book = self.book();
        let id = resource.rsplit_once(":flowlog/").map(|(_, id)| id);
        let entry = id.and_then(|id| book.get(id));
        let tags = entry.map(|entry| entry.flow_log.tags.iter());
        tags.into_iter()
            .flatten()
            .map(|tag| (tag.key.clone(), tag.value.clone()))
            .collect()
    }
}

/// A refusal that names action and resource.
fn refused(
    operation: &Operation,
    settings: &Settings,
    user: &str,
    ((action, resource), decision): ((&str, &str), Decision),
) -> Problem {
    let kind = match decision {
        Decision::Denied => "ExplicitDeny",
        _ => "ImplicitDeny",
    };
    let mut problem = (operation.refusal)();
    problem.detail = Some(Box::new(json!({
        "AuthAction": action,
        "AuthResource": resource,
        "AuthPrincipalType": "SubUser",
        "AuthPrincipalOwnerId": settings.account,
        "AuthPrincipalDisplayName": user,
        "NoPermissionType": kind,
        "PolicyType": "AccountLevelIdentityBasedPolicy",
    })));
    problem
}
