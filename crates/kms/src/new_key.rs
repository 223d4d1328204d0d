//! A key in the making: what the request decided, and the id and material that it is given.

use std::collections::BTreeSet;
use std::fmt::Display;

use trent_api::{ApiError, kms};
use trent_crypto::KeyAddress;
use trent_crypto::spec::{KeySpec, KeyUsage};
use trent_keystore::{KeystoreError, NewKey, PairError, Wrapped};
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
    pub(crate) origin: Origin,
    pub(crate) manager: Manager,
    pub(crate) description: String,
    pub(crate) policy: KeyPolicy,
    pub(crate) tags: Tags,
    pub(crate) aliases: BTreeSet<AliasName>,
    /// Whether it may have copies in other Regions, and is the first of them.
    pub(crate) multi_region: bool,
}

impl NewKeyRecord {
    /// Gives the key a random id, which tells nothing about its material, and fresh material unless it is to be imported.
    pub(crate) async fn generate(self, service: &Kms, call: &Call) -> Result<KeyRecord, ApiError> {
        let id = KeyId::from_random_bytes(*Uuid::new_v4().as_bytes(), self.multi_region);
        let address = KeyAddress {
            partition: call.region.partition(),
            account: self.account,
            key: id,
        };
        if self.origin == Origin::External {
            let empty = service.keystore().create_empty(address).await.map_err(internal)?;
            return Ok(self.empty(id, &empty, call.now_millis()));
        }
        let material = service.keystore().create(address, self.spec).await;
        let material = material.map_err(|error| not_made(error, format_args!("KeySpec {}", self.spec)))?;
        Ok(self.with(id, material, call.now_millis()))
    }

    /// The record of the key, enabled, with this material.
    pub(crate) fn with(self, id: KeyId, new: NewKey, created: i64) -> KeyRecord {
        KeyRecord {
            state: KeyState::Enabled,
            public_key: new.public_key.map(Into::into),
            materials: vec![MaterialRecord::new(new.material.id, new.material.bytes, created)],
            ..self.empty(id, &new.destruction_key, created)
        }
    }

    /// The record of the key, which waits for its material.
    fn empty(self, id: KeyId, destruction_key: &Wrapped, created: i64) -> KeyRecord {
        KeyRecord {
            account: self.account,
            id,
            manager: self.manager,
            spec: self.spec,
            usage: self.usage,
            origin: self.origin,
            state: KeyState::PendingImport,
            description: self.description,
            created,
            policy: self.policy.text.into(),
            policy_principals: self.policy.principals,
            replica_of: None,
            tags: self.tags,
            aliases: self.aliases,
            public_key: None,
            destruction_key: destruction_key.as_bytes().to_vec().into(),
            materials: Vec::new(),
            deletion: None,
            rotation: None,
            related: id.is_multi_region().then(Box::default),
            on_demand: None,
        }
    }
}
