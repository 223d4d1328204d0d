//! Signing keys in memory: the day's key of each access key, Region and service, so that a request costs one HMAC and
//! not five and an unwrapping.
//!
//! Keyed also by the revision of the access key's record, or by the digest of the session's token, so a key whose secret
//! changed is never found under its old one. A signing key admits nobody: who stands behind it is looked up apart. Bounded; a signing key opens nothing but its own day, Region and service, and is wiped when it is dropped.

use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use quick_cache::Equivalent;
use quick_cache::sync::Cache;
use trent_crypto::sigv4::SigningKey;
use trent_keystore::{Keystore, KeystoreError, WrappedCredential};
use trent_names::Region;

use crate::sender::Sender;
use crate::sigv4::Scope;
use crate::sigv4::timestamp::Day;

/// What a signing key is for.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Purpose<'a> {
    pub(crate) access_key_id: &'a str,
    /// The revision of the access key's record, or the digest of the session's token.
    pub(crate) revision: u64,
    pub(crate) scope: &'a Scope,
    pub(crate) service: &'a str,
}

/// The same, owned.
struct Owned {
    access_key_id: Box<str>,
    revision: u64,
    scope: Scope,
    service: Box<str>,
}

impl Owned {
    fn borrowed(&self) -> Purpose<'_> {
        Purpose {
            access_key_id: &self.access_key_id,
            revision: self.revision,
            scope: &self.scope,
            service: &self.service,
        }
    }
}

impl Hash for Owned {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.borrowed().hash(state);
    }
}

impl PartialEq for Owned {
    fn eq(&self, other: &Self) -> bool {
        self.borrowed() == other.borrowed()
    }
}

impl Eq for Owned {}

impl Equivalent<Owned> for Purpose<'_> {
    fn equivalent(&self, key: &Owned) -> bool {
        *self == key.borrowed()
    }
}

/// A signing key, and whom a request that is signed with it comes from.
pub(crate) struct Signatory {
    pub(crate) key: Arc<SigningKey>,
    /// `None` if the access key does not exist or signs nothing now.
    pub(crate) sender: Option<Sender>,
    /// The token that the access key comes with, if it is temporary.
    pub(crate) token: Option<Box<[u8]>>,
    /// When its use was noted last: milliseconds since 1970.
    pub(crate) noted_at: AtomicU64,
}

impl Signatory {
    pub(crate) fn new(key: Arc<SigningKey>, sender: Option<Sender>, token: Option<&[u8]>) -> Self {
        Self {
            key,
            sender,
            token: token.map(Into::into),
            noted_at: AtomicU64::new(0),
        }
    }
}

/// A bounded cache of signing keys.
pub(crate) struct SigningKeys(Cache<Owned, Arc<SigningKey>>);

impl SigningKeys {
    pub(crate) fn new(capacity: usize) -> Self {
        Self(Cache::new(capacity))
    }

    /// The signing key for `purpose`, derived by the keystore if it is not at hand.
    pub(crate) async fn get(
        &self,
        purpose: Purpose<'_>,
        keystore: &dyn Keystore,
        credential: &WrappedCredential,
    ) -> Result<Arc<SigningKey>, KeystoreError> {
        if let Some(kept) = self.0.get(&purpose) {
            return Ok(kept);
        }
        let Scope { day, region } = purpose.scope;
        let key = Arc::new(derive(keystore, credential, *day, region, purpose.service).await?);
        let owned = Owned {
            access_key_id: purpose.access_key_id.into(),
            revision: purpose.revision,
            scope: purpose.scope.clone(),
            service: purpose.service.into(),
        };
        self.0.insert(owned, Arc::clone(&key));
        Ok(key)
    }
}

async fn derive(
    keystore: &dyn Keystore,
    credential: &WrappedCredential,
    day: Day,
    region: &Region,
    service: &str,
) -> Result<SigningKey, KeystoreError> {
    keystore
        .signing_key(credential, day.as_str(), region.as_str(), service)
        .await
}
