//! Access keys of users, and of the root user where a request of its own names no user.

pub(crate) mod create_access_key;
pub(crate) mod delete_access_key;
pub(crate) mod get_access_key_last_used;
pub(crate) mod list_access_keys;
pub(crate) mod update_access_key;

use trent_api::ApiError;
use trent_identity::AccessKeyId;
use trent_identity::directory::{AccountChange, Entity};

use super::whom::Whom;
use crate::iam::refusals::{no_such, refused_account};
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
    tenant.directory.change(tenant.account()).await.map_err(refused_account)
}

/// An access key id of the root user's.
pub(crate) fn root_key(id: &str) -> Result<AccessKeyId, ApiError> {
    AccessKeyId::parse(id).map_err(|_| no_such(Entity::AccessKey, id))
}
