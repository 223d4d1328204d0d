//! A key in the making: what the request decided, and the id and material that it is given.

use std::collections::BTreeSet;
use std::fmt::Display;

use trent_api::{ApiError, kms};
use trent_crypto::KeyAddress;
use trent_crypto::spec::{KeySpec, KeyUsage};
use trent_keystore::{KeystoreError, NewKey, PairError};
use trent_names::{AccountId, AliasName, KeyId};
use trent_service::{Call, internal};
use uuid::Uuid;

use crate::Kms;
use crate::policy::KeyPolicy;
use crate::records::{KeyRecord, Manager, MaterialRecord, Origin};
use crate::state::KeyState;
use crate::tags::Tags;

/// The refusal of a kind of key, or of an option, that cannot be had here.
pub(crate) fn not_offered(what: impl Display) -> ApiError {
    kms::error::unsupported_operation(format!("{what} is not supported in this Region."))
}

/// Why the keystore made no key or key pair: one that has no such kind of key offers none.
pub(crate) fn not_made(error: KeystoreError, what: impl Display) -> ApiError {
    match error {
        KeystoreError::WrongSpec(_) | KeystoreError::Pair(PairError::WrongAlgorithm) => not_offered(what),
        other => internal(other),
    }
}

/// What a new key is created with.
pub(crate) struct NewKeyRecord {
    pub(crate) account: AccountId,
    pub(crate) spec: KeySpec,
    pub(crate) usage: KeyUsage,
    pub(crate) manager: Manager,
    pub(crate) description: String,
    pub(crate) policy: KeyPolicy,
    pub(crate) tags: Tags,
    pub(crate) aliases: BTreeSet<AliasName>,
}

impl NewKeyRecord {
    /// Gives the key a random id, which tells nothing about its material, and fresh material.
    pub(crate) async fn generate(self, service: &Kms, call: &Call) -> Result<KeyRecord, ApiError> {
        let id = KeyId::from_random_bytes(*Uuid::new_v4().as_bytes(), false);
        let address = KeyAddress {
            partition: call.region.partition(),
            account: self.account,
            key: id,
        };
        let material = service.keystore().create(address, self.spec).await;
        let material = material.map_err(|error| not_made(error, format_args!("KeySpec {}", self.spec)))?;
        Ok(self.with(id, material, call.now_millis()))
    }

    /// The record of the key, enabled, with this material.
    pub(crate) fn with(self, id: KeyId, new: NewKey, created: i64) -> KeyRecord {
        KeyRecord {
            account: self.account,
            id,
            manager: self.manager,
            spec: self.spec,
            usage: self.usage,
            origin: Origin::AwsKms,
            state: KeyState::Enabled,
            description: self.description,
            created,
            policy: self.policy.text,
            policy_principals: self.policy.principals,
            replica_of: None,
            tags: self.tags,
            aliases: self.aliases,
            public_key: new.public_key.map(Into::into),
            destruction_key: new.destruction_key.0.into(),
            materials: vec![MaterialRecord {
                id: new.material.id,
                wrapped: new.material.bytes.into(),
                created,
            }],
        }
    }
}
