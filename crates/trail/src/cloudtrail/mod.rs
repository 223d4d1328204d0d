//! `CloudTrail`: looking up the records of the trail (`CloudTrail` API Reference, version 2013-11-01).

mod attributes;
mod lookup_events;
mod page;

use std::sync::Arc;

use trent_api::{Protocol, cloudtrail};
use trent_audit::Trail;
use trent_keystore::Keystore;
use trent_service::{Catalogue, Entry, Service};

use lookup_events::LookupEvents;

/// The event history of one deployment.
pub struct CloudTrail {
    trail: Trail,
    /// Seals the tokens that continue a lookup.
    keystore: Arc<dyn Keystore>,
}

impl CloudTrail {
    /// The history that `trail` is.
    pub fn new(trail: Trail, keystore: Arc<dyn Keystore>) -> Self {
        Self { trail, keystore }
    }
}

impl Service for CloudTrail {
    type Rules = ();

    const PROTOCOL: Protocol = cloudtrail::PROTOCOL;
    const EVENT_SOURCE: &'static str = "cloudtrail.amazonaws.com";
}

impl Catalogue for CloudTrail {
    fn catalogue() -> &'static [Entry<Self>] {
        const { &[Entry::built::<LookupEvents>()] }
    }
}
