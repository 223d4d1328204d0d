//! Keys and aliases as operations see them: parsed, with the ARN made up and the material still wrapped, kept in a cache
//! so that using a key does not touch the store.

#[cfg(test)]
pub(crate) mod fixture;
mod near;
mod policies;
pub(crate) mod roster;

use std::fmt::Write;
use std::sync::Arc;

use arrayvec::ArrayString;
use trent_api::{ApiError, kms};
use trent_crypto::spec::KeyType;
use trent_crypto::{KeyAddress, MaterialId};
use trent_keystore::{HeldKey, HoldsKey, KeyHandle, Lease, Wrapped};
use trent_names::{AccountId, AliasArn, AliasName, KeyArn, KeyId, Partition, Region};
use trent_policy::{ConditionKey, Context, Policy, Values};
use trent_quotas::Quota;
use trent_service::{Grants, Named, Quotas, Resource, internal};
use trent_store::{CacheCounts, ObjectCache, RegionStore, RegionTxn, Revision, Sealed, Seen, Stored};

use self::near::Near;
use self::policies::{Compiled, Policies};
use self::roster::{Place, Rosters, Turns};
use crate::grants::space::GrantSpace;
use crate::last_use::Notebook;
use crate::lifecycle::replication::editions;
use crate::records::uses::last_use_address;
use crate::records::{
    AliasRecord, KeyEntry, KeyRecord, Manager, Origin, alias_address, entry_address, id_at, key_address, keys_with_id,
};
use crate::state::KeyState;

/// How many keys, and how many aliases, a Region's cache holds: all that a large deployment has. The shelf in front of it has
/// twice as many places, and keeps the keys that are in them.
pub(crate) const CACHED: usize = 131_072;

/// The longest ARN of a key: a Region's name has 32 characters at most, a partition's ten.
const LONGEST_ARN: usize = "arn:aws-us-gov:kms::111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab".len() + 32;

/// A key, parsed once per change of its record.
pub struct Key {
    /// The key's ARN, in place: text kept elsewhere would have to be waited for as well.
    pub arn: ArrayString<LONGEST_ARN>,
    /// The record.
    pub record: KeyRecord,
    home: Arc<Home>,
    policy: Arc<Compiled>,
    /// The names of the aliases that point here.
    pub aliases: Box<[String]>,
    /// The commit that wrote the record: what a change of it names.
    pub revision: Revision,
    /// The key as the keystore takes it: here, so that it is found together with all else of the key.
    handle: KeyHandle,
    /// Whether it has the material that it would use.
    has_material: bool,
    /// When the first of its imported materials expires.
    expires: Option<i64>,
    /// That its record is as this has it.
    unchanged: Seen,
    /// That it has no grants, as was last seen.
    pub(crate) ungranted: Seen,
}

impl Key {
    fn new(home: &Arc<Home>, policies: &Policies, stored: Stored<KeyRecord>) -> Self {
        let region = &home.region;
        let mut record = stored.value;
        // It stays for long, and what was read has room for more than the one material that most keys have.
        record.materials.shrink_to_fit();
        let mut arn = ArrayString::new();
        write!(arn, "{}", KeyArn::new(region.clone(), record.account, record.id)).expect("no ARN of a key is longer");
        let policy = policies.of(&arn, &record);
        record.policy = Arc::clone(&policy.text);
        Self {
            home: Arc::clone(home),
            policy,
            aliases: record.aliases.iter().map(|name| name.as_str().to_owned()).collect(),
            handle: handle(region, &record),
            has_material: has_material(&record),
            expires: record.expiry_due(),
            arn,
            record,
            revision: stored.revision,
            unchanged: Seen::default(),
            ungranted: Seen::default(),
        }
    }

    /// What stands for the key in the keystore, in a partition.
    pub(crate) fn address(&self, partition: Partition) -> KeyAddress {
        KeyAddress {
            partition,
            account: self.record.account,
            key: self.record.id,
        }
    }

    /// The key policy.
    pub(crate) fn policy(&self) -> &Policy {
        &self.policy.policy
    }

    /// What the key policy denies, without what it allows.
    pub(crate) fn denials(&self) -> &Policy {
        self.policy.denials()
    }

