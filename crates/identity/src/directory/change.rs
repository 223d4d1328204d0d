//! Changes to an account: gathered first, then one transaction.

use std::time::Duration;

use trent_crypto::Secret;
use trent_names::AccountId;
use trent_store::{GlobalTxn, Key, Revision};

use super::records::{AccessKeyEntry, AccessKeyOwner, AccessKeyRecord, AccessKeyStatus, AccountRecord, account_key};
use super::{Account, Directory, DirectoryError, MAX_ACCESS_KEYS};
use crate::access_key::AccessKeyId;

/// A change that is ready to be committed, alone or with whatever must happen together with it.
pub struct Planned<T> {
    /// What to commit.
    pub transaction: GlobalTxn,
    /// What the change answers once it is committed.
    pub output: T,
}

/// An access key that was just made. Its secret is shown now or never.
pub struct IssuedAccessKey {
    /// The id.
    pub id: AccessKeyId,
    /// The secret, 40 characters.
    pub secret: Secret,
}

/// A change to one account: any number of steps, one transaction.
pub struct AccountChange<'d> {
    directory: &'d Directory,
    id: AccountId,
    record: AccountRecord,
    /// The revision that the account was read at; `None` if the change makes it.
    read_at: Option<Revision>,
    added: Vec<(Key<AccessKeyRecord>, AccessKeyRecord)>,
    removed: Vec<Key<AccessKeyRecord>>,
}

impl<'d> AccountChange<'d> {
    pub(super) fn new(directory: &'d Directory, id: AccountId, name: &str, now: Duration) -> Self {
        Self {
            directory,
            id,
            record: AccountRecord::new(name, milliseconds(now)),
            read_at: None,
            added: Vec::new(),
            removed: Vec::new(),
        }
    }

    pub(super) fn of(directory: &'d Directory, account: Account) -> Self {
        Self {
            directory,
            id: account.id,
            record: account.record,
            read_at: Some(account.revision),
            added: Vec::new(),
            removed: Vec::new(),
        }
    }

    /// The account as it will be.
    pub fn record(&self) -> &AccountRecord {
        &self.record
    }

    /// Renames the account.
    pub fn rename(&mut self, name: &str) -> &mut Self {
        name.clone_into(&mut self.record.name);
        self
    }

    /// Gives the root user a new access key.
    pub async fn issue_root_access_key(&mut self, now: Duration) -> Result<IssuedAccessKey, DirectoryError> {
        let random = self.directory.keystore().random(AccessKeyId::ENTROPY).await?;
        let mut entropy = [0; AccessKeyId::ENTROPY];
        entropy.copy_from_slice(random.expose());
        let id = AccessKeyId::from_random_bytes(entropy);
        let credential = self.directory.keystore().new_credential().await?;
        self.add(&id, credential.wrapped.0, now)?;
        Ok(IssuedAccessKey {
            id,
            secret: credential.secret,
        })
    }

    /// Gives the root user an access key whose id and secret were chosen elsewhere.
    pub async fn import_root_access_key(
        &mut self,
        id: &AccessKeyId,
        secret: Secret,
        now: Duration,
    ) -> Result<(), DirectoryError> {
        if self.directory.has_access_key(id.as_str()).await? {
            return Err(DirectoryError::AccessKeyExists(id.clone()));
        }
        let wrapped = self.directory.keystore().seal_credential(secret).await?;
        self.add(id, wrapped.0, now)
    }

    /// Stops an access key from signing requests, or lets it again.
    pub fn set_active(&mut self, id: &AccessKeyId, active: bool) -> Result<(), DirectoryError> {
        let status = if active {
            AccessKeyStatus::Active
        } else {
            AccessKeyStatus::Inactive
        };
        self.entry(id)?.status = status;
        Ok(())
    }

    /// Retires an access key for good: its secret is removed, and its id does not come back.
    pub fn retire(&mut self, id: &AccessKeyId) -> Result<(), DirectoryError> {
        self.entry(id)?.status = AccessKeyStatus::Retired;
        let key = self.directory.access_key_key(id.as_str());
        let stored = self.added.len();
        self.added.retain(|(added, _)| *added != key);
        if self.added.len() == stored {
            self.removed.push(key);
        }
        Ok(())
    }

    /// Retires every access key of the root user and issues a new one: the answer to a lost or stolen credential.
    pub async fn replace_root_access_keys(&mut self, now: Duration) -> Result<IssuedAccessKey, DirectoryError> {
        let live: Vec<String> = self.live().map(|entry| entry.id.clone()).collect();
        for id in live {
            let id = AccessKeyId::parse(&id).map_err(|error| DirectoryError::Damaged(error.to_string()))?;
            self.retire(&id)?;
        }
        self.issue_root_access_key(now).await
    }

    /// The whole change as one transaction. It commits only if the account is still as it was read, and only if no
    /// other access key has taken one of the new ids.
    pub fn plan<T>(self, output: T) -> Planned<T> {
        let mut transaction = self.directory.store.txn();
        let key = account_key(self.id);
        match self.read_at {
            Some(revision) => transaction.update(&key, &self.record, revision),
            None => transaction.insert(&key, &self.record),
        };
        for (key, record) in &self.added {
            transaction.insert(key, record);
        }
        for key in &self.removed {
            transaction.remove(key);
        }
        Planned { transaction, output }
    }

    fn add(&mut self, id: &AccessKeyId, credential: Vec<u8>, now: Duration) -> Result<(), DirectoryError> {
        if let Some(entry) = self
            .record
            .root_access_keys
            .iter()
            .find(|entry| entry.id == id.as_str())
        {
            return Err(match entry.status {
                AccessKeyStatus::Retired => DirectoryError::AccessKeyRetired {
                    account: self.id,
                    id: id.clone(),
                },
                _ => DirectoryError::AccessKeyExists(id.clone()),
            });
        }
        if self.live().count() >= MAX_ACCESS_KEYS {
            return Err(DirectoryError::TooManyAccessKeys(self.id));
        }
        self.record.last_serial += 1;
        let serial = self.record.last_serial;
        self.record.root_access_keys.push(AccessKeyEntry {
            id: id.as_str().to_owned(),
            serial,
            status: AccessKeyStatus::Active,
            created_at: milliseconds(now),
            imported: None,
        });
        let record = AccessKeyRecord {
            account: self.id.as_str().to_owned(),
            owner: AccessKeyOwner::Root,
            serial,
            credential,
            user: None,
            service: None,
        };
        self.added.push((self.directory.access_key_key(id.as_str()), record));
        Ok(())
    }

    fn live(&self) -> impl Iterator<Item = &AccessKeyEntry> {
        self.record
            .root_access_keys
            .iter()
            .filter(|entry| entry.status != AccessKeyStatus::Retired)
    }

    fn entry(&mut self, id: &AccessKeyId) -> Result<&mut AccessKeyEntry, DirectoryError> {
        let account = self.id;
        self.record
            .root_access_keys
            .iter_mut()
            .find(|entry| entry.id == id.as_str() && entry.status != AccessKeyStatus::Retired)
            .ok_or_else(|| DirectoryError::NoSuchAccessKey {
                account,
                id: id.clone(),
            })
    }
}

pub(crate) fn milliseconds(now: Duration) -> u64 {
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}
