//! Users: who they are. What they may do is in the rooms of their policies, and their credentials in `access_keys`.

pub(crate) mod create_user;
pub(crate) mod delete_user;
pub(crate) mod get_user;
pub(crate) mod list_users;
pub(crate) mod update_user;

use trent_api::iam;
use trent_identity::UniqueId;
use trent_identity::directory::principals::UserRecord;

use super::replies::{at, boundary, tags};
use crate::iam::tenant::Tenant;

/// A user as lists show it: without tags and boundary.
pub(crate) fn listed(tenant: &Tenant<'_>, id: &UniqueId, user: &UserRecord) -> iam::User {
    iam::User {
        path: user.path.clone(),
        user_name: user.name.clone(),
        user_id: id.to_string(),
        arn: user.arn(tenant.partition(), tenant.account()).to_string(),
        create_date: at(user.created_at),
        ..iam::User::default()
    }
}

/// A user, whole.
pub(crate) fn shown(tenant: &Tenant<'_>, id: &UniqueId, user: &UserRecord) -> iam::User {
    iam::User {
        permissions_boundary: boundary(user.boundary.as_ref()),
        tags: tags(&user.tags),
        ..listed(tenant, id, user)
    }
}
