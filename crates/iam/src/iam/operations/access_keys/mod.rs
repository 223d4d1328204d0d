//! Access keys of users, and of the root user where a request of its own names no user.

pub(crate) mod create_access_key;
pub(crate) mod delete_access_key;
pub(crate) mod get_access_key_last_used;
pub(crate) mod list_access_keys;
pub(crate) mod update_access_key;

use trent_api::{ApiError, iam};
use trent_identity::directory::{AccountChange, Entity};
use trent_identity::{AccessKeyId, DirectoryError};
use trent_service::internal;

use super::whom::Whom;
use crate::iam::refusals::no_such;
use crate::iam::subject::Subject;
use crate::iam::tenant::Tenant;

/// Whose access key a request is about.
pub(crate) async fn owner(tenant: &Tenant<'_>, named: Option<&str>) -> Result<Subject, ApiError> {
    match Whom::of(tenant.caller, named)? {
        Whom::Root => Ok(Subject::at(tenant, tenant.arn("root"))),
        Whom::User(name) => Subject::user(tenant, name).await,
    }
}

/// Begins a change to the root user.
pub(crate) async fn change_root<'d>(tenant: &Tenant<'d>) -> Result<AccountChange<'d>, ApiError> {
    tenant.directory.change(tenant.account()).await.map_err(refused_root)
}

/// An access key id of the root user's.
pub(crate) fn root_key(id: &str) -> Result<AccessKeyId, ApiError> {
    AccessKeyId::parse(id).map_err(|_| no_such(Entity::AccessKey, id))
}

/// What the directory refuses to do with the root user's access keys.
pub(crate) fn refused_root(error: DirectoryError) -> ApiError {
    match error {
        DirectoryError::NoSuchAccessKey { id, .. } => no_such(Entity::AccessKey, id.as_str()),
        DirectoryError::TooManyAccessKeys(_) => {
            iam::error::limit_exceeded("Cannot exceed quota for AccessKeysPerUser: 2")
        }
        error => internal(error),
    }
}
