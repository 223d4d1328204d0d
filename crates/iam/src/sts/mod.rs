//! STS: sessions, which are temporary credentials (STS API Reference, version 2011-06-15).

mod asking;
mod beginning;
mod catalogue;
mod operations;
mod role;
mod tagging;
mod web_identity;

use std::sync::Arc;

use trent_api::{ApiError, Protocol};
use trent_identity::Directory;
use trent_identity::organization::Placement;
use trent_identity::web_identity::Issuers;
use trent_names::AccountId;
use trent_service::{Service, internal};

/// The STS of one deployment.
pub struct Sts {
    directory: Arc<Directory>,
    issuers: Issuers,
}

impl Sts {
    /// STS over a directory; it believes the identity tokens of `issuers`.
    pub fn new(directory: Arc<Directory>, issuers: Issuers) -> Self {
        Self { directory, issuers }
    }

    /// Where everything is kept.
    pub(crate) fn directory(&self) -> &Directory {
        &self.directory
    }

    /// Whose identity tokens are believed.
    pub(crate) fn issuers(&self) -> &Issuers {
        &self.issuers
    }
}

impl Service for Sts {
    type Rules = ();

    const PROTOCOL: Protocol = trent_api::sts::PROTOCOL;
    const EVENT_SOURCE: &'static str = "sts.amazonaws.com";

    async fn placement(&self, owner: AccountId) -> Result<Option<Arc<Placement>>, ApiError> {
        self.directory.placement(owner).await.map_err(internal)
    }
}
