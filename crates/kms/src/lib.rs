//! The KMS operations and their rules: keys, aliases, tags, policies, grants, cryptography.
//!
//! Each operation is one file under [`operations`]: its row, what it needs to be allowed, what it would do. The
//! [`catalogue`] lists them. Nothing here commits and nothing here decides who may call: see `trent_service`.

pub mod actions;
mod algorithms;
pub mod aliases;
pub mod catalogue;
mod census;
mod charges;
pub mod conditions;
pub mod console_policy;
mod cryptography;
pub mod eligibility;
mod expectation;
mod facts;
pub mod grants;
mod imported;
mod inventory;
pub mod keys;
mod last_use;
mod lifecycle;
pub mod lint;
mod lockout;
pub mod managed;
mod metadata;
mod new_key;
pub mod operations;
mod paging;
pub mod policy;
pub mod recipient;
pub mod records;
mod recovery;
mod reference;
mod rehearsal;
pub mod rules;
pub mod seed;
mod service_role;
mod signatures;
mod source;
pub mod state;
mod tagged;
pub mod tags;

use std::collections::BTreeMap;
use std::sync::Arc;

use trent_api::{ApiError, Protocol};
use trent_attestation::Roots;
use trent_identity::organization::Placement;
use trent_identity::{PrincipalDirectory, Via};
use trent_keystore::Keystore;
use trent_names::{AccountId, KeyId, Region};
use trent_policy::{ConditionKey, Values};
use trent_service::{Actor, AuditedResource, Call, Quotas, Recorded, Service, internal};
use trent_store::Sealed;

pub use crate::census::{Census, Expiring};
use crate::expectation::expected_key;
use crate::keys::KeySpace;
pub use crate::last_use::Uses;
pub use crate::lifecycle::{Courier, Delivery, Runner};
use crate::rules::Rules;

/// The KMS of one deployment: the keys of its Regions, the keystore that uses them, and whoever knows the principals
/// that key policies name.
pub struct Kms {
    regions: BTreeMap<Region, KeySpace>,
    keystore: Arc<dyn Keystore>,
    principals: Arc<dyn PrincipalDirectory>,
    attestation_roots: Arc<Roots>,
}

impl Kms {
    /// The KMS over a store, for the Regions that the deployment serves; accounts may have as much as `quotas` say.
    pub fn new(
        store: &Sealed,
        regions: &[Region],
        keystore: Arc<dyn Keystore>,
        principals: Arc<dyn PrincipalDirectory>,
        quotas: &Arc<Quotas>,
    ) -> Self {
        let regions = regions
            .iter()
            .map(|region| (region.clone(), KeySpace::new(store, region, quotas)))
            .collect();
        Self {
            regions,
            keystore,
            principals,
            attestation_roots: Arc::new(Roots::default()),
        }
    }

    /// The same, believing attestation documents that lead to other roots than that of AWS as well.
    #[must_use]
    pub fn with_attestation_roots(mut self, roots: Roots) -> Self {
        self.attestation_roots = Arc::new(roots);
        self
    }

    /// The keystore.
    pub(crate) fn keystore(&self) -> &dyn Keystore {
        &*self.keystore
    }

    /// Who knows which principals exist.
    pub(crate) fn principals(&self) -> &dyn PrincipalDirectory {
        &*self.principals
    }

    /// The roots of the attestation documents that are believed.
    pub(crate) const fn attestation_roots(&self) -> &Arc<Roots> {
        &self.attestation_roots
    }

    /// The keys of every Region that is served.
    pub(crate) fn spaces(&self) -> impl Iterator<Item = &KeySpace> {
        self.regions.values()
    }

    /// The keys of a Region, if it is served.
    pub(crate) fn served(&self, region: &Region) -> Option<&KeySpace> {
        self.regions.get(region)
    }

    /// The keys of the Region of an admitted call.
    pub(crate) fn space(&self, region: &Region) -> Result<&KeySpace, ApiError> {
        self.served(region).ok_or_else(|| {
            internal(format_args!(
                "a request for Region {region}, which is not served, was let through"
            ))
        })
    }
}

impl Service for Kms {
    type Rules = Rules;

    const PROTOCOL: Protocol = trent_api::kms::PROTOCOL;
    const EVENT_SOURCE: &'static str = "kms.amazonaws.com";
    const HAS_REQUEST_QUOTAS: bool = true;

    fn condition<'a>(call: &'a Call, key: &ConditionKey) -> Values<'a> {
        match (key.lower(), &call.actor) {
            ("kms:calleraccount", Actor::Principal(caller)) => Values::One(caller.account.as_str()),
            ("kms:viaservice", _) => Values::optional(call.via().map(Via::name)),
            // A service makes it for the resource of a principal when it calls for the principal.
            ("kms:grantisforawsresource", _) => Values::boolean(call.via().is_some()),
            _ => Values::Absent,
        }
    }

    fn expect(&self, document: &[u8]) -> Option<KeyId> {
        let key = expected_key(document)?;
        self.spaces().for_each(|space| space.expect(key));
        Some(key)
    }

    fn approach(&self, key: KeyId) {
        self.spaces().for_each(|space| space.approach(key));
    }

    fn carried_out(&self, call: &Call, operation: &'static str, about: &[AuditedResource], recorded: &Recorded) {
        if let Some(space) = self.served(&call.region) {
            last_use::note(space, call, operation, about, recorded);
        }
    }

    async fn placement(&self, owner: AccountId) -> Result<Option<Arc<Placement>>, ApiError> {
        self.principals.placement(owner).await.map_err(internal)
    }
}

/// The account that a call acts in. Only principals of accounts reach these operations.
pub(crate) fn account_of(call: &Call) -> Result<AccountId, ApiError> {
    call.account().ok_or_else(only_of_accounts)
}

/// The refusal of an operation that acts in an account, to who is of none.
pub(crate) fn only_of_accounts() -> ApiError {
    trent_api::protocol::access_denied("Only principals of accounts can call this operation")
}
