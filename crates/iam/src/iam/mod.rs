//! IAM: users, groups, roles, policies and what they have (IAM API Reference, version 2010-05-08).
//!
//! Every operation is about one [`subject`] of the caller's account, and says in [`operation::IamOperation`] only what
//! is its own; what it changes, the directory changes. [`refusals`] words what the directory refuses.

mod arns;
mod catalogue;
mod documents;
mod operation;
mod operations;
mod paging;
mod parameters;
mod prelude;
mod refusals;
pub(crate) mod rows;
mod subject;
mod tenant;

use std::sync::Arc;

use trent_api::Protocol;
use trent_identity::Directory;
use trent_service::Service;

/// The IAM of one deployment.
pub struct Iam {
    directory: Arc<Directory>,
}

impl Iam {
    /// IAM over a directory.
    pub fn new(directory: Arc<Directory>) -> Self {
        Self { directory }
    }

    /// Where everything is kept.
    pub(crate) fn directory(&self) -> &Directory {
        &self.directory
    }
}

impl Service for Iam {
    type Rules = ();

    const PROTOCOL: Protocol = trent_api::iam::PROTOCOL;
    const EVENT_SOURCE: &'static str = "iam.amazonaws.com";
}
