//! The authenticator of production: nobody without a valid signature of an active access key.

use std::sync::Arc;
use std::time::Duration;

use trent_keystore::{KeystoreError, WrappedCredential};
use trent_names::AccountId;

use crate::access_key::AccessKeyId;
use crate::authenticator::{Authenticator, Outcome, Verdict};
use crate::caller::Caller;
use crate::directory::{AccessKeyOwner, Directory, KnownAccessKey, Lookup};
use crate::error::AuthenticationError;
use crate::signing_keys::{Purpose, Signatory, SigningKeys};
use crate::sigv4::timestamp::SigningTime;
use crate::sigv4::{Claim, Realm, Scope, SignedRequest};
use crate::standings::Standings;

/// Signing keys kept: active access keys, times the Regions that each uses in a day.
const KEPT: usize = 8_192;
/// Signing keys kept for access keys that do not exist.
const KEPT_FOR_NOBODY: usize = 1_024;

/// Verifies every request against the directory.
pub struct VerifyingAuthenticator {
    directory: Arc<Directory>,
    realm: Realm,
    standings: Standings,
    keys: SigningKeys,
    nobody: Nobody,
}

/// Who signs for access keys that do not exist: a secret that nobody knows, so that refusing an unknown key takes the
/// steps and the time of refusing a wrong signature.
struct Nobody {
    credential: WrappedCredential,
    keys: SigningKeys,
}

impl VerifyingAuthenticator {
    /// An authenticator for `realm` over the access keys of `directory`.
    pub async fn new(directory: Arc<Directory>, realm: Realm) -> Result<Self, KeystoreError> {
        let credential = directory.keystore().new_credential().await?.wrapped;
        Ok(Self {
            directory,
            realm,
            standings: Standings::new(KEPT + KEPT_FOR_NOBODY),
            keys: SigningKeys::new(KEPT),
            nobody: Nobody {
                credential,
                keys: SigningKeys::new(KEPT_FOR_NOBODY),
            },
        })
    }

    pub(crate) fn directory(&self) -> &Directory {
        &self.directory
    }

    pub(crate) fn realm(&self) -> &Realm {
        &self.realm
    }

    /// The outcome for a claim, wherever what it takes has to come from.
    pub(crate) async fn verify(&self, request: &SignedRequest<'_>, claim: &Claim<'_>, now: Duration) -> Outcome {
        let signed = claim.admit_form(request, now)?;
        let signatory = match self.recall(claim, signed) {
            Some(signatory) => signatory,
            None => self.establish(claim, signed).await?,
        };
        conclude(request, claim, signed, &signatory)
    }

    /// The verdict on a request, known at once if it takes nothing but memory.
    fn verdict<'a>(
        &'a self,
        request: &'a SignedRequest<'a>,
        now: Duration,
    ) -> Result<Verdict<'a>, AuthenticationError> {
        let claim = Claim::read(request)?;
        let signed = claim.admit_form(request, now)?;
        if let Some(signatory) = self.recall(&claim, signed) {
            return conclude(request, &claim, signed, &signatory).map(|caller| Verdict::known(Ok(caller)));
        }
        Ok(Verdict::pending(async move {
            let signatory = self.establish(&claim, signed).await?;
            conclude(request, &claim, signed, &signatory)
        }))
    }

    /// Who stands behind the claim's credential, if that is in memory.
    fn recall(&self, claim: &Claim<'_>, signed: SigningTime) -> Option<Arc<Signatory>> {
        let state = self.directory.state()?;
        self.standings.get(claim.credential(), signed.day(), state)
    }

    /// Finds out who stands behind the claim's credential, and remembers it.
    async fn establish(&self, claim: &Claim<'_>, signed: SigningTime) -> Result<Arc<Signatory>, AuthenticationError> {
        let scope = claim.admit_scope(&self.realm, signed)?.scope;
        let id = claim.access_key_id()?;
        let state = self.directory.state();
        let found = self.directory.look_up(id).await.map_err(|error| unavailable(&error))?;
        let signatory = match found {
            Lookup::Active { account, key } => self.holder(id, &scope, account, &key).await,
            Lookup::Refused | Lookup::Unknown => self.nobody(id, &scope).await,
        };
        let signatory = signatory.map_err(|error| unavailable(&error))?;
        if let Some(state) = state {
            self.standings.keep(claim.credential(), scope.day, state, &signatory);
        }
        Ok(signatory)
    }

    /// The holder of an active access key.
    async fn holder(
        &self,
        id: &str,
        scope: &Scope,
        account: AccountId,
        key: &KnownAccessKey,
    ) -> Result<Arc<Signatory>, KeystoreError> {
        let service = self.realm.service();
        let purpose = Purpose {
            access_key_id: id,
            revision: key.revision.0,
            scope,
            service,
        };
        let caller = || match key.owner {
            AccessKeyOwner::Root => Some(Caller::root(account, id, self.realm.region_of(&scope.region), service)),
        };
        let keystore = self.directory.keystore().as_ref();
        self.keys.get(purpose, keystore, &key.credential, caller).await
    }

    /// Nobody, in the place of the holder of an access key that signs nothing.
    async fn nobody(&self, id: &str, scope: &Scope) -> Result<Arc<Signatory>, KeystoreError> {
        let purpose = Purpose {
            access_key_id: id.get(..AccessKeyId::MAX_LENGTH).unwrap_or(id),
            revision: 0,
            scope,
            service: self.realm.service(),
        };
        let keystore = self.directory.keystore().as_ref();
        let Nobody { credential, keys } = &self.nobody;
        keys.get(purpose, keystore, credential, || None).await
    }
}

impl Authenticator for VerifyingAuthenticator {
    fn authenticate<'a>(&'a self, request: &'a SignedRequest<'a>, now: Duration) -> Verdict<'a> {
        let verdict = self.verdict(request, now);
        verdict.unwrap_or_else(|error| Verdict::known(Err(error)))
    }
}

/// Verifies the signature, last of all checks.
fn conclude(request: &SignedRequest<'_>, claim: &Claim<'_>, signed: SigningTime, signatory: &Signatory) -> Outcome {
    claim.check_payload_is_signed()?;
    let verdict = claim.verify_here(request, signed, &signatory.key);
    // Whatever comes out: an access key that is not active admits nobody.
    let caller = signatory.caller.as_ref().ok_or(AuthenticationError::UnknownAccessKey)?;
    verdict?;
    // No session has been issued yet that a token could belong to; a long-term key has none.
    if claim.has_session_token() {
        return Err(AuthenticationError::SessionToken);
    }
    Ok(caller.clone())
}

/// Fails closed, and tells the operator why: the caller learns only that the server failed.
pub(crate) fn unavailable(error: &dyn std::error::Error) -> AuthenticationError {
    tracing::error!(%error, "a request could not be authenticated");
    AuthenticationError::Unavailable
}
