//! What every operation is written with.

pub(crate) use trent_api::{ApiError, Empty, iam};
pub(crate) use trent_service::{Access, Effect, Row, action};

pub(crate) use super::operation::{IamOperation, change, change_showing};
pub(crate) use super::paging::Page;
pub(crate) use super::parameters::Parameters;
pub(crate) use super::refusals::refused;
pub(crate) use super::rows::{self, row};
pub(crate) use super::subject::Subject;
pub(crate) use super::tenant::Tenant;
