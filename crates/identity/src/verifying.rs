//! The authenticator of production: nobody without a valid signature of an active access key.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use trent_keystore::{KeystoreError, WrappedCredential};

use crate::access_key::AccessKeyId;
use crate::authenticator::Authenticator;
use crate::caller::Caller;
use crate::directory::{AccessKeyOwner, Directory, Lookup};
use crate::error::AuthenticationError;
use crate::signing_keys::{Purpose, SigningKeys};
use crate::sigv4::{Admitted, Claim, Realm, SignedRequest};

/// Signing keys kept: active access keys, times the Regions that each uses in a day.
const KEPT: usize = 8_192;
/// Signing keys kept for access keys that do not exist.
const KEPT_FOR_NOBODY: usize = 1_024;
/// Most canonical requests fit without growing the buffer.
const USUAL_REQUEST: usize = 1_024;

/// Verifies every request against the directory.
pub struct VerifyingAuthenticator {
    directory: Arc<Directory>,
    realm: Realm,
    keys: SigningKeys<Caller>,
    nobody: Nobody,
}

/// Who signs for access keys that do not exist: a secret that nobody knows, so that refusing an unknown key takes the
/// steps and the time of refusing a wrong signature.
struct Nobody {
    credential: WrappedCredential,
    keys: SigningKeys<()>,
}

impl VerifyingAuthenticator {
    /// An authenticator for `realm` over the access keys of `directory`.
    pub async fn new(directory: Arc<Directory>, realm: Realm) -> Result<Self, KeystoreError> {
        let credential = directory.keystore().new_credential().await?.wrapped;
        Ok(Self {
            directory,
            realm,
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

    pub(crate) async fn verify(
        &self,
        request: &SignedRequest<'_>,
        claim: &Claim<'_>,
        now: Duration,
    ) -> Result<Caller, AuthenticationError> {
        let admitted = claim.admit(request, &self.realm, now)?;
        let id = claim.access_key_id()?;
        let found = self.directory.look_up(id).await.map_err(|error| unavailable(&error))?;
        let Lookup::Active { account, key } = found else {
            self.refuse_after_verifying(request, claim, &admitted, id).await?;
            return Err(AuthenticationError::UnknownAccessKey);
        };
        let service = self.realm.service();
        let purpose = Purpose {
            access_key_id: id,
            revision: key.revision.0,
            scope: &admitted.scope,
            service,
        };
        let companion = || match key.owner {
            AccessKeyOwner::Root => Caller::root(account, id, admitted.scope.region.clone(), service),
        };
        let keystore = self.directory.keystore().as_ref();
        let kept = self.keys.get(purpose, keystore, &key.credential, companion).await;
        let kept = kept.map_err(|error| unavailable(&error))?;
        let (signing_key, caller) = kept.as_ref();
        claim.verify(
            request,
            &admitted,
            service,
            signing_key,
            &mut Vec::with_capacity(USUAL_REQUEST),
        )?;
        // No session has been issued yet that a token could belong to; a long-term key has none.
        if claim.has_session_token() {
            return Err(AuthenticationError::SessionToken);
        }
        Ok(caller.clone())
    }

    async fn refuse_after_verifying(
        &self,
        request: &SignedRequest<'_>,
        claim: &Claim<'_>,
        admitted: &Admitted,
        id: &str,
    ) -> Result<(), AuthenticationError> {
        let service = self.realm.service();
        let access_key_id = id.get(..AccessKeyId::MAX_LENGTH).unwrap_or(id);
        let purpose = Purpose {
            access_key_id,
            revision: 0,
            scope: &admitted.scope,
            service,
        };
        let keystore = self.directory.keystore().as_ref();
        let kept = self
            .nobody
            .keys
            .get(purpose, keystore, &self.nobody.credential, || ())
            .await;
        let kept = kept.map_err(|error| unavailable(&error))?;
        let mut buffer = Vec::with_capacity(USUAL_REQUEST);
        // Whatever comes out: an access key that is not active admits nobody.
        let _ = claim.verify(request, admitted, service, &kept.0, &mut buffer);
        Ok(())
    }
}

#[async_trait]
impl Authenticator for VerifyingAuthenticator {
    async fn authenticate(&self, request: &SignedRequest<'_>, now: Duration) -> Result<Caller, AuthenticationError> {
        let claim = Claim::read(request)?;
        self.verify(request, &claim, now).await
    }
}

/// Fails closed, and tells the operator why: the caller learns only that the server failed.
pub(crate) fn unavailable(error: &dyn std::error::Error) -> AuthenticationError {
    tracing::error!(%error, "a request could not be authenticated");
    AuthenticationError::Unavailable
}
