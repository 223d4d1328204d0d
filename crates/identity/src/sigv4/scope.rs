//! The credential of a signature, `keyid/date/region/service/aws4_request`, and what this service accepts
//! in it.

use std::borrow::Cow;

use trent_names::Region;

use super::timestamp::{Day, SigningTime};
use crate::error::{AuthenticationError, ScopeErrors};

const TERMINATOR: &str = "aws4_request";

/// What a listener answers for: the Regions of the deployment and one service's signing name.
#[derive(Clone, Debug)]
pub struct Realm {
    regions: Vec<Region>,
    service: Cow<'static, str>,
}

impl Realm {
    /// A realm of `regions` for the service that clients call `service` when they sign (`kms`).
    pub fn new(regions: impl IntoIterator<Item = Region>, service: impl Into<Cow<'static, str>>) -> Self {
        Self {
            regions: regions.into_iter().collect(),
            service: service.into(),
        }
    }

    /// The Regions that are served.
    pub fn regions(&self) -> &[Region] {
        &self.regions
    }

    /// The service's signing name.
    pub fn service(&self) -> &str {
        &self.service
    }
}

/// A credential scope that was found good: a served Region, this service, the day of the request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    /// The day.
    pub day: Day,
    /// The Region that the request is for.
    pub region: Region,
}

/// A credential split into its five parts, not yet checked.
pub(super) struct Credential<'a> {
    pub(super) access_key_id: &'a str,
    date: &'a str,
    region: &'a str,
    service: &'a str,
    terminator: &'a str,
}

impl<'a> Credential<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, AuthenticationError> {
        let mut parts = text.split('/');
        let mut next = || parts.next().filter(|part| !part.is_empty());
        let five = (next(), next(), next(), next(), next());
        match (five, parts.next()) {
            ((Some(access_key_id), Some(date), Some(region), Some(service), Some(terminator)), None) => Ok(Self {
                access_key_id,
                date,
                region,
                service,
                terminator,
            }),
            _ => Err(AuthenticationError::Credential(text.to_owned())),
        }
    }

    /// Checks the scope against the realm and the time of signing; all faults are reported together.
    pub(super) fn admit(&self, realm: &Realm, signed: SigningTime) -> Result<Scope, AuthenticationError> {
        let day = signed.day();
        let region = realm.regions.iter().find(|served| served.as_str() == self.region);
        let errors = ScopeErrors {
            region: region.is_none().then(|| self.region.to_owned()),
            service: (self.service != realm.service).then(|| realm.service.clone()),
            terminator: (self.terminator != TERMINATOR).then(|| self.terminator.to_owned()),
            date: (self.date != day.as_str()).then(|| (self.date.to_owned(), signed.second())),
        };
        match region {
            Some(region) if !errors.any() => Ok(Scope {
                day,
                region: region.clone(),
            }),
            _ => Err(AuthenticationError::Scope(errors)),
        }
    }
}
