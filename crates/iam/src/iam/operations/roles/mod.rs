//! Roles: what they are and who may assume them.

pub(crate) mod create_role;
pub(crate) mod delete_role;
pub(crate) mod get_role;
pub(crate) mod list_instance_profiles_for_role;
pub(crate) mod list_roles;
pub(crate) mod update_assume_role_policy;
pub(crate) mod update_role;
pub(crate) mod update_role_description;

use trent_api::query::percent_encoded;
use trent_api::{ApiError, iam};
use trent_identity::UniqueId;
use trent_identity::directory::principals::RoleRecord;

use super::replies::{at, boundary, tags};
use crate::iam::refusals::refused;
use crate::iam::tenant::Tenant;

/// A role as lists show it: without tags, boundary and last use.
pub(crate) fn listed(tenant: &Tenant<'_>, id: &UniqueId, role: &RoleRecord) -> iam::Role {
    iam::Role {
        path: role.path.clone(),
        role_name: role.name.clone(),
        role_id: id.to_string(),
        arn: role.arn(tenant.partition(), tenant.account()).to_string(),
        create_date: at(role.created_at),
        assume_role_policy_document: Some(percent_encoded(&role.trust_policy)),
        description: Some(role.description.clone()).filter(|text| !text.is_empty()),
        max_session_duration: i32::try_from(role.max_session_seconds).ok(),
        ..iam::Role::default()
    }
}

/// A role with its boundary and its tags.
pub(crate) fn shown(tenant: &Tenant<'_>, id: &UniqueId, role: &RoleRecord) -> iam::Role {
    iam::Role {
        permissions_boundary: boundary(role.boundary.as_ref()),
        tags: tags(&role.tags),
        ..listed(tenant, id, role)
    }
}

/// When a role was used last: nothing in it if it never was.
pub(crate) async fn last_used(tenant: &Tenant<'_>, id: &UniqueId) -> Result<iam::RoleLastUsed, ApiError> {
    let last = tenant.directory.last_use(id.as_str()).await.map_err(refused)?;
    Ok(last.map_or_else(iam::RoleLastUsed::default, |last| iam::RoleLastUsed {
        last_used_date: Some(at(last.at)),
        region: Some(last.region),
    }))
}
