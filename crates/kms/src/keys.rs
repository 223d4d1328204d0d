//! Keys and aliases as operations see them: parsed, with the ARN made up and the material still wrapped, kept in a cache
//! so that using a key does not touch the store.

#[cfg(test)]
pub(crate) mod fixture;

use std::sync::{Arc, OnceLock};

use trent_api::ApiError;
use trent_crypto::KeyAddress;
use trent_crypto::spec::KeyType;
use trent_keystore::{KeyHandle, Lease, Wrapped, WrappedMaterial};
use trent_names::{AccountId, AliasArn, AliasName, KeyArn, KeyId, Region};
use trent_policy::{ConditionKey, Context, Policy, Values};
use trent_service::{Grants, Named, Resource, internal};
use trent_store::{ObjectCache, RegionStore, RegionTxn, Revision, Sealed, Stored};

use crate::grants::space::GrantSpace;
use crate::policy;
use crate::records::{AliasRecord, KeyEntry, KeyRecord, alias_address, entry_address, key_address, keys_with_id};

/// How many keys, and how many aliases, a Region's cache holds.
const CACHED: usize = 16_384;

/// A key, parsed once per change of its record.
pub struct Key {
    /// The key's ARN.
    pub arn: String,
    /// The record.
    pub record: KeyRecord,
    /// The key policy, compiled.
    pub policy: Policy,
    denials: OnceLock<Policy>,
    /// The names of the aliases that point here.
    pub aliases: Vec<String>,
    /// The commit that wrote the record: what a change of it names.
    pub revision: Revision,
    /// The key as the keystore takes it; none while the key has no material.
    pub handle: Option<Arc<KeyHandle>>,
}

impl Key {
    fn new(region: &Region, stored: Stored<KeyRecord>) -> Self {
        let record = stored.value;
        let arn = KeyArn::new(region.clone(), record.account, record.id).to_string();
        Self {
            policy: policy::compiled(&arn, &record),
            denials: OnceLock::new(),
            aliases: record.aliases.iter().map(|name| name.as_str().to_owned()).collect(),
            handle: handle(region, &record).map(Arc::new),
            arn,
            record,
            revision: stored.revision,
        }
    }

    /// What the key policy denies, without what it allows.
    pub(crate) fn denials(&self) -> &Policy {
        self.denials.get_or_init(|| self.policy.denials())
    }

    /// The key as something to be allowed, however the caller named it.
    pub(crate) fn resource<'a>(&'a self, named: Named<'a>, grants: &'a dyn Grants) -> Resource<'a> {
        Resource::Key {
            arn: &self.arn,
            account: self.record.account,
            named,
            policy: &self.policy,
            grants,
            attributes: self,
        }
    }

    /// What a multi-Region key is among its copies, as the wire has it.
    fn multi_region_type(&self) -> Option<&'static str> {
        let of_copy = if self.record.replica_of.is_some() {
            "REPLICA"
        } else {
            "PRIMARY"
        };
        self.record.id.is_multi_region().then_some(of_copy)
    }

    /// The key as the keystore takes it. The states in which a key is used have material; a key without one that is
    /// used nevertheless is a fault of ours.
    pub fn handle(&self) -> Result<Arc<KeyHandle>, ApiError> {
        self.handle
            .clone()
            .ok_or_else(|| internal(format_args!("{} is in use and has no key material", self.arn)))
    }

    /// The id of the material that encrypts, as the wire has it. Keys of other kinds have one material only, which is not
    /// told apart.
    pub fn current_material(&self) -> Option<String> {
        let symmetric = self.record.spec.key_type() == KeyType::Symmetric;
        let current = self.record.materials.last().filter(|_| symmetric);
        current.map(|material| material.id.to_string())
    }
}

/// What a key tells policies about itself (guide, "Condition keys for AWS KMS").
impl Context for Key {
    fn lookup<'a>(&'a self, key: &'a ConditionKey) -> Values<'a> {
        match key.lower() {
            "kms:keyspec" | "kms:customermasterkeyspec" => Values::One(self.record.spec.as_str()),
            "kms:keyusage" | "kms:customermasterkeyusage" => Values::One(self.record.usage.as_str()),
            "kms:keyorigin" => Values::One(self.record.origin.as_str()),
            "kms:multiregion" => Values::boolean(self.record.id.is_multi_region()),
            "kms:multiregionkeytype" => Values::optional(self.multi_region_type()),
            "kms:resourcealiases" => Values::Strings(&self.aliases),
            _ => match key.suffix("aws:resourcetag/") {
                Some(name) => Values::Under {
                    map: &self.record.tags,
                    name,
                },
                None => Values::Absent,
            },
        }
    }
}

