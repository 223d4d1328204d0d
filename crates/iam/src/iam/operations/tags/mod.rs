//! Tags of users, roles, managed policies and OIDC providers.

pub(crate) mod list;
pub(crate) mod tag;
pub(crate) mod untag;

use trent_api::ApiError;
use trent_identity::directory::Tagged;

use crate::iam::tenant::Tenant;

/// How a member of a request says what has the tags.
type Naming = for<'a> fn(&Tenant<'_>, &'a str) -> Result<Tagged<'a>, ApiError>;
