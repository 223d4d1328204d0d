//! The directory: accounts, who and what is in them, and their access keys, in the store and in memory.

mod assumable;
pub mod builtin;
mod change;
mod edit;
mod entity_error;
mod find;
mod gather;
mod known;
mod placements;
pub mod principals;
pub(crate) mod records;
pub mod service_linked;
mod services;
mod usage;
mod working;

use std::sync::Arc;

use quick_cache::sync::Cache;
use trent_keystore::{Keystore, KeystoreError, WrappedCredential};
use trent_names::AccountId;
use trent_store::{CacheCounts, CommitError, GlobalStore, Key, ObjectCache, Revision, Sealed, StoreError, Stored};

pub use assumable::AssumableRole;
pub(crate) use change::milliseconds;
pub use change::{AccountChange, IssuedAccessKey, Planned};
pub use edit::{Edit, Holder, NewPolicy, NewProvider, NewRole, NewUser, SessionHolder, Tagged};
pub use entity_error::{Entity, EntityError, Quota, Remaining};
pub use find::{Listing, Marker};
pub(crate) use known::Live;
pub use known::Party;
pub use records::{AccessKeyEntry, AccessKeyOwner, AccessKeyRecord, AccessKeyStatus, AccountRecord};
pub(crate) use usage::RESOLUTION;

use crate::access_key::AccessKeyId;
use crate::services::RegisteredService;
use crate::unique_id::UniqueId;
pub(crate) use records::account_key;

/// Accounts and access keys that are kept parsed in memory.
const CACHED: usize = 10_000;

/// Access keys that a root user may have at a time, as the service allows.
pub const MAX_ACCESS_KEYS: usize = 2;

/// Why the directory cannot do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// There is no such account.
    #[error("there is no account {0}")]
    NoSuchAccount(AccountId),
    /// There is such an account already.
    #[error("there is an account {0} already")]
    AccountExists(AccountId),
    /// The account has no such access key.
    #[error("the root user of account {account} has no access key {id}")]
    NoSuchAccessKey {
        /// The account.
        account: AccountId,
        /// The access key.
        id: AccessKeyId,
    },
    /// The id belongs to an access key already, of this account or another one.
    #[error("access key {0} exists already")]
    AccessKeyExists(AccessKeyId),
    /// The account once had this access key and retired it; its id does not come back.
    #[error("access key {id} of account {account} was retired and cannot be used again")]
    AccessKeyRetired {
        /// The account.
        account: AccountId,
        /// The access key.
        id: AccessKeyId,
    },
    /// The root user has as many access keys as are allowed.
    #[error("the root user of account {0} has {MAX_ACCESS_KEYS} access keys already: retire one first")]
    TooManyAccessKeys(AccountId),
    /// The record of an account or access key contradicts itself.
    #[error("the directory is damaged: {0}")]
    Damaged(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The change was not stored.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The keystore failed.
    #[error(transparent)]
    Keystore(#[from] KeystoreError),
}

/// An account as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Its record.
    pub record: AccountRecord,
    /// The commit that wrote the record.
    pub revision: Revision,
}

/// Accounts, their root users and their access keys.
pub struct Directory {
    store: GlobalStore,
    keystore: Arc<dyn Keystore>,
    accounts: ObjectCache<AccountRecord, AccountRecord>,
    access_keys: ObjectCache<AccessKeyRecord, KnownAccessKey>,
    caches: known::Caches,
    placements: placements::Placements,
    services: services::Services,
    usage: usage::Pending,
    /// Where the records of access keys are: blinding an id costs more than all other steps of a lookup together.
    places: Cache<Box<str>, Key<AccessKeyRecord>>,
}

/// An access key in memory: its secret stays wrapped.
pub(crate) struct KnownAccessKey {
    pub(crate) account: Option<AccountId>,
    pub(crate) owner: AccessKeyOwner,
    pub(crate) user: Option<UniqueId>,
    pub(crate) service: Option<String>,
    pub(crate) serial: u64,
    pub(crate) credential: WrappedCredential,
    pub(crate) revision: Revision,
}

/// A state of the directory: equal for as long as nothing in it changes. The sum of counts that only grow.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct State(u64);

/// What the directory knows of an access key id.
pub(crate) enum Lookup {
    /// It signs requests.
    Active {
        party: Party,
        live: Live,
        key: Arc<KnownAccessKey>,
    },
    /// It signs requests of a service.
    Service {
        service: Arc<RegisteredService>,
        key: Arc<KnownAccessKey>,
    },
    /// It exists, and signs nothing now.
    Refused,
    /// There is no such key.
    Unknown,
}

impl Directory {
    /// The directory in `sealed`; `keystore` keeps the secrets of its access keys.
    pub fn new(sealed: &Sealed, keystore: Arc<dyn Keystore>) -> Self {
        Self {
            store: sealed.global(),
            keystore,
            places: Cache::new(CACHED),
            caches: known::Caches::new(sealed),
            placements: placements::Placements::new(sealed),
            services: services::Services::new(sealed),
            usage: usage::Pending::default(),
            accounts: ObjectCache::new(sealed, CACHED, |stored: Stored<AccountRecord>| stored.value),
            access_keys: ObjectCache::new(sealed, CACHED, |stored: Stored<AccessKeyRecord>| KnownAccessKey {
                account: AccountId::parse(&stored.value.account).ok(),
                owner: stored.value.owner,
                user: stored.value.user,
                service: stored.value.service,
                serial: stored.value.serial,
                credential: WrappedCredential(stored.value.credential),
                revision: stored.revision,
            }),
        }
    }

