//! The authenticator of production: nobody without a valid signature of an active access key.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use trent_keystore::{KeystoreError, WrappedCredential};
use trent_store::StoreError;

use crate::access_key::AccessKeyId;
use crate::authenticator::{Authenticator, Outcome, Times, Verdict};
use crate::caller::Caller;
use crate::directory::{Directory, Lookup, RESOLUTION, milliseconds};
use crate::error::{AuthenticationError, unavailable};
use crate::sender::Sender;
use crate::services::ServiceCaller;
use crate::services::headers::ServiceHeaders;
use crate::session::{self, Content};
use crate::signing_keys::{Purpose, Signatory, SigningKeys};
use crate::sigv4::timestamp::SigningTime;
use crate::sigv4::{Claim, Payload, Realm, Scope, SignedRequest};
use crate::standings::Standings;
use crate::unique_id::UniqueId;

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
    pub(crate) async fn verify(&self, request: &SignedRequest<'_>, claim: &Claim<'_>, now: Times) -> Outcome {
        let signed = claim.admit_form(request, now.machine)?;
        let signatory = match self.recall(claim, signed) {
            Some(signatory) => signatory,
            None => self.establish(claim, signed).await?,
        };
        let sender = self.conclude(request, claim, signed, now, &signatory)?;
        self.speaker(request, sender, now).await
    }

    /// As [`verify`](Self::verify), for a request that was sent to another realm, with what it announced of its body; not
    /// asked is for whom a service sent it.
    pub(crate) async fn verify_for(
        &self,
        realm: &Realm,
        request: &SignedRequest<'_>,
        payload: Payload<'_>,
        claim: &Claim<'_>,
        now: Times,
    ) -> Outcome {
        let signed = claim.admit_form(request, now.machine)?;
        let scope = claim.scope(realm, signed)?;
        let signatory = self.signatory(realm, claim.access_key_id()?, &scope, claim.session_token());
        let signatory = signatory.await.map_err(|error| unavailable(&error))?;
        self.conclude_over(request, payload, claim, signed, now, &signatory)
    }

    /// For whom a request was sent: services may send theirs for somebody else.
    async fn speaker(&self, request: &SignedRequest<'_>, sender: Sender, now: Times) -> Outcome {
        match &sender {
            Sender::Principal(_) => Ok(sender),
            Sender::Service(service) => {
                let headers = ServiceHeaders::read(request)?;
                self.directory
                    .speaker(service, headers, self.realm.service(), now.policy)
                    .await
            }
        }
    }

    /// Whether the claim carries the token of a session that was issued here.
    pub(crate) async fn issued(&self, claim: &Claim<'_>, id: &str) -> bool {
        match claim.session_token() {
            Some(token) => Content::open(self.directory.keystore().as_ref(), token, id)
                .await
                .is_some(),
            None => false,
        }
    }

    /// The verdict on a request, known at once if it takes nothing but memory.
    fn verdict<'a>(&'a self, request: &'a SignedRequest<'a>, now: Times) -> Result<Verdict<'a>, AuthenticationError> {
        let claim = Claim::read(request)?;
        let signed = claim.admit_form(request, now.machine)?;
        if let Some(signatory) = self.recall(&claim, signed) {
            let sender = self.conclude(request, &claim, signed, now, &signatory)?;
            return Ok(match sender {
                Sender::Principal(_) => Verdict::known(Ok(sender)),
                Sender::Service(_) => Verdict::pending(self.speaker(request, sender, now)),
            });
        }
        Ok(Verdict::pending(async move {
            let signatory = self.establish(&claim, signed).await?;
            let sender = self.conclude(request, &claim, signed, now, &signatory)?;
            self.speaker(request, sender, now).await
        }))
    }

    /// Who stands behind the claim's credential, if that is in memory.
    fn recall(&self, claim: &Claim<'_>, signed: SigningTime) -> Option<Arc<Signatory>> {
        let state = self.directory.state()?;
        self.standings
            .get(claim.credential(), claim.session_token(), signed.day(), state)
    }

    /// Finds out who stands behind the claim's credential, and remembers it.
    async fn establish(&self, claim: &Claim<'_>, signed: SigningTime) -> Result<Arc<Signatory>, AuthenticationError> {
        let scope = claim.admit_scope(&self.realm, signed)?.scope;
        let id = claim.access_key_id()?;
        let state = self.directory.state();
        let sent = claim.session_token();
        let signatory = self
            .signatory(&self.realm, id, &scope, sent)
            .await
            .map_err(|error| unavailable(&error))?;
        let signatory = Arc::new(signatory);
        // A token that is not this credential's must not push out what is known of the one that is.
        if let Some(state) = state
            && sent.is_some() == signatory.token.is_some()
        {
            self.standings.keep(claim.credential(), scope.day, state, &signatory);
        }
        Ok(signatory)
    }

    async fn signatory(
        &self,
        realm: &Realm,
        id: &str,
        scope: &Scope,
        token: Option<&[u8]>,
    ) -> Result<Signatory, Failure> {
        if let Some(token) = token
            && let Some(content) = Content::open(self.directory.keystore().as_ref(), token, id).await
        {
            return self.session(realm, id, scope, token, &content).await;
        }
        match self.directory.look_up(id).await? {
            Lookup::Active { party, live, key } => {
                let purpose = purpose(realm, id, key.revision.0, scope);
                let keystore = self.directory.keystore().as_ref();
                let signing = self.keys.get(purpose, keystore, &key.credential).await?;
                let region = realm.region_of(&scope.region);
                let holder = self
                    .directory
                    .holder(id, region, realm.service(), &party, &live)
                    .await?;
                Ok(Signatory::new(signing, holder.map(Sender::Principal), None))
            }
            Lookup::Service { service, key } => {
                let purpose = purpose(realm, id, key.revision.0, scope);
                let keystore = self.directory.keystore().as_ref();
                let signing = self.keys.get(purpose, keystore, &key.credential).await?;
                let caller = ServiceCaller::new(service, id, realm.region_of(&scope.region));
                Ok(Signatory::new(signing, Some(Sender::Service(caller)), None))
            }
            Lookup::Refused | Lookup::Unknown => self.nobody(realm, id, scope).await,
        }
    }

    /// The holder of a session, if everybody whom it depends on is there and none of them has ended it.
    async fn session(
        &self,
        realm: &Realm,
        id: &str,
        scope: &Scope,
        token: &[u8],
        content: &Content,
    ) -> Result<Signatory, Failure> {
        let purpose = purpose(realm, id, session::digest(token), scope);
        let keystore = self.directory.keystore().as_ref();
        let credential = WrappedCredential(content.credential.clone());
        let signing = self.keys.get(purpose, keystore, &credential).await?;
        let identity = self
            .directory
            .resolve_session(content, realm.region_of(&scope.region), realm.service())
            .await?;
        let caller = identity.map(|identity| Sender::Principal(Caller::from(identity)));
        Ok(Signatory::new(signing, caller, Some(token)))
    }

    /// Nobody, in the place of the holder of an access key that signs nothing.
    async fn nobody(&self, realm: &Realm, id: &str, scope: &Scope) -> Result<Signatory, Failure> {
        let purpose = purpose(realm, id.get(..AccessKeyId::MAX_LENGTH).unwrap_or(id), 0, scope);
        let keystore = self.directory.keystore().as_ref();
        let Nobody { credential, keys } = &self.nobody;
        Ok(Signatory::new(
            keys.get(purpose, keystore, credential).await?,
            None,
            None,
        ))
    }

    /// Verifies the signature, last of all checks but the session's end.
    fn conclude(
        &self,
        request: &SignedRequest<'_>,
        claim: &Claim<'_>,
        signed: SigningTime,
        now: Times,
        signatory: &Signatory,
    ) -> Outcome {
        claim.check_payload_is_signed()?;
        self.conclude_over(request, Payload::Body, claim, signed, now, signatory)
    }

    fn conclude_over(
        &self,
        request: &SignedRequest<'_>,
        payload: Payload<'_>,
        claim: &Claim<'_>,
        signed: SigningTime,
        now: Times,
        signatory: &Signatory,
    ) -> Outcome {
        let verdict = claim.verify_here(request, signed, payload, &signatory.key);
        // Whatever comes out: an access key that is not active admits nobody.
        let Some(sender) = &signatory.sender else {
            return Err(if claim.has_session_token() {
                AuthenticationError::SessionToken
            } else {
                AuthenticationError::UnknownAccessKey
            });
        };
        verdict?;
        match sender.principal().and_then(|caller| caller.session.as_ref()) {
            // A long-term key has no token.
            None if claim.has_session_token() => return Err(AuthenticationError::SessionToken),
            Some(session) if now.policy >= session.expires_at => return Err(AuthenticationError::ExpiredToken),
            _ => {}
        }
        if let Sender::Principal(caller) = sender {
            self.note(caller, signatory, now.machine);
        }
        Ok(sender.clone())
    }

    /// Notes that a credential was used, unless that was noted lately.
    fn note(&self, caller: &Caller, signatory: &Signatory, now: Duration) {
        let now = milliseconds(now);
        let noted_at = signatory.noted_at.load(Ordering::Relaxed);
        if now.saturating_sub(noted_at) >= RESOLUTION {
            signatory.noted_at.store(now, Ordering::Relaxed);
            let role = caller
                .session
                .as_ref()
                .and_then(|session| session.principal.id.as_ref());
            let subject = role.map_or(caller.access_key_id.as_str(), UniqueId::as_str);
            self.directory.note_use(subject, now, &caller.region, &caller.service);
        }
    }
}

fn purpose<'p>(realm: &'p Realm, access_key_id: &'p str, revision: u64, scope: &'p Scope) -> Purpose<'p> {
    Purpose {
        access_key_id,
        revision,
        scope,
        service: realm.service(),
    }
}

/// Why a signatory could not be found out: the fault of the server.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Keystore(#[from] KeystoreError),
}

impl Authenticator for VerifyingAuthenticator {
    fn authenticate<'a>(&'a self, request: &'a SignedRequest<'a>, now: Times) -> Verdict<'a> {
        let verdict = self.verdict(request, now);
        verdict.unwrap_or_else(|error| Verdict::known(Err(error)))
    }
}
