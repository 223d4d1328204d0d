//! Issuing forward-access tokens: a service shows the request that a principal signed and sent to it, and gets what lets
//! it call on from there for a while.

use std::sync::Arc;
use std::time::Duration;

use trent_keystore::KeystoreError;
use trent_names::{PrincipalArn, Region};
use trent_store::StoreError;

use super::caller::ServiceCaller;
use super::headers::ServiceHeaders;
use super::token::{Link, Proof, Token};
use crate::authenticator::Times;
use crate::directory::{Directory, Lookup, milliseconds};
use crate::error::AuthenticationError;
use crate::sender::Sender;
use crate::session::Content;
use crate::sigv4::{Claim, PathForm, Payload, Realm, SignedRequest};
use crate::verifying::VerifyingAuthenticator;

/// How long a token lasts, unless the credential behind it ends earlier.
pub const LIFETIME: Duration = Duration::from_mins(15);

/// The most services that a request passes through.
const LONGEST_CHAIN: usize = 8;

/// Services whose paths are signed as they are sent, not normalized and escaped once more (Signature Version 4,
/// "Canonical URI").
const VERBATIM_PATHS: [&str; 4] = ["s3", "s3-outposts", "s3-object-lambda", "s3express"];

/// The head of a request that a principal sent to a service.
#[derive(Clone, Copy)]
pub struct ForwardedRequest<'a> {
    /// The method, upper case as sent.
    pub method: &'a str,
    /// The path, not decoded.
    pub path: &'a str,
    /// The query string, not decoded.
    pub query: &'a str,
    /// The headers, names in lower case; those that came more than once are joined by commas.
    pub headers: &'a [(&'a str, &'a [u8])],
    /// What the signature covers of the body: its SHA-256 in hexadecimal, or the text in its place, such as
    /// `UNSIGNED-PAYLOAD`.
    pub payload: &'a str,
}

/// A token that was issued, and for whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedToken {
    /// The token.
    pub token: String,
    /// When it ends, since 1970.
    pub expires_at: Duration,
    /// The principal that signed the request.
    pub principal: PrincipalArn,
    /// The Region that the request was signed for, and for which the token is good.
    pub region: Region,
}

/// Why no token is issued.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The request does not prove who sent it.
    #[error("the forwarded request is not accepted: {0}")]
    Request(#[from] AuthenticationError),
    /// The service is not in the Region that the request was signed for.
    #[error("the service is not registered in {0}")]
    Region(Region),
    /// The service does not serve the account of the principal.
    #[error("the service does not serve the account of the principal")]
    Account,
    /// A service sent the request as itself, or for somebody whom it only names.
    #[error("the forwarded request was not sent by or for a principal that signed one")]
    NotAPrincipal,
    /// The request came through too many services.
    #[error("the request came through more than {LONGEST_CHAIN} services")]
    TooManyServices,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The keystore failed.
    #[error(transparent)]
    Keystore(#[from] KeystoreError),
}

/// Issues tokens.
pub struct Forwarding {
    directory: Arc<Directory>,
    verifying: VerifyingAuthenticator,
    regions: Vec<Region>,
}

impl Forwarding {
    /// Issues tokens for requests to services in these Regions.
    pub async fn new(directory: Arc<Directory>, regions: &[Region]) -> Result<Self, KeystoreError> {
        // Each request is verified for the realm of the service that it was sent to.
        let realm = Realm::new([], "");
        Ok(Self {
            verifying: VerifyingAuthenticator::new(Arc::clone(&directory), realm).await?,
            directory,
            regions: regions.to_vec(),
        })
    }

    /// Issues a token to `service` for whoever signed `request`, which must be fresh; the token begins by the policy clock.
    pub async fn issue(
        &self,
        service: &ServiceCaller,
        request: &ForwardedRequest<'_>,
        now: Times,
    ) -> Result<IssuedToken, Refusal> {
        let signed = SignedRequest {
            method: request.method,
            path: request.path,
            query: request.query,
            headers: request.headers,
            body: b"",
        };
        let registered = &service.service;
        let realm = Realm::new(self.regions.iter().cloned(), registered.signing_name().to_owned());
        let payload = Payload::Announced {
            text: request.payload.as_bytes(),
            path: if VERBATIM_PATHS.contains(&registered.signing_name()) {
                PathForm::Verbatim
            } else {
                PathForm::Normalized
            },
        };
        let claim = Claim::read(&signed)?;
        let sender = self.verifying.verify_for(&realm, &signed, payload, &claim, now).await?;
        let headers = ServiceHeaders::read(&signed)?;
        let (region, proof, before, latest) = match (&sender, headers) {
            (Sender::Principal(caller), ServiceHeaders::None) => {
                let proof = self.proof(&claim).await?;
                (caller.region.clone(), proof, Vec::new(), None)
            }
            (Sender::Service(earlier), ServiceHeaders::Token(token)) => {
                let region = earlier.region.clone();
                let token = self
                    .directory
                    .forward_access(earlier, token, &region, now.policy)
                    .await?;
                let mut before = token.before;
                before.push(token.service);
                (region, token.proof, before, Some(token.expires_at))
            }
            _ => return Err(Refusal::NotAPrincipal),
        };
        if !registered.is_in(&region) {
            return Err(Refusal::Region(region));
        }
        if before.len() >= LONGEST_CHAIN {
            return Err(Refusal::TooManyServices);
        }
        let issued_at = milliseconds(now.policy);
        let ends = [Some(issued_at + milliseconds(LIFETIME)), proof.ends_at(), latest];
        let token = Token {
            service: Link {
                name: registered.name().to_string(),
                registered_at: registered.registered_at(),
            },
            region: region.to_string(),
            before,
            issued_at,
            expires_at: ends.into_iter().flatten().min().unwrap_or(issued_at),
            proof,
        };
        let principal = self
            .directory
            .principal_of(&token, &region, registered.signing_name())
            .await?;
        let principal = principal.ok_or(AuthenticationError::ForwardAccessToken)?;
        if !registered.serves(principal.account) {
            return Err(Refusal::Account);
        }
        Ok(IssuedToken {
            expires_at: token.expires_at(),
            token: token.seal(self.directory.keystore().as_ref()).await?,
            principal: principal.principal.clone(),
            region,
        })
    }

    /// What the verified request was signed with.
    async fn proof(&self, claim: &Claim<'_>) -> Result<Proof, Refusal> {
        let id = claim.access_key_id()?;
        if let Some(token) = claim.session_token() {
            let content = Content::open(self.directory.keystore().as_ref(), token, id).await;
            let content = content.ok_or(AuthenticationError::SessionToken)?;
            return Ok(Proof::of_session(content));
        }
        match self.directory.look_up(id).await? {
            Lookup::Active { party, key, .. } => Ok(Proof::of_access_key(id, key.serial, &party)),
            _ => Err(AuthenticationError::UnknownAccessKey.into()),
        }
    }
}
