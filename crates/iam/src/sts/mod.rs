//! STS: sessions, which are temporary credentials (STS API Reference, version 2011-06-15).

mod asking;
mod beginning;
mod catalogue;
mod operations;
mod role;
mod tagging;

use std::sync::Arc;

use trent_api::Protocol;
use trent_identity::Directory;
use trent_service::Service;

/// The STS of one deployment.
pub struct Sts {
    directory: Arc<Directory>,
}

impl Sts {
    /// STS over a directory.
    pub fn new(directory: Arc<Directory>) -> Self {
        Self { directory }
    }

    /// Where everything is kept.
    pub(crate) fn directory(&self) -> &Directory {
        &self.directory
    }
}

impl Service for Sts {
    type Rules = ();

    const PROTOCOL: Protocol = trent_api::sts::PROTOCOL;
    const EVENT_SOURCE: &'static str = "sts.amazonaws.com";
}
