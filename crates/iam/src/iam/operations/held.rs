//! What a user, a group or a role holds: its inline policies, and the managed ones that are attached.

use trent_api::{ApiError, iam};
use trent_identity::EntityError;
use trent_identity::directory::principals::{GroupRecord, HeldPolicies, RoleRecord, UserRecord};
use trent_identity::directory::{Entity, Holder, Quota};

use crate::iam::refusals::refused;
use crate::iam::tenant::Tenant;

/// The policies of a holder, who must be there.
pub(crate) async fn policies(tenant: &Tenant<'_>, holder: Holder<'_>) -> Result<HeldPolicies, ApiError> {
    Ok(match holder {
        Holder::User(name) => tenant.find::<UserRecord>(name).await?.1.policies,
        Holder::Group(name) => tenant.find::<GroupRecord>(name).await?.1.policies,
        Holder::Role(name) => tenant.find::<RoleRecord>(name).await?.1.policies,
    })
}

/// A managed policy as lists of attached ones show it.
pub(crate) fn attached(arn: &str) -> iam::AttachedPolicy {
    iam::AttachedPolicy {
        policy_name: arn.rsplit('/').next().map(str::to_owned),
        policy_arn: Some(arn.to_owned()),
    }
}

/// That a holder has no inline policy of this name.
pub(crate) fn no_inline_policy(holder: Holder<'_>, name: &str) -> ApiError {
    let kind = match holder {
        Holder::User(_) => "user",
        Holder::Group(_) => "group",
        Holder::Role(_) => "role",
    };
    iam::error::no_such_entity(format!("The {kind} policy with name {name} cannot be found."))
}

/// What the directory refuses to do with a holder's policies.
pub(crate) fn refused_for(holder: Holder<'_>, error: EntityError) -> ApiError {
    let (kind, name) = match holder {
        Holder::User(name) => ("User", name),
        Holder::Group(name) => ("Group", name),
        Holder::Role(name) => ("Role", name),
    };
    match error {
        EntityError::NoSuch {
            entity: Entity::InlinePolicy,
            name,
        } => no_inline_policy(holder, &name),
        EntityError::NoSuch {
            entity: Entity::Policy,
            name,
        } => iam::error::no_such_entity(format!("Policy {name} does not exist or is not attachable.")),
        EntityError::LimitExceeded {
            quota: Quota::AttachedPolicies,
            limit,
        } => iam::error::limit_exceeded(format!("Cannot exceed quota for PoliciesPer{kind}: {limit}")),
        EntityError::LimitExceeded {
            quota: Quota::InlinePolicySize,
            limit,
        } => iam::error::limit_exceeded(format!(
            "Maximum policy size of {limit} bytes exceeded for {} {name}",
            kind.to_lowercase()
        )),
        error => refused(error),
    }
}
