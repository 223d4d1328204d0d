//! Users: who they are. What they may do is in the rooms of their policies, and their credentials in `access_keys`.

pub(crate) mod create_user;
pub(crate) mod delete_user;
pub(crate) mod get_user;
pub(crate) mod list_users;
pub(crate) mod update_user;

use trent_api::{ApiError, Timestamp, iam, protocol};
use trent_identity::directory::principals::{PolicyReference, Tag, UserRecord};
use trent_identity::{Caller, PrincipalKind, UniqueId};
use trent_names::PrincipalArn;

use super::super::tenant::Tenant;

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

/// A time of the directory: milliseconds since 1970.
pub(crate) fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
}

/// A permissions boundary, if there is one.
pub(crate) fn boundary(boundary: Option<&PolicyReference>) -> Option<iam::AttachedPermissionsBoundary> {
    boundary.map(|policy| iam::AttachedPermissionsBoundary {
        permissions_boundary_type: Some(iam::PermissionsBoundaryAttachmentType::PermissionsBoundaryPolicy),
        permissions_boundary_arn: Some(policy.arn.clone()),
    })
}

/// Tags, if there are any.
pub(crate) fn tags(tags: &[Tag]) -> Option<Vec<iam::Tag>> {
    let shown = tags.iter().map(|tag| iam::Tag {
        key: tag.key.clone(),
        value: tag.value.clone(),
    });
    (!tags.is_empty()).then(|| shown.collect())
}

/// The tags that a request brings, for the directory.
pub(crate) fn new_tags(tags: Option<&[iam::Tag]>) -> Vec<Tag> {
    let tags = tags.unwrap_or_default().iter();
    tags.map(|tag| Tag {
        key: tag.key.clone(),
        value: tag.value.clone(),
    })
    .collect()
}

/// Whom a request is about that may leave the user out: then it is about its caller.
#[derive(Clone, Copy)]
pub(crate) enum Whom<'a> {
    /// The root user.
    Root,
    /// The user of this name.
    User(&'a str),
}

impl<'a> Whom<'a> {
    /// The user that is named, or else the caller, who must be a user or the root user then.
    pub(crate) fn of(caller: &'a Caller, named: Option<&'a str>) -> Result<Self, ApiError> {
        match (named, caller.kind, &caller.principal) {
            (Some(name), ..) => Ok(Self::User(name)),
            (None, PrincipalKind::Account, _) => Ok(Self::Root),
            (None, PrincipalKind::User, PrincipalArn::User { name, .. }) => Ok(Self::User(name)),
            (None, ..) => Err(protocol::validation(
                "Must specify userName when calling with non-User credentials",
            )),
        }
    }
}
