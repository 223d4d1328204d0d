//! Issuing sessions. Whether the caller may have one is decided before; what one may be is checked here.

use std::time::Duration;

use trent_crypto::Secret;
use trent_keystore::KeystoreError;
use trent_store::StoreError;

use super::SessionKind;
use super::token::{Claim, Content, Packed, Parties};
use crate::access_key::AccessKeyId;
use crate::directory::principals::{PolicyReference, Tag};
use crate::directory::{Directory, EntityError, Live, Party, builtin};
use crate::rules::{self, InvalidInput, PolicyArn};

/// The shortest session.
pub const SHORTEST: Duration = Duration::from_mins(15);
/// The longest session of a user itself and of a federated user.
pub const LONGEST_OF_USER: Duration = Duration::from_hours(36);
/// The longest session that a root user begins.
pub const LONGEST_OF_ROOT: Duration = Duration::from_hours(1);
/// The longest session of a role that another role's session assumes.
pub const LONGEST_CHAINED: Duration = Duration::from_hours(1);
/// Most managed policies of a session.
pub const POLICY_ARNS: usize = 10;
/// Most characters of a session policy.
pub const POLICY_SIZE: usize = 2_048;
/// Most bytes that session policies and tags take in a token together.
pub const PACKED_SIZE: usize = 4_096;

/// A session to be issued.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// What it is.
    pub kind: SessionKind,
    /// Whose permissions it has: a role, or a user or root user.
    pub principal: Party,
    /// Who issues it: who assumes the role, the OIDC provider that vouches, or the principal itself.
    pub issuer: Party,
    /// The name of the role's session or of the federated user; none for a session of a principal itself.
    pub name: Option<String>,
    /// The source identity.
    pub source_identity: Option<String>,
    /// Session policies as text.
    pub policies: Vec<String>,
    /// Session policies by their ARNs.
    pub policy_arns: Vec<String>,
    /// Session tags; those of an earlier session that this one inherits stand here too.
    pub tags: Vec<Tag>,
    /// The keys of the tags that sessions begun from this one inherit.
    pub transitive_tag_keys: Vec<String>,
    /// The ARN of the OIDC provider that vouches.
    pub federated_provider: Option<String>,
    /// What that provider says of the holder.
    pub claims: Vec<Claim>,
    /// How long it lasts.
    pub lifetime: Duration,
}

/// A session that was just issued. Its secret is shown now or never.
pub struct IssuedSession {
    /// The access key id.
    pub access_key_id: AccessKeyId,
    /// The secret.
    pub secret: Secret,
    /// The session token.
    pub token: String,
    /// When it ends, since 1970.
    pub expires_at: Duration,
    /// How much of the room for session policies and tags it takes; none if it has neither.
    pub packed_percent: Option<u32>,
}