    /// The key as something to be allowed, however the caller named it.
    pub(crate) fn resource<'a>(&'a self, named: Named<'a>, grants: &'a dyn Grants) -> Resource<'a> {
        Resource::Key {
            arn: &self.arn,
            account: self.record.account,
            named,
            policy: self.policy(),
            grants,
            attributes: self,
        }
    }

    /// Whether it has more aliases than the quota allows, which can be lowered.
    fn has_too_many_aliases(&self) -> bool {
        let most = self
            .home
            .quotas
            .most(Quota::ALIASES, self.record.account, &self.home.region);
        u64::try_from(self.aliases.len()).is_ok_and(|aliases| aliases > most)
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

    /// Whether it is the primary of a multi-Region key that has replicas.
    pub(crate) fn has_replicas(&self) -> bool {
        let related = self.record.related.as_ref();
        self.record.replica_of.is_none() && related.is_some_and(|related| !related.replicas.is_empty())
    }

    /// The key as the keystore takes it. The states in which a key is used have material, but for imported material that
    /// goes while the primary Region changes; any other key without one that is used nevertheless is a fault of ours.
    pub fn handle(self: &Arc<Self>) -> Result<HeldKey, ApiError> {
        match self.record.origin {
            _ if self.has_material => Ok(HeldKey::from(Arc::clone(self))),
            Origin::External => Err(KeyState::PendingImport.error(&self.arn)),
            _ => Err(internal(format_args!("{} is in use and has no key material", self.arn))),
        }
    }

    /// The key as it is at a moment, in milliseconds since the Unix epoch: material that has expired by then is not used,
    /// whether it has been removed yet or not.
    pub(crate) fn at(self: Arc<Self>, region: &Region, now: i64) -> Arc<Self> {
        if self.expires.is_none_or(|expires| now < expires) {
            return self;
        }
        let (record, used) = (self.record.past_expiry(now), self.record.expired(now));
        Arc::new(Self {
            home: Arc::clone(&self.home),
            arn: self.arn,
            policy: Arc::clone(&self.policy),
            aliases: self.aliases.clone(),
            revision: self.revision,
            handle: handle(region, &used),
            has_material: has_material(&used),
            expires: record.expiry_due(),
            record,
            unchanged: Seen::default(),
            ungranted: Seen::default(),
        })
    }

    /// The id of the material that encrypts, as the wire has it. Keys of other kinds have one material only, which is not
    /// told apart.
    pub fn current_material(&self) -> Option<String> {
        let symmetric = self.record.spec.key_type() == KeyType::Symmetric;
        let is_there = self.has_material && self.record.state != KeyState::PendingImport;
        let current = self.record.current().filter(|_| symmetric && is_there);
        current.map(|material| material.id.to_string())
    }
}

