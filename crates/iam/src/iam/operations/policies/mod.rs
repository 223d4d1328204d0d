//! Managed policies and their versions.

pub(crate) mod create_policy;
pub(crate) mod create_policy_version;
pub(crate) mod delete_policy;
pub(crate) mod delete_policy_version;
pub(crate) mod get_policy;
pub(crate) mod get_policy_version;
pub(crate) mod list_entities_for_policy;
pub(crate) mod list_policies;
pub(crate) mod list_policy_versions;
mod managed;
pub(crate) mod set_default_policy_version;

use trent_api::{ApiError, iam};
use trent_identity::EntityError;
use trent_identity::directory::Entity;

use crate::iam::refusals::refused;

pub(crate) use managed::{Managed, find};

/// The number of a version: `v3` is 3.
pub(crate) fn version_number(policy: &str, id: &str) -> Result<u32, ApiError> {
    let number = id.strip_prefix('v').and_then(|number| number.parse().ok());
    number.ok_or_else(|| no_version(policy, id))
}

/// That a policy has no such version.
pub(crate) fn no_version(policy: &str, id: &str) -> ApiError {
    iam::error::no_such_entity(format!(
        "Policy {policy} version {id} does not exist or is not attachable."
    ))
}

/// What the directory refuses to do with a version of a policy.
pub(crate) fn refused_version(policy: &str, error: EntityError) -> ApiError {
    match error {
        EntityError::NoSuch {
            entity: Entity::PolicyVersion,
            name,
        } => no_version(policy, &name),
        error => refused(error),
    }
}
