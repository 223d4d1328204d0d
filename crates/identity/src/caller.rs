//! Who sent a request, once that is established.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use trent_names::{AccountId, PrincipalArn, Region};

/// An authenticated caller; cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub struct Caller(Arc<Identity>);

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
        Self(Arc::new(Identity {
            principal: PrincipalArn::Root {
                partition: region.partition(),
                account,
            },
            account,
            access_key_id: access_key_id.into(),
            region,
            service: service.into(),
            is_root: true,
        }))
    }
}

impl From<Identity> for Caller {
    fn from(identity: Identity) -> Self {
        Self(Arc::new(identity))
    }
}

impl Deref for Caller {
    type Target = Identity;

    fn deref(&self) -> &Identity {
        &self.0
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
