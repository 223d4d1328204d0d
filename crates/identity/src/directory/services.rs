//! Registered services in memory.

use std::sync::Arc;

use trent_names::ServicePrincipal;
use trent_store::{CacheCounts, ObjectCache, Sealed, StoreError};

use super::{CACHED, Directory, KnownAccessKey, Lookup};
use crate::services::RegisteredService;
use crate::services::registration::{ServiceRecord, service_key};

/// What is in memory of services.
pub(super) struct Services(ObjectCache<ServiceRecord, Option<Arc<RegisteredService>>>);

impl Services {
    pub(super) fn new(sealed: &Sealed) -> Self {
        Self(ObjectCache::new(sealed, CACHED, |stored| {
            RegisteredService::of(stored).map(Arc::new)
        }))
    }

    /// Changes to any of it, counted.
    pub(super) fn changes(&self) -> Option<u64> {
        self.0.changes()
    }

    /// What was counted of the cache.
    pub(super) fn counts(&self) -> CacheCounts {
        self.0.counts()
    }
}

impl Directory {
    /// The registered service of this name.
    pub async fn service(&self, name: &str) -> Result<Option<Arc<RegisteredService>>, StoreError> {
        if ServicePrincipal::parse(name).is_err() {
            return Ok(None);
        }
        let found = self
            .services
            .0
            .get(&self.store, &service_key(&self.store, name))
            .await?;
        Ok(found
            .and_then(|known| known.as_ref().clone())
            .filter(|known| known.name().as_str() == name))
    }

    /// Whose access key this is, which a service's record must list.
    pub(super) async fn service_of_key(&self, id: &str, key: &Arc<KnownAccessKey>) -> Result<Lookup, StoreError> {
        let service = match &key.service {
            Some(name) => self.service(name).await?,
            None => None,
        };
        Ok(match service.filter(|service| service.admits(id, key.serial)) {
            Some(service) => Lookup::Service {
                service,
                key: Arc::clone(key),
            },
            None => Lookup::Refused,
        })
    }
}
