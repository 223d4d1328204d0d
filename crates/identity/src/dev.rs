//! The authenticator of `trent serve --dev`: any credential will do, unless the directory knows better.

use std::sync::Arc;

use trent_keystore::KeystoreError;
use trent_names::AccountId;

use crate::authenticator::{Authenticator, Outcome, Times, Verdict};
use crate::caller::{Caller, Identity};
use crate::directory::Directory;
use crate::entitlements::Entitlements;
use crate::error::unavailable;
use crate::sender::Sender;
use crate::sigv4::{Claim, Realm, SignedRequest};
use crate::verifying::VerifyingAuthenticator;

/// The account of every credential that does not name one.
const DEFAULT_ACCOUNT: &str = "000000000000";

/// Verifies the access keys that the directory holds (a bootstrap or seed file put them there, or an operation) and the
/// sessions that were issued here, and takes any other credential at its word: twelve digits act as the root user of that account, anything else as the root user of
/// `000000000000`. A request without a signature is refused all the same, so that a client that forgot to sign learns
/// of it here and not in production.
pub struct DevAuthenticator {
    verifying: VerifyingAuthenticator,
    default_account: AccountId,
}

impl DevAuthenticator {
    /// An authenticator for `realm` that verifies the access keys of `directory` only.
    pub async fn new(directory: Arc<Directory>, realm: Realm) -> Result<Self, KeystoreError> {
        let default_account = AccountId::parse(DEFAULT_ACCOUNT).expect("twelve digits");
        Ok(Self {
            verifying: VerifyingAuthenticator::new(directory, realm).await?,
            default_account,
        })
    }

    async fn admit(&self, request: &SignedRequest<'_>, now: Times) -> Outcome {
        let claim = Claim::read(request)?;
        let id = claim.access_key_id()?;
        let directory = self.verifying.directory();
        let known = directory.has_access_key(id).await;
        let known = known.map_err(|error| unavailable(&error))?;
        if known || self.verifying.issued(&claim, id).await {
            return self.verifying.verify(request, &claim, now).await;
        }
        let realm = self.verifying.realm();
        let admitted = claim.admit_stale(request, realm)?;
        let account = AccountId::parse(id).unwrap_or(self.default_account);
        let region = realm.region_of(&admitted.scope.region);
        let root = Caller::root(account, id, region, realm.service());
        let entitlements = directory.entitlements_of_account(account).await;
        let entitlements = entitlements.map_err(|error| unavailable(&error))?;
        if entitlements == Entitlements::default() {
            return Ok(Sender::Principal(root));
        }
        // Whoever it is believed to be is limited as it would be.
        Ok(Sender::Principal(Caller::from(Identity {
            entitlements,
            ..Identity::clone(&root)
        })))
    }
}

impl Authenticator for DevAuthenticator {
    fn authenticate<'a>(&'a self, request: &'a SignedRequest<'a>, now: Times) -> Verdict<'a> {
        Verdict::pending(self.admit(request, now))
    }
}
