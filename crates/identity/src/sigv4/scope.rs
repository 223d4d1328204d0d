//! The credential of a signature, `keyid/date/region/service/aws4_request`, and what this service accepts
//! in it.

use std::borrow::Cow;

use trent_names::Region;

use super::timestamp::{Day, SigningTime};
use crate::error::{AuthenticationError, ScopeErrors};

const TERMINATOR: &str = "aws4_request";

/// What an endpoint answers for: the Regions of the deployment and one service's signing name.
#[derive(Clone, Debug)]
pub struct Realm {
    regions: Vec<Region>,
    service: Cow<'static, str>,
    reach: Reach,
}

/// What the Region in a credential means to a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// The request is for that Region.
    Regional,
    /// So it is, and the partition's global Region may be named besides those that are served.
    RegionalAndGlobal,
    /// The request is for the partition's global Region, whichever the client signed for: clients that are given an
    /// endpoint sign for their own Region, others for the global one.
    Global,
}

impl Realm {
    /// A realm of `regions` for the service that clients call `service` when they sign (`kms`).
    pub fn new(regions: impl IntoIterator<Item = Region>, service: impl Into<Cow<'static, str>>) -> Self {
        Self {
            regions: regions.into_iter().collect(),
            service: service.into(),
            reach: Reach::Regional,
        }
    }

    /// The same of a service that has Regions and a global endpoint too, such as STS.
    #[must_use]
    pub fn with_global_endpoint(self) -> Self {
        Self {
            reach: Reach::RegionalAndGlobal,
            ..self
        }
    }

    /// The same of a service that is one for the whole partition, such as IAM.
    #[must_use]
    pub fn global(self) -> Self {
        Self {
            reach: Reach::Global,
            ..self
        }
    }

    /// The Region that a credential may be scoped to, by its name.
    fn signable(&self, name: &str) -> Option<Region> {
        let served = self.regions.iter().find(|served| served.as_str() == name).cloned();
        if served.is_some() || self.reach == Reach::Regional {
            return served;
        }
        let mut global = self.regions.iter().map(|region| region.partition().global_region());
        global.find(|region| region.as_str() == name)
    }

    /// The Region that a request is for, of the one that its credential is scoped to.
    pub fn region_of(&self, scoped: &Region) -> Region {
        match self.reach {
            Reach::Regional | Reach::RegionalAndGlobal => scoped.clone(),
            Reach::Global => scoped.partition().global_region(),
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

/// A credential scope that was found good: a Region that may be signed for, this service, the day of the request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    /// The day.
    pub day: Day,
    /// The Region that the credential names.
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

    /// The service that it is scoped to.
    pub(super) fn service(&self) -> &'a str {
        self.service
    }

    /// Checks the scope against the realm and the time of signing; all faults are reported together.
    pub(super) fn admit(&self, realm: &Realm, signed: SigningTime) -> Result<Scope, AuthenticationError> {
        let day = signed.day();
        let region = realm.signable(self.region);
        let errors = ScopeErrors {
            region: region.is_none().then(|| self.region.to_owned()),
            service: (self.service != realm.service).then(|| realm.service.clone()),
            terminator: (self.terminator != TERMINATOR).then(|| self.terminator.to_owned()),
            date: (self.date != day.as_str()).then(|| (self.date.to_owned(), signed.second())),
        };
        match region {
            Some(region) if !errors.any() => Ok(Scope { day, region }),
            _ => Err(AuthenticationError::Scope(errors)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(name: &str) -> Region {
        Region::parse(name).expect("a Region")
    }

    fn realm() -> Realm {
        Realm::new([region("eu-central-1"), region("us-gov-east-1")], "iam")
    }

    #[test]
    fn a_regional_service_is_signed_for_in_its_regions_alone() {
        assert_eq!(realm().signable("eu-central-1"), Some(region("eu-central-1")));
        assert_eq!(realm().signable("us-east-1"), None);
        assert_eq!(realm().region_of(&region("eu-central-1")), region("eu-central-1"));
    }

    #[test]
    fn a_global_endpoint_is_signed_for_besides() {
        let realm = realm().with_global_endpoint();
        for name in ["eu-central-1", "us-east-1", "us-gov-west-1"] {
            let signed = realm.signable(name).expect(name);
            assert_eq!(realm.region_of(&signed), signed);
        }
        assert_eq!(realm.signable("cn-north-1"), None);
        assert_eq!(realm.signable("eu-west-1"), None);
    }

    #[test]
    fn a_global_service_is_for_its_partitions_global_region() {
        let realm = realm().global();
        for (signed, expected) in [
            ("eu-central-1", "us-east-1"),
            ("us-east-1", "us-east-1"),
            ("us-gov-east-1", "us-gov-west-1"),
        ] {
            let signed = realm.signable(signed).expect(signed);
            assert_eq!(realm.region_of(&signed), region(expected));
        }
        assert_eq!(realm.signable("eu-west-1"), None);
    }
}