fn handle(region: &Region, record: &KeyRecord) -> Option<KeyHandle> {
    let current = record.materials.last()?.id;
    Some(KeyHandle {
        address: KeyAddress {
            partition: region.partition(),
            account: record.account,
            key: record.id,
        },
        spec: record.spec,
        destruction_key: Wrapped(record.destruction_key.to_vec()),
        materials: record
            .materials
            .iter()
            .map(|material| WrappedMaterial {
                id: material.id,
                bytes: material.wrapped.to_vec(),
            })
            .collect(),
        current,
        public_key: record.public_key.as_ref().map(|key| key.to_vec()),
        lease: Lease::default(),
    })
}

/// The keys and aliases of one Region.
pub struct KeySpace {
    /// The Region's records.
    pub store: RegionStore,
    /// The grants on them.
    pub(crate) grants: GrantSpace,
    keys: ObjectCache<KeyRecord, Key>,
    aliases: ObjectCache<AliasRecord, AliasRecord>,
}

impl KeySpace {
    /// The keys of `region` in `store`.
    pub fn new(store: &Sealed, region: &Region) -> Self {
        let of_region = region.clone();
        Self {
            store: store.region(region),
            grants: GrantSpace::new(store, store.region(region)),
            keys: ObjectCache::new(store, CACHED, move |stored| Key::new(&of_region, stored)),
            aliases: ObjectCache::new(store, CACHED, |stored: Stored<AliasRecord>| stored.value),
        }
    }

    /// The Region.
    pub fn region(&self) -> &Region {
        self.store.region()
    }

    /// A key, for looking at it or using it.
    pub async fn key(&self, account: AccountId, id: KeyId) -> Result<Option<Arc<Key>>, ApiError> {
        self.keys
            .get(&self.store, &key_address(account, id))
            .await
            .map_err(internal)
    }

    /// A key, for changing it: as the store has it now, if this node knows of it already.
    pub async fn key_to_change(&self, account: AccountId, id: KeyId) -> Result<Option<Arc<Key>>, ApiError> {
        match self.key(account, id).await? {
            Some(_) => self.latest_key(account, id).await,
            None => Ok(None),
        }
    }

    /// A key as the store has it now, known to this node or not.
    pub async fn latest_key(&self, account: AccountId, id: KeyId) -> Result<Option<Arc<Key>>, ApiError> {
        let stored = self.store.get(&key_address(account, id)).await.map_err(internal)?;
        Ok(stored.map(|stored| Arc::new(Key::new(self.region(), stored))))
    }

    /// The key that a ciphertext names: one of the account's own if there is one with this id, else the only other.
    pub async fn key_of_ciphertext(&self, own: Option<AccountId>, id: KeyId) -> Result<Option<Arc<Key>>, ApiError> {
        if let Some(own) = own
            && let Some(key) = self.key(own, id).await?
        {
            return Ok(Some(key));
        }
        let named = self.store.range(&keys_with_id(id), None, 2).await.map_err(internal)?;
        match named.items.as_slice() {
            [(_, only)] => self.key(only.value.account, id).await,
            _ => Ok(None),
        }
    }

    /// An alias, for looking at it or following it.
    pub async fn alias(&self, account: AccountId, name: &AliasName) -> Result<Option<Arc<AliasRecord>>, ApiError> {
        self.aliases
            .get(&self.store, &self.alias_address(account, name))
            .await
            .map_err(internal)
    }

    /// An alias as the store has it now, known to this node or not.
    pub async fn latest_alias(
        &self,
        account: AccountId,
        name: &AliasName,
    ) -> Result<Option<Stored<AliasRecord>>, ApiError> {
        self.store
            .get(&self.alias_address(account, name))
            .await
            .map_err(internal)
    }

    /// Where an alias is.
    pub fn alias_address(&self, account: AccountId, name: &AliasName) -> trent_store::Key<AliasRecord> {
        alias_address(account, &self.store.blind::<AliasRecord>(name.as_str().as_bytes()))
    }

    /// The ARN of a key here, whether it exists or not.
    pub fn key_arn(&self, account: AccountId, id: KeyId) -> String {
        KeyArn::new(self.region().clone(), account, id).to_string()
    }

    /// The ARN of an alias here, whether it exists or not.
    pub fn alias_arn(&self, account: AccountId, name: &AliasName) -> String {
        AliasArn::new(self.region().clone(), account, name.clone()).to_string()
    }

    /// A key of this account as it would be once `record` is stored.
    pub fn planned(&self, record: KeyRecord) -> Key {
        let stored = Stored {
            value: record,
            revision: Revision::ZERO,
            version: 0,
        };
        Key::new(self.region(), stored)
    }

    /// Writes a new key and what lists it.
    pub fn insert(&self, txn: &mut RegionTxn, record: &KeyRecord) {
        txn.insert(&key_address(record.account, record.id), record);
        txn.insert(&entry_address(record.account, record.id), &KeyEntry { id: record.id });
    }

    /// Writes the changed record of a key, provided that nobody else has changed the key.
    pub fn update(&self, txn: &mut RegionTxn, key: &Key, record: &KeyRecord) {
        txn.update(&key_address(record.account, record.id), record, key.revision);
    }
}
