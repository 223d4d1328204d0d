//! A service that calls as itself.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use trent_names::Region;

use super::registration::RegisteredService;
use super::source::Source;

/// An authenticated service; cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub struct ServiceCaller(Arc<Known>);

/// What is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The registration.
    pub service: Arc<RegisteredService>,
    /// The access key that signed.
    pub access_key_id: String,
    /// The Region of the credential scope: the Region that the request is for.
    pub region: Region,
    /// Its service principals, the one in the Region last: `aws:PrincipalServiceNamesList`.
    pub names: [String; 2],
    /// What it acts for, if it says.
    pub source: Option<Source>,
}

impl ServiceCaller {
    pub(crate) fn new(service: Arc<RegisteredService>, access_key_id: &str, region: Region) -> Self {
        let names = [service.name().to_string(), service.name().in_region(&region)];
        Self(Arc::new(Known {
            service,
            access_key_id: access_key_id.to_owned(),
            region,
            names,
            source: None,
        }))
    }

    /// The same, acting for something.
    #[must_use]
    pub(crate) fn acting_for(&self, source: Source) -> Self {
        Self(Arc::new(Known {
            source: Some(source),
            ..Known::clone(&self.0)
        }))
    }

    /// The service principal: `aws:PrincipalServiceName`.
    pub fn name(&self) -> &str {
        &self.names[0]
    }
}

impl Deref for ServiceCaller {
    type Target = Known;

    fn deref(&self) -> &Known {
        &self.0
    }
}

impl fmt::Debug for ServiceCaller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
