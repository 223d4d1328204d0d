//! Permissions boundaries: the most that the identity policies of a user or role can give.

pub(crate) mod delete;
pub(crate) mod put;
