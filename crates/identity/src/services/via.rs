//! That a service calls for a principal: what policies and records learn of it.

use std::sync::Arc;

use trent_names::{Region, via_service};

use super::registration::RegisteredService;

/// The service that calls for a principal, and the services before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Via {
    chain: Vec<String>,
    name: String,
    in_region: String,
    service: Option<Arc<RegisteredService>>,
    asserted: bool,
}

impl Via {
    /// A call by `service` in a Region; `before` are the service principals that it came through, the first one first.
    pub(crate) fn new(service: &Arc<RegisteredService>, before: &[String], region: &Region) -> Self {
        let principal = service.name();
        Self {
            chain: before.iter().cloned().chain([principal.to_string()]).collect(),
            name: service.via_name(region),
            in_region: principal.in_region(region),
            service: Some(Arc::clone(service)),
            asserted: false,
        }
    }

    /// The same without any proof that the principal asked for anything.
    pub(crate) fn asserted(service: &Arc<RegisteredService>, region: &Region) -> Self {
        Self {
            asserted: true,
            ..Self::new(service, &[], region)
        }
    }

    /// What a call by a service that nobody has registered would be: for questions. `name` is its name in
    /// `kms:ViaService`, or the beginning of it.
    pub fn imagined(name: &str, region: &Region) -> Self {
        let (prefix, name) = match name.split_once('.') {
            Some((prefix, _)) => (prefix, name.to_owned()),
            None => (name, via_service(name, region)),
        };
        Self {
            chain: vec![format!("{prefix}.amazonaws.com")],
            in_region: name.clone(),
            name,
            service: None,
            asserted: false,
        }
    }

    /// What a call by a registered service would be: for questions.
    pub fn registered(service: &Arc<RegisteredService>, region: &Region) -> Self {
        Self::new(service, &[], region)
    }

    /// `aws:CalledVia`: the service principals that the call came through, the first one first.
    pub fn chain(&self) -> &[String] {
        &self.chain
    }

    /// `kms:ViaService`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The service principal that calls.
    pub fn principal(&self) -> &str {
        self.chain.last().map_or("", String::as_str)
    }

    /// Whether this is a name of the service principal that calls, its name in the Region included.
    pub fn is_called(&self, name: &str) -> bool {
        name == self.principal() || name == self.in_region
    }

    /// The registration of the service; `None` for one that is only imagined.
    pub fn service(&self) -> Option<&RegisteredService> {
        self.service.as_deref()
    }

    /// Whether the principal is only asserted.
    pub fn is_asserted(&self) -> bool {
        self.asserted
    }
}