/// Why a session is not issued.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The principal or the issuer does not exist, or their account is suspended.
    #[error("the principal or the issuer of the session does not exist")]
    NoSuchPrincipal,
    /// The kind of session is not one that the principal can have.
    #[error("a principal of this kind has no such sessions")]
    WrongKind,
    /// The lifetime is out of bounds.
    #[error("a session lasts {min} to {max} seconds")]
    Lifetime {
        /// The shortest, in seconds.
        min: u64,
        /// The longest, in seconds.
        max: u64,
    },
    /// A session policy is too long.
    #[error("a session policy has at most {POLICY_SIZE} characters")]
    PolicyTooLong,
    /// Too many session policies by ARN.
    #[error("a session has at most {POLICY_ARNS} managed policies")]
    TooManyPolicyArns,
    /// Too many tags.
    #[error("a session has at most {} tags", rules::TAGS)]
    TooManyTags,
    /// A transitive key that no tag has.
    #[error("`{0}` is no key of a session tag")]
    NoSuchTag(String),
    /// There is no such policy in the principal's account.
    #[error("there is no policy `{0}`")]
    NoSuchPolicy(String),
    /// Session policies and tags take more room than a token has.
    #[error("the session's policies and tags take {percent}% of the room that they have")]
    PackedPolicyTooLarge {
        /// How much they take.
        percent: u32,
    },
    /// A value that the caller chose is not legal.
    #[error(transparent)]
    Invalid(#[from] InvalidInput),
    /// The directory failed.
    #[error(transparent)]
    Directory(#[from] EntityError),
    /// The keystore failed.
    #[error(transparent)]
    Keystore(#[from] KeystoreError),
}

impl From<StoreError> for SessionError {
    fn from(error: StoreError) -> Self {
        Self::Directory(error.into())
    }
}

impl Directory {
    /// Issues a session. `now` is the time since 1970.
    pub async fn issue_session(&self, new: NewSession, now: Duration) -> Result<IssuedSession, SessionError> {
        let principal = self.live(&new.principal).await?.ok_or(SessionError::NoSuchPrincipal)?;
        let issuer = self.live(&new.issuer).await?.ok_or(SessionError::NoSuchPrincipal)?;
        new.check(&principal, &issuer)?;
        let references = self.session_policies(&new).await?;
        let packed = Packed {
            policies: new.policies,
            references,
            tags: new.tags,
            transitive: new.transitive_tag_keys,
        };
        let packed_percent = percent(&packed)?;

        let random = self.keystore().random(AccessKeyId::ENTROPY).await?;
        let mut entropy = [0; AccessKeyId::ENTROPY];
        entropy.copy_from_slice(random.expose());
        let access_key_id = AccessKeyId::temporary(entropy);
        let credential = self.keystore().new_credential().await?;
        let parties = Parties {
            principal: &new.principal,
            issuer: &new.issuer,
        };
        let issued_at = crate::directory::milliseconds(now);
        let content = Content {
            access_key_id: access_key_id.as_str().to_owned(),
            credential: credential.wrapped.0,
            issued_at,
            expires_at: issued_at.saturating_add(crate::directory::milliseconds(new.lifetime)),
            name: new.name,
            source_identity: new.source_identity,
            provider: new.federated_provider,
            claims: (!new.claims.is_empty()).then_some(new.claims),
            ..Content::new(new.kind, &parties, packed)
        };
        Ok(IssuedSession {
            token: content.seal(self.keystore().as_ref()).await?,
            expires_at: content.expires_at(),
            access_key_id,
            secret: credential.secret,
            packed_percent,
        })
    }

    /// The managed policies of a session, which belong to the principal's account or come with the product.
    async fn session_policies(&self, new: &NewSession) -> Result<Vec<PolicyReference>, SessionError> {
        let mut references = Vec::new();
        for arn in &new.policy_arns {
            let missing = || SessionError::NoSuchPolicy(arn.clone());
            let (id, edition) = match PolicyArn::parse(arn)?.account {
                None => {
                    let known = builtin::find(arn).filter(|known| known.is_attachable());
                    (None, known.ok_or_else(missing)?.edition)
                }
                Some(account) if account == new.principal.account => {
                    let found = self.policy(arn).await;
                    let (_, id, record) = found.map_err(|error| match error {
                        EntityError::NoSuch { .. } => missing(),
                        error => error.into(),
                    })?;
                    (Some(id), record.edition)
                }
                Some(_) => return Err(missing()),
            };
            references.push(PolicyReference {
                arn: arn.clone(),
                id,
                edition,
            });
        }
        Ok(references)
    }
}

impl NewSession {
    fn check(&self, principal: &Live, issuer: &Live) -> Result<(), SessionError> {
        let longest = match (self.kind, principal) {
            (SessionKind::Role, Live::Role(role)) => {
                let longest = Duration::from_secs(role.max_session_seconds.into());
                match issuer {
                    Live::Role(_) => longest.min(LONGEST_CHAINED),
                    _ => longest,
                }
            }
            (SessionKind::Federated | SessionKind::Own, Live::User(_)) => LONGEST_OF_USER,
            (SessionKind::Federated | SessionKind::Own, Live::Root) => LONGEST_OF_ROOT,
            _ => return Err(SessionError::WrongKind),
        };
        if !(SHORTEST..=longest).contains(&self.lifetime) {
            return Err(SessionError::Lifetime {
                min: SHORTEST.as_secs(),
                max: longest.as_secs(),
            });
        }
        match (self.kind, &self.name) {
            (SessionKind::Role, Some(name)) => rules::session_name(name)?,
            (SessionKind::Federated, Some(name)) => rules::federated_name(name)?,
            (SessionKind::Own, None) => {}
            _ => return Err(SessionError::WrongKind),
        }
        if let Some(source) = &self.source_identity {
            rules::session_name(source)?;
        }
        for policy in &self.policies {
            rules::document(policy)?;
            if policy.chars().count() > POLICY_SIZE {
                return Err(SessionError::PolicyTooLong);
            }
        }
        if self.policy_arns.len() > POLICY_ARNS {
            return Err(SessionError::TooManyPolicyArns);
        }
        if self.tags.len() > rules::TAGS {
            return Err(SessionError::TooManyTags);
        }
        rules::tags(self.tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str())))?;
        let unknown = |key: &&String| !self.tags.iter().any(|tag| tag.key.eq_ignore_ascii_case(key));
        match self.transitive_tag_keys.iter().find(unknown) {
            Some(key) => Err(SessionError::NoSuchTag(key.clone())),
            None => Ok(()),
        }
    }
}

/// How much of its room the packed part takes, rounded up; `None` if there is nothing in it.
fn percent(packed: &Packed) -> Result<Option<u32>, SessionError> {
    if *packed == Packed::default() {
        return Ok(None);
    }
    let percent = (packed.size() * 100).div_ceil(PACKED_SIZE);
    let percent = u32::try_from(percent).unwrap_or(u32::MAX);
    if percent > 100 {
        return Err(SessionError::PackedPolicyTooLarge { percent });
    }
    Ok(Some(percent))
}
