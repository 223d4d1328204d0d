//! Who sent a request, once that is established.

use std::any::Any;
use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use trent_names::{AccountId, PrincipalArn, Region};

use crate::directory::Party;
use crate::entitlements::Entitlements;
use crate::services::Via;
use crate::session::Session;
use crate::unique_id::UniqueId;

/// An authenticated caller; cheap to clone. The authenticator makes one for each signing key and gives out clones.
#[derive(Clone)]
pub struct Caller(Arc<Shared>);

/// What the clones of a caller share.
struct Shared {
    identity: Identity,
    audit_identity: OnceLock<Box<dyn Any + Send + Sync>>,
    principal_arn: OnceLock<String>,
    scope: OnceLock<String>,
}

/// What is known of a caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The principal.
    pub principal: PrincipalArn,
    /// The account that the principal belongs to.
    pub account: AccountId,
    /// The access key that signed.
    pub access_key_id: String,
    /// The Region of the credential scope: the Region that the request is for.
    pub region: Region,
    /// The service of the credential scope.
    pub service: String,
    /// Whether the principal is the account's root user.
    pub is_root: bool,
    /// What kind of principal it is.
    pub kind: PrincipalKind,
    /// Its unique id as policies and records have it: the account's id for the root user, `AIDA...` for a user,
    /// `AROA...:session` for a role's session, `account:name` for a federated user.
    pub unique_id: String,
    /// The session, if it called with temporary credentials.
    pub session: Option<Session>,
    /// What the stored records allow it and restrict it to, as of when it was authenticated.
    pub entitlements: Entitlements,
    /// The service that calls for it, if it does not call itself.
    pub via: Option<Arc<Via>>,
}

/// The kinds of principals that call, as `aws:PrincipalType` names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrincipalKind {
    /// The root user of an account.
    Account,
    /// A user.
    User,
    /// A role's session.
    AssumedRole,
    /// A federated user.
    FederatedUser,
}

impl PrincipalKind {
    /// The value of `aws:PrincipalType`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Account => "Account",
            Self::User => "User",
            Self::AssumedRole => "AssumedRole",
            Self::FederatedUser => "FederatedUser",
        }
    }
}

impl Caller {
    /// The root user of `account`.
    pub fn root(
        account: AccountId,
        access_key_id: impl Into<String>,
        region: Region,
        service: impl Into<String>,
    ) -> Self {
        Self::from(Identity {
            principal: PrincipalArn::Root {
                partition: region.partition(),
                account,
            },
            account,
            access_key_id: access_key_id.into(),
            region,
            service: service.into(),
            is_root: true,
            kind: PrincipalKind::Account,
            unique_id: account.as_str().to_owned(),
            session: None,
            entitlements: Entitlements::default(),
            via: None,
        })
    }

    /// Who stands behind the caller: the root user, user or role whose permissions it has.
    pub fn party(&self) -> Option<Party> {
        let account = self.account;
        match (&self.session, self.kind) {
            (Some(session), _) => Some(session.principal.clone()),
            (None, PrincipalKind::Account) => Some(Party { account, id: None }),
            (None, _) => {
                let id = Some(UniqueId::parse(&self.unique_id).ok()?);
                Some(Party { account, id })
            }
        }
    }

    /// The Region that the request is for, if the caller's account is not enabled there.
    pub fn region_not_enabled(&self) -> Option<&str> {
        let region = self.region.as_str();
        let disabled = self.entitlements.disabled_regions.iter();
        disabled.map(String::as_str).find(|disabled| *disabled == region)
    }

    /// Whether the caller's account is enabled in a Region.
    pub fn is_enabled_in(&self, region: &Region) -> bool {
        let mut disabled = self.entitlements.disabled_regions.iter();
        !disabled.any(|disabled| disabled == region.as_str())
    }

    /// The ARN that policies know the caller by, as `aws:PrincipalArn` has it: for a session of a role that of the role
    /// (IAM User Guide, "AWS global condition context keys").
    pub fn principal_arn(&self) -> &str {
        self.0
            .principal_arn
            .get_or_init(|| match (&self.principal, &self.session) {
                (PrincipalArn::AssumedRole { .. }, Some(session)) => session.principal_arn.to_string(),
                (principal, _) => principal.to_string(),
            })
    }

    /// Everything that the account has in the Region and of the service that the request is for, as policies name it:
    /// what an operation without a resource is about.
    pub fn scope(&self) -> &str {
        self.0.scope.get_or_init(|| {
            let Identity {
                region,
                service,
                account,
                ..
            } = &**self;
            format!("arn:{}:{service}:{region}:{account}:*", region.partition())
        })
    }

    /// The caller as the audit trail writes it, rendered by `render` the first time that any clone is asked and kept
    /// for as long as there is one. This crate does not know the form; whoever asks must always ask for the same.
    pub fn audit_identity<T: Any + Send + Sync>(&self, render: impl FnOnce(&Identity) -> T) -> &T {
        let kept = self.0.audit_identity.get_or_init(|| Box::new(render(&self.0.identity)));
        kept.downcast_ref().expect("everybody asks for the same form")
    }
}

impl PartialEq for Caller {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Caller {}

impl From<Identity> for Caller {
    fn from(identity: Identity) -> Self {
        Self(Arc::new(Shared {
            identity,
            audit_identity: OnceLock::new(),
            principal_arn: OnceLock::new(),
            scope: OnceLock::new(),
        }))
    }
}

impl Deref for Caller {
    type Target = Identity;

    fn deref(&self) -> &Identity {
        &self.0.identity
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.identity.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::session::SessionKind;

    #[test]
    fn the_audit_identity_is_rendered_once_for_all_clones() {
        let account = AccountId::parse("111122223333").expect("twelve digits");
        let region = Region::parse("us-east-1").expect("a Region");
        let caller = Caller::root(account, "AKIAIOSFODNN7EXAMPLE", region, "kms");
        let first = caller.audit_identity(|identity| identity.access_key_id.clone());
        let clone = caller.clone();
        let second = clone.audit_identity::<String>(|_| unreachable!("it is rendered already"));
        assert!(std::ptr::eq(first, second));
        assert_eq!(first, "AKIAIOSFODNN7EXAMPLE");
    }

    /// AUTHZ-31
    #[test]
    fn policies_know_a_session_by_its_role() {
        let region = Region::parse("cn-north-1").expect("a Region");
        let arn = |text: &str| PrincipalArn::parse(text).expect("a principal");
        let principal = arn("arn:aws-cn:sts::111122223333:assumed-role/Builder/one");
        let account = principal.account();
        let party = Party { account, id: None };
        let caller = Caller::from(Identity {
            principal,
            is_root: false,
            kind: PrincipalKind::AssumedRole,
            session: Some(Session {
                kind: SessionKind::Role,
                issued_at: Duration::ZERO,
                expires_at: Duration::ZERO,
                principal: party.clone(),
                issuer: party,
                principal_arn: arn("arn:aws-cn:iam::111122223333:role/team/Builder"),
                name: Some("one".to_owned()),
                source_identity: None,
                tags: Vec::new(),
                transitive_tag_keys: Vec::new(),
                federated_provider: None,
                claims: Vec::new(),
            }),
            ..Identity::clone(&Caller::root(account, "ASIAIOSFODNN7EXAMPLE", region, "kms"))
        });
        assert_eq!(caller.principal_arn(), "arn:aws-cn:iam::111122223333:role/team/Builder");
        assert_eq!(caller.scope(), "arn:aws-cn:kms:cn-north-1:111122223333:*");
    }
}
