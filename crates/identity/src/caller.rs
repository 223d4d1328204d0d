//! Who sent a request, once that is established.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use trent_names::{AccountId, PrincipalArn, Region};

/// An authenticated caller; cheap to clone. The authenticator makes one for each signing key and gives out clones.
#[derive(Clone)]
pub struct Caller(Arc<Shared>);

/// What the clones of a caller share.
struct Shared {
    identity: Identity,
    audit_identity: OnceLock<Arc<[u8]>>,
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
        })
    }

    /// The ARN that policies know the caller by, as `aws:PrincipalArn` has it: for a session of a role that of the role
    /// (IAM User Guide, "AWS global condition context keys").
    pub fn principal_arn(&self) -> &str {
        self.0.principal_arn.get_or_init(|| match &self.principal {
            PrincipalArn::AssumedRole {
                partition,
                account,
                role,
                ..
            } => format!("arn:{partition}:iam::{account}:role/{role}"),
            principal => principal.to_string(),
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
    pub fn audit_identity(&self, render: impl FnOnce(&Identity) -> Arc<[u8]>) -> &Arc<[u8]> {
        self.0.audit_identity.get_or_init(|| render(&self.0.identity))
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
    use super::*;

    #[test]
    fn the_audit_identity_is_rendered_once_for_all_clones() {
        let account = AccountId::parse("111122223333").expect("twelve digits");
        let region = Region::parse("us-east-1").expect("a Region");
        let caller = Caller::root(account, "AKIAIOSFODNN7EXAMPLE", region, "kms");
        let first = caller.audit_identity(|identity| identity.access_key_id.as_bytes().into());
        let clone = caller.clone();
        let second = clone.audit_identity(|_| unreachable!("it is rendered already"));
        assert!(Arc::ptr_eq(first, second));
        assert_eq!(**first, *b"AKIAIOSFODNN7EXAMPLE");
    }

    /// AUTHZ-31
    #[test]
    fn policies_know_a_session_by_its_role() {
        let region = Region::parse("cn-north-1").expect("a Region");
        let principal = PrincipalArn::parse("arn:aws-cn:sts::111122223333:assumed-role/Builder/one");
        let principal = principal.expect("a session");
        let caller = Caller::from(Identity {
            account: principal.account(),
            principal,
            access_key_id: "ASIAIOSFODNN7EXAMPLE".to_owned(),
            region,
            service: "kms".to_owned(),
            is_root: false,
        });
        assert_eq!(caller.principal_arn(), "arn:aws-cn:iam::111122223333:role/Builder");
        assert_eq!(caller.scope(), "arn:aws-cn:kms:cn-north-1:111122223333:*");
    }
}
