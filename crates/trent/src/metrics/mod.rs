//! What the server tells a monitoring system about itself: every number that its parts count, under one name each.
//!
//! The parts count; here the counts get their names. The book has a page with all of them, and a test that compares the two.

mod family;
mod filtered;
mod keys;
mod monitoring;
mod parts;
mod published;
mod quotas;
mod readers;
mod requests;
mod tls;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use trent_audit::Trail;
use trent_delivery::Status;
use trent_identity::Directory;
use trent_kms::{Kms, Runner};
use trent_server::{Metrics, Traffic};
use trent_service::{Clock, Filters, Initiator, Meter, RequestQuotas};
use trent_store::Sealed;

use family::Family;
pub(crate) use filtered::filters;
pub(crate) use keys::KeyCounts;
pub(crate) use monitoring::Monitoring;
pub(crate) use readers::readers_of;

use crate::certificates::Certificates;
use crate::version::VERSION;

/// Whatever counts something.
pub(crate) struct Observed {
    pub(crate) meters: Vec<Arc<Meter>>,
    /// What accounts have used of their request quotas.
    pub(crate) request_quotas: Arc<RequestQuotas>,
    /// What holds records against filters.
    pub(crate) filters: Arc<Filters>,
    /// What comes and goes at the listeners, by what they serve.
    pub(crate) traffic: Vec<(&'static str, Arc<Traffic>)>,
    /// The TLS of the listeners.
    pub(crate) certificates: Certificates,
    pub(crate) store: Sealed,
    /// The store's file, if it is in one.
    pub(crate) store_file: Option<PathBuf>,
    pub(crate) trail: Trail,
    /// What leaves the house.
    pub(crate) deliveries: Vec<Status>,
    pub(crate) kms: Arc<Kms>,
    pub(crate) directory: Arc<Directory>,
    pub(crate) initiator: Initiator,
    pub(crate) runner: Arc<Runner>,
    pub(crate) keys: Arc<KeyCounts>,
    /// The policy clock.
    pub(crate) clock: Arc<dyn Clock>,
    /// When the server was started, since the Unix epoch.
    pub(crate) started: Duration,
}

#[async_trait]
impl Metrics for Observed {
    async fn text(&self) -> String {
        let mut families = vec![
            Family::info("build", "The server's version", vec![("version", VERSION.to_owned())]),
            self.start_time(),
        ];
        families.extend(requests::families(&self.meters));
        families.extend(quotas::families(&self.request_quotas));
        families.extend(filtered::families(&self.filters));
        families.extend(parts::connections(&self.traffic));
        families.extend(tls::families(&self.certificates));
        families.extend(parts::store(&self.store, self.store_file.as_deref()));
        families.extend(parts::caches(&self.kms, &self.directory));
        families.extend(parts::audit(&self.trail.lag()));
        families.extend(parts::deliveries(&self.deliveries, self.trail.durable_sequence()));
        families.extend(keys::families(&self.keys, &self.kms, self.clock.now()).await);
        families.extend(parts::upkeep(&self.initiator, &self.runner, self.clock.now()).await);
        family::text(families)
    }
}

impl Observed {
    fn start_time(&self) -> Family {
        let mut family = Family::gauges(
            "start_time_seconds",
            "When the server was started, since the Unix epoch in seconds",
        );
        family.seconds(Vec::new(), self.started);
        family
    }
}
