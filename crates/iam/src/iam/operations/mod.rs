//! The operations, by what they are about.

pub(crate) mod access_keys;
pub(crate) mod account;
pub(crate) mod attachments;
pub(crate) mod boundaries;
pub(crate) mod groups;
mod held;
pub(crate) mod inline_policies;
pub(crate) mod policies;
pub(crate) mod providers;
mod replies;
pub(crate) mod roles;
pub(crate) mod simulation;
pub(crate) mod tags;
pub(crate) mod users;
mod whom;
