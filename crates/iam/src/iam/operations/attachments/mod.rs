//! Managed policies of users, groups and roles.

pub(crate) mod attach;
pub(crate) mod detach;
pub(crate) mod list;
