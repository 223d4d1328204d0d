//! Whose user or access keys a request is about that may leave the user out.

use trent_api::{ApiError, protocol};
use trent_identity::{Caller, PrincipalKind};
use trent_names::PrincipalArn;

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
