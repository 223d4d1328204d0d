//! What the directory refuses, in the words of the service.

use trent_api::{ApiError, iam, protocol};
use trent_identity::directory::{Entity, MAX_ACCESS_KEYS, Quota, Remaining};
use trent_identity::rules::InvalidInput;
use trent_identity::{DirectoryError, EntityError};
use trent_names::AccountId;
use trent_service::internal;

/// The error of the service for what the directory refuses.
pub(crate) fn refused(error: EntityError) -> ApiError {
    match error {
        EntityError::NoSuch { entity, name } => no_such(entity, &name),
        EntityError::Exists { entity, name } => exists(entity, &name),
        EntityError::LimitExceeded { quota, limit } => limit_exceeded(quota, limit),
        EntityError::DeleteConflict(remaining) => iam::error::delete_conflict(conflict(remaining)),
        EntityError::Unmodifiable(_) => outside(),
        EntityError::NotAttachable(_) => {
            iam::error::policy_not_attachable("Cannot attach a Service Role Policy to a Customer Role.")
        }
        EntityError::ServiceLinked(name) => iam::error::unmodifiable_entity(format!(
            "Cannot perform the operation on the protected role '{name}' - this role is only modifiable by AWS"
        )),
        EntityError::Invalid(error) => invalid(&error),
        EntityError::AccessKeyRetired(id) => {
            iam::error::entity_already_exists(format!("The Access Key with id {id} was deleted."))
        }
        EntityError::NoSuchAccount(account) => undeclared(account),
        EntityError::Damaged(_) | EntityError::Store(_) | EntityError::Commit(_) | EntityError::Keystore(_) => {
            internal(error)
        }
    }
}

/// The error of the service for what the directory refuses of an account and its root user.
pub(crate) fn refused_account(error: DirectoryError) -> ApiError {
    match error {
        DirectoryError::NoSuchAccount(account) => undeclared(account),
        DirectoryError::NoSuchAccessKey { id, .. } => no_such(Entity::AccessKey, id.as_str()),
        DirectoryError::TooManyAccessKeys(_) => limit_exceeded(Quota::AccessKeys, MAX_ACCESS_KEYS as u64),
        error => internal(error),
    }
}

/// Development mode takes anybody for the root user of any account; IAM needs one that is there.
fn undeclared(account: AccountId) -> ApiError {
    iam::error::no_such_entity(format!(
        "There is no account {account}. In development mode, declare it in the seed file."
    ))
}

/// A managed policy that belongs to another account, or to none.
pub(crate) fn outside() -> ApiError {
    protocol::access_denied("Policy is outside your own account.")
}

/// That there is no such thing.
pub(crate) fn no_such(entity: Entity, name: &str) -> ApiError {
    iam::error::no_such_entity(match entity {
        Entity::User => format!("The user with name {name} cannot be found."),
        Entity::Group => format!("The group with name {name} cannot be found."),
        Entity::Role => format!("The role with name {name} cannot be found."),
        Entity::Policy | Entity::Attachment => format!("Policy {name} was not found."),
        Entity::Provider => format!("OpenIDConnect Provider not found for arn {name}"),
        Entity::InlinePolicy => format!("The policy with name {name} cannot be found."),
        Entity::PolicyVersion => format!("Policy version {name} does not exist."),
        Entity::Boundary => format!("{name} does not have a permissions boundary."),
        Entity::AccessKey => format!("The Access Key with id {name} cannot be found."),
        Entity::AccountAlias => format!("The account alias {name} does not exist."),
        Entity::Account => format!("The account {name} cannot be found."),
    })
}

fn exists(entity: Entity, name: &str) -> ApiError {
    iam::error::entity_already_exists(match entity {
        Entity::User => format!("User with name {name} already exists."),
        Entity::Group => format!("Group with name {name} already exists."),
        Entity::Role => format!("Role with name {name} already exists."),
        Entity::Policy => format!("A policy called {name} already exists. Duplicate names are not allowed."),
        Entity::Provider => format!("Provider with url https://{name} already exists."),
        Entity::AccountAlias => format!("The account alias {name} already exists."),
        Entity::AccessKey => format!("The Access Key with id {name} already exists."),
        Entity::Account | Entity::InlinePolicy | Entity::PolicyVersion | Entity::Attachment | Entity::Boundary => {
            format!("{name} already exists.")
        }
    })
}

fn limit_exceeded(quota: Quota, limit: u64) -> ApiError {
    let of = match quota {
        Quota::PolicyVersions => {
            return iam::error::limit_exceeded(format!(
                "A managed policy can have up to {limit} versions. Before you create a new version, you must delete an \
                 existing version."
            ));
        }
        Quota::InlinePolicySize => {
            return iam::error::limit_exceeded(format!("Maximum policy size of {limit} bytes exceeded"));
        }
        Quota::Users => "UsersPerAccount",
        Quota::Groups => "GroupsPerAccount",
        Quota::Roles => "RolesPerAccount",
        Quota::Policies => "PoliciesPerAccount",
        Quota::Providers => "OpenIdConnectProvidersPerAccount",
        Quota::GroupsPerUser => "GroupsPerUser",
        Quota::AttachedPolicies => "AttachedPolicies",
        Quota::AccessKeys => "AccessKeysPerUser",
        Quota::Tags => "TagsPerResource",
        Quota::PolicySize => "PolicySize",
        Quota::TrustPolicySize => "ACLSizePerRole",
        Quota::ClientIds => "ClientIdsPerOpenIdConnectProvider",
        Quota::Thumbprints => "ThumbprintsPerOpenIdConnectProvider",
    };
    iam::error::limit_exceeded(format!("Cannot exceed quota for {of}: {limit}"))
}

fn conflict(remaining: Remaining) -> &'static str {
    match remaining {
        Remaining::AccessKeys => "Cannot delete entity, must delete access keys first.",
        Remaining::Memberships | Remaining::Members => "Cannot delete entity, must remove users from group first.",
        Remaining::InlinePolicies => "Cannot delete entity, must delete policies first.",
        Remaining::AttachedPolicies => "Cannot delete entity, must detach all policies first.",
        Remaining::Attachments => "Cannot delete a policy attached to entities.",
        Remaining::Boundaries => "Cannot delete a policy that is used as a permissions boundary.",
        Remaining::Versions => {
            "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. \
             The default version is deleted with the policy."
        }
        Remaining::InForce => "Cannot delete the default version of a policy.",
    }
}

/// What the model's constraints let through and the directory does not.
fn invalid(error: &InvalidInput) -> ApiError {
    match error {
        InvalidInput::RepeatedTagKey(_) => {
            iam::error::invalid_input("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
        }
        InvalidInput::PolicyArn(arn) => iam::error::invalid_input(format!("ARN {arn} is not valid.")),
        InvalidInput::ProviderUrl(_) => iam::error::invalid_input("Invalid Open ID Connect Provider URL"),
        InvalidInput::ClientId(_)
        | InvalidInput::Thumbprint(_)
        | InvalidInput::AccountAlias(_)
        | InvalidInput::ServiceLinkedRole(_) => iam::error::invalid_input(error.to_string()),
        _ => protocol::validation(error.to_string()),
    }
}