    /// Where the directory's records are, for a transaction that changes them together with others.
    pub fn store(&self) -> &GlobalStore {
        &self.store
    }

    pub(crate) fn keystore(&self) -> &Arc<dyn Keystore> {
        &self.keystore
    }

    /// One account.
    pub async fn account(&self, id: AccountId) -> Result<Account, DirectoryError> {
        let stored = self
            .store
            .get(&account_key(id))
            .await?
            .ok_or(DirectoryError::NoSuchAccount(id))?;
        Ok(Account {
            id,
            record: stored.value,
            revision: stored.revision,
        })
    }

    /// Whether there is such an account; answered from memory once it has been asked.
    pub async fn has_account(&self, id: AccountId) -> Result<bool, StoreError> {
        Ok(self.accounts.get(&self.store, &account_key(id)).await?.is_some())
    }

    /// Accounts in order of their ids, at most `limit` of those behind `after`; tells whether there are more.
    pub async fn accounts(
        &self,
        after: Option<AccountId>,
        limit: usize,
    ) -> Result<(Vec<Account>, bool), DirectoryError> {
        let after = after.map(account_key);
        let page = self
            .store
            .range(&Key::<AccountRecord>::new(), after.as_ref(), limit)
            .await?;
        let accounts = page.items.into_iter().map(|(key, stored)| {
            let id = key
                .parts()
                .first()
                .and_then(|part| AccountId::parse(str::from_utf8(part).ok()?).ok());
            let id = id.ok_or_else(|| DirectoryError::Damaged("an account's key is not its id".to_owned()))?;
            Ok(Account {
                id,
                record: stored.value,
                revision: stored.revision,
            })
        });
        Ok((accounts.collect::<Result<_, DirectoryError>>()?, page.more))
    }

    /// Begins to change an account.
    pub async fn change(&self, id: AccountId) -> Result<AccountChange<'_>, DirectoryError> {
        Ok(AccountChange::of(self, self.account(id).await?))
    }

    /// Begins to make an account. `now` is the time since 1970.
    pub async fn create(
        &self,
        id: AccountId,
        name: &str,
        now: std::time::Duration,
    ) -> Result<AccountChange<'_>, DirectoryError> {
        match self.store.get(&account_key(id)).await? {
            Some(_) => Err(DirectoryError::AccountExists(id)),
            None => Ok(AccountChange::new(self, id, name, now)),
        }
    }

    /// Commits a change on its own. A server's operations hand the transaction to their pipeline instead.
    pub async fn commit<T>(&self, planned: Planned<T>) -> Result<T, DirectoryError> {
        self.store.commit(planned.transaction).await?;
        Ok(planned.output)
    }

    /// The state that the directory is in. What is looked up after this was read is good for as long as it is read
    /// again; `None` if what is looked up changes with time alone.
    pub(crate) fn state(&self) -> Option<State> {
        let (accounts, access_keys) = (self.accounts.changes()?, self.access_keys.changes()?);
        let principals = self.caches.changes()?;
        let others = self.placements.changes()? + self.services.changes()?;
        Some(State(accounts + access_keys + principals + others))
    }

    /// What was counted of all caches.
    pub fn cached(&self) -> CacheCounts {
        let first = self.accounts.counts() + self.access_keys.counts();
        first + self.caches.counts() + self.placements.counts() + self.services.counts()
    }

    /// What is known of an access key id. Takes the same steps whether the key exists or not.
    pub(crate) async fn look_up(&self, id: &str) -> Result<Lookup, StoreError> {
        let key = self.access_keys.get(&self.store, &self.access_key_key(id)).await?;
        if let Some(key) = key.as_ref().filter(|key| key.owner == AccessKeyOwner::Service) {
            return self.service_of_key(id, key).await;
        }
        let Some((account, key)) = key.and_then(|key| Some((key.account?, key))) else {
            self.accounts.get(&self.store, &Key::new().part(b"nobody")).await?;
            return Ok(Lookup::Unknown);
        };
        let party = Party {
            account,
            id: key.user.clone(),
        };
        let live = self.live(&party).await?;
        let admits = match (&live, key.owner) {
            (Some(Live::Root), AccessKeyOwner::Root) => {
                let record = self.accounts.get(&self.store, &account_key(account)).await?;
                record.is_some_and(|record| record.root_access_keys.iter().any(|entry| entry.admits(id, key.serial)))
            }
            (Some(Live::User(user)), AccessKeyOwner::User) => user.admits(id, key.serial),
            _ => false,
        };
        Ok(match live {
            Some(live) if admits => Lookup::Active { party, live, key },
            _ => Lookup::Refused,
        })
    }

    /// Whether any account has this access key, retired ones aside.
    pub(crate) async fn has_access_key(&self, id: &str) -> Result<bool, StoreError> {
        Ok(self
            .access_keys
            .get(&self.store, &self.access_key_key(id))
            .await?
            .is_some())
    }

    /// The wrapped secret of an access key, as the store has it.
    pub(crate) async fn credential(&self, id: &AccessKeyId) -> Result<Option<WrappedCredential>, DirectoryError> {
        let stored = self.store.get(&self.access_key_key(id.as_str())).await?;
        Ok(stored.map(|stored| WrappedCredential(stored.value.credential)))
    }

    pub(crate) fn access_key_key(&self, id: &str) -> Key<AccessKeyRecord> {
        if let Some(key) = self.places.get(id) {
            return key;
        }
        let key = Key::new().part(&self.store.blind::<AccessKeyRecord>(id.as_bytes()));
        if id.len() <= AccessKeyId::MAX_LENGTH {
            self.places.insert(id.into(), key.clone());
        }
        key
    }
}
