//! Tags of users, roles, managed policies and OIDC providers.

pub(crate) mod list;
pub(crate) mod tag;
pub(crate) mod untag;
