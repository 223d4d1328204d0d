//! Who may do what: asked once for every (action, resource) pair that a call touches.

use trent_api::{ApiError, protocol};
use trent_names::AccountId;

use crate::call::{Actor, Call};

/// One thing that a call must be allowed to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The IAM action, for example `kms:UpdateAlias`.
    pub action: &'static str,
    /// What it is done to.
    pub resource: Resource,
}

/// What an action is done to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resource {
    /// No resource of its own: IAM's `*`. Belongs to the caller's account.
    Any,
    /// A resource with an ARN and an owner.
    Named {
        /// The resource's ARN.
        arn: String,
        /// The account that owns it.
        account: AccountId,
    },
    /// A key that the caller named by an alias of another account: a refusal repeats the alias, not the key.
    ByAlias {
        /// The key's ARN.
        arn: String,
        /// The account that owns it.
        account: AccountId,
        /// The alias ARN as the caller sent it.
        alias: String,
    },
    /// A key that only a ciphertext names, so that its ARN is not repeated to a caller who is refused.
    OfCiphertext {
        /// The key's ARN.
        arn: String,
        /// The account that owns it.
        account: AccountId,
    },
    /// A resource of another account that is not here. Refused in the same words as one that is here and not allowed,
    /// so that nobody learns which.
    Foreign {
        /// The ARN as the caller sent it.
        arn: String,
    },
    /// A ciphertext that no key here answers for; refused in the same words as one whose key is not allowed.
    UnknownCiphertext,
    /// The deployment itself; only its operator may act on it.
    Deployment,
}

/// Decides one target of a call. Anything but `Ok` is final.
pub trait Authorizer: Send + Sync + 'static {
    /// Allows the target or says, in the service's words, why not.
    fn authorize(&self, call: &Call, target: &Target) -> Result<(), ApiError>;
}

/// Allows the owning account's root user everything on its own resources, the operator the deployment, and
/// everybody else nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct OwnerOnly;

impl Authorizer for OwnerOnly {
    fn authorize(&self, call: &Call, target: &Target) -> Result<(), ApiError> {
        let allowed = match (&call.actor, &target.resource) {
            (Actor::Principal(caller), Resource::Any) => caller.principal.is_root(),
            (
                Actor::Principal(caller),
                Resource::Named { account, .. }
                | Resource::ByAlias { account, .. }
                | Resource::OfCiphertext { account, .. },
            ) => caller.principal.is_root() && caller.account == *account,
            (Actor::Operator { .. }, Resource::Deployment) => true,
            _ => false,
        };
        if allowed { Ok(()) } else { Err(denied(call, target)) }
    }
}

/// Why a resource that the caller may not even know about is refused: one text for every cause.
const HIDDEN: &str = "because the resource does not exist in this Region, no resource-based policies allow access, \
                      or a resource-based policy explicitly denies access";

/// The refusal, worded as the service words it.
fn denied(call: &Call, target: &Target) -> ApiError {
    let action = target.action;
    let caller = match &call.actor {
        Actor::Principal(caller) => caller,
        Actor::Operator { .. } => {
            return protocol::access_denied(format!("The operator is not authorized to perform: {action}"));
        }
    };
    let user = &caller.principal;
    let refusal = match &target.resource {
        Resource::Named { arn, account } if caller.account == *account => {
            format!("on resource: {arn} because no resource-based policy allows the {action} action")
        }
        Resource::Named { arn, .. } | Resource::ByAlias { alias: arn, .. } | Resource::Foreign { arn } => {
            format!("on resource: {arn} {HIDDEN}")
        }
        Resource::OfCiphertext { .. } | Resource::UnknownCiphertext => {
            format!("on the resource associated with this ciphertext {HIDDEN}")
        }
        Resource::Any | Resource::Deployment => {
            format!("because no identity-based policy allows the {action} action")
        }
    };
    protocol::access_denied(format!("User: {user} is not authorized to perform: {action} {refusal}"))
}