impl HoldsKey for Key {
    fn key_handle(&self) -> &KeyHandle {
        &self.handle
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
            "kms:resourcealiases" if self.has_too_many_aliases() => Values::ForDenials(&self.aliases),
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

fn has_material(record: &KeyRecord) -> bool {
    record.current().is_some_and(|material| material.wrapped.is_some())
}

/// The key as the keystore takes it. That of a key without material names none, and is of no use.
fn handle(region: &Region, record: &KeyRecord) -> KeyHandle {
    let current = record
        .current()
        .map_or(MaterialId([0; MaterialId::LEN]), |material| material.id);
    KeyHandle {
        address: KeyAddress {
            partition: region.partition(),
            account: record.account,
            key: record.id,
        },
        spec: record.spec,
        destruction_key: Wrapped::from(&**record.destruction_key),
        materials: record
            .materials
            .iter()
            .filter(|_| has_material(record))
            .filter_map(|material| {
                let wrapped = material.wrapped.as_ref()?;
                Some((material.id, Wrapped::from(&***wrapped)))
            })
            .collect(),
        current,
        public_key: record.public_key.as_ref().map(|key| key.to_vec()),
        lease: Lease::default(),
    }
}

/// Where keys live, and what they may have there.
#[derive(Debug)]
struct Home {
    region: Region,
    quotas: Arc<Quotas>,
}

/// The keys and aliases of one Region.
pub struct KeySpace {
    /// The Region's records.
    pub store: RegionStore,
    /// The grants on them.
    pub(crate) grants: GrantSpace,
    /// How many keys accounts have.
    pub(crate) rosters: Rosters,
    /// Uses of the keys that are not written down yet.
    pub(crate) uses: Notebook,
    home: Arc<Home>,
    policies: Arc<Policies>,
    keys: ObjectCache<KeyRecord, Key>,
    near: Arc<Near>,
    aliases: ObjectCache<AliasRecord, AliasRecord>,
}

impl KeySpace {
    /// The keys of `region` in `store`, which may have as much as `quotas` say.
    pub fn new(store: &Sealed, region: &Region, quotas: &Arc<Quotas>) -> Self {
        let home = Arc::new(Home {
            region: region.clone(),
            quotas: Arc::clone(quotas),
        });
        let (policies, near) = (Arc::<Policies>::default(), Arc::new(Near::new(2 * CACHED)));
        let (of_home, of_keys) = (Arc::clone(&home), Arc::clone(&policies));
        let keys = ObjectCache::new(store, CACHED, move |stored| Key::new(&of_home, &of_keys, stored));
        let shelf = Arc::clone(&near);
        keys.tell(move |changed| shelf.take_off(changed.and_then(|key| id_at(&key))));
        Self {
            store: store.region(region),
            grants: GrantSpace::new(store, store.region(region)),
            rosters: Rosters::new(store.region(region)),
            uses: Notebook::default(),
            home,
            policies,
            keys,
            near,
            aliases: ObjectCache::new(store, CACHED, |stored: Stored<AliasRecord>| stored.value),
        }
    }

    /// The Region.
    pub fn region(&self) -> &Region {
        self.store.region()
    }

    /// How many of something an account may have here.
    pub(crate) fn most(&self, quota: Quota, account: AccountId) -> u64 {
        self.home.quotas.most(quota, account, self.region())
    }

    /// Says that a key with this id may be asked for.
    pub(crate) fn expect(&self, id: KeyId) {
        self.near.expect(id);
    }

    /// Says that a key with this id, which was expected, is about to be asked for.
    pub(crate) fn approach(&self, id: KeyId) {
        self.near.approach(id);
    }

    /// A key, for looking at it or using it.
    pub async fn key(&self, account: AccountId, id: KeyId) -> Result<Option<Arc<Key>>, ApiError> {
        let address = key_address(account, id);
        let changes = || self.keys.changes_of(&self.store, &address);
        let before = changes();
        if let Some(near) = self.near.get(account, id, before) {
            self.keys.found_nearer();
            return Ok(Some(near));
        }
        let found = self.keys.get(&self.store, &address).await.map_err(internal)?;
        if let Some(key) = &found {
            self.near.put(key, before, changes);
        }
        Ok(found)
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
        Ok(stored.map(|stored| Arc::new(Key::new(&self.home, &self.policies, stored))))
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

    /// How many changes of keys there have been since this server was started, if that is known.
    pub(crate) fn key_changes(&self) -> Option<u64> {
        self.keys.changes()
    }

    /// What was counted of the cache of keys.
    pub(crate) fn cached_keys(&self) -> CacheCounts {
        self.keys.counts()
    }

    /// What was counted of the cache of aliases.
    pub(crate) fn cached_aliases(&self) -> CacheCounts {
        self.aliases.counts()
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
        Key::new(&self.home, &self.policies, stored)
    }

    /// Counts a new customer managed key of an account, unless the account has as many as it may have.
    pub(crate) async fn enroll(
        &self,
        txn: &mut RegionTxn,
        account: AccountId,
        id: KeyId,
        turns: &Turns,
    ) -> Result<(), ApiError> {
        let most = self.most(Quota::KEYS, account);
        let place = self.rosters.enroll(txn, (account, id), Some(most), turns).await;
        match place.map_err(internal)? {
            Place::Taken => Ok(()),
            Place::None => Err(too_many_keys(most)),
        }
    }

    /// Accepts that an account is to have one more key here, which will be counted when it comes.
    pub(crate) async fn check_room(&self, account: AccountId) -> Result<(), ApiError> {
        let most = self.most(Quota::KEYS, account);
        let keys = self.rosters.keys_of(account).await.map_err(internal)?;
        if keys < most { Ok(()) } else { Err(too_many_keys(most)) }
    }

    /// Writes a new key, what lists it, and what is to be done to it by itself. Its account's roster is written by whoever
    /// knows whether it counts.
    pub fn insert(&self, txn: &mut RegionTxn, record: &KeyRecord) {
        txn.insert(&key_address(record.account, record.id), record);
        txn.insert(&entry_address(record.account, record.id), &KeyEntry { id: record.id });
        if let Some(job) = record.job() {
            job.schedule(txn);
        }
    }

    /// Writes the changed record of a key, provided that nobody else has changed the key, and has its copies follow.
    pub fn update(&self, txn: &mut RegionTxn, key: &Key, record: &KeyRecord) {
        let record = &*editions::follow(txn, &key.record, record);
        txn.update(&key_address(record.account, record.id), record, key.revision);
        let (before, after) = (key.record.job(), record.job());
        if let Some(job) = before.filter(|before| after.as_ref() != Some(before)) {
            job.unschedule(txn);
        }
        // Though it be there already: so that one which is missing is not for long.
        if let Some(job) = after {
            job.schedule(txn);
        }
    }

    /// Makes a transaction fail if somebody has changed the key.
    pub(crate) fn require(txn: &mut RegionTxn, key: &Key) {
        txn.require(&key_address(key.record.account, key.record.id), key.revision);
    }

    /// Removes a key with its material and what lists and counts it, provided that nobody else has changed the key.
    pub(crate) async fn remove(&self, txn: &mut RegionTxn, key: &Key) -> Result<(), ApiError> {
        let (account, id) = (key.record.account, key.record.id);
        if key.record.manager == Manager::Customer {
            self.rosters.strike(txn, account, id).await.map_err(internal)?;
        }
        txn.delete(&key_address(account, id), key.revision);
        txn.remove(&entry_address(account, id));
        txn.remove(&last_use_address(account, id));
        editions::farewell(txn, &key.record);
        if let Some(job) = key.record.job() {
            job.unschedule(txn);
        }
        Ok(())
    }
}

fn too_many_keys(most: u64) -> ApiError {
    kms::error::limit_exceeded(format!(
        "The account has the maximum of {most} KMS keys in this Region."
    ))
}
