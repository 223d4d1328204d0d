//! Access keys of users. The user's own record says which of them sign; the secret stands apart, wrapped.

use trent_crypto::Secret;

use super::super::entity_error::{Entity, EntityError, Quota};
use super::super::principals::UserRecord;
use super::super::records::{AccessKeyEntry, AccessKeyOwner, AccessKeyRecord, AccessKeyStatus};
use super::super::{IssuedAccessKey, MAX_ACCESS_KEYS};
use super::Edit;
use crate::access_key::AccessKeyId;
use crate::rules::InvalidInput;

impl Edit<'_> {
    /// Gives a user a new access key.
    pub async fn issue_access_key(&mut self, user: &str) -> Result<IssuedAccessKey, EntityError> {
        let keystore = self.directory.keystore();
        let random = keystore.random(AccessKeyId::ENTROPY).await?;
        let mut entropy = [0; AccessKeyId::ENTROPY];
        entropy.copy_from_slice(random.expose());
        let id = AccessKeyId::from_random_bytes(entropy);
        let credential = keystore.new_credential().await?;
        self.add_access_key(user, &id, credential.wrapped.0, None).await?;
        Ok(IssuedAccessKey {
            id,
            secret: credential.secret,
        })
    }

    /// Gives a user an access key whose id and secret were chosen elsewhere.
    pub async fn import_access_key(&mut self, user: &str, id: &AccessKeyId, secret: Secret) -> Result<(), EntityError> {
        if id.is_temporary() {
            return Err(InvalidInput::Name {
                what: "long-term access key id",
                max: AccessKeyId::MAX_LENGTH,
                value: id.to_string(),
            }
            .into());
        }
        let wrapped = self.directory.keystore().seal_credential(secret).await?;
        self.add_access_key(user, id, wrapped.0, Some(true)).await
    }

    /// Gives the root user an access key whose id and secret were chosen elsewhere.
    pub async fn import_root_access_key(&mut self, id: &AccessKeyId, secret: Secret) -> Result<(), EntityError> {
        let credential = self.directory.keystore().seal_credential(secret).await?.0;
        let store = self.store();
        let key = self.directory.access_key_key(id.as_str());
        if self.access_keys.get(store, &key).await?.is_some() {
            return Err(EntityError::exists(Entity::AccessKey, id.as_str()));
        }
        let (created_at, account) = (self.now, self.account.as_str().to_owned());
        let record = self.account_record().await?;
        let live = |entry: &&AccessKeyEntry| entry.status != AccessKeyStatus::Retired;
        if record.root_access_keys.iter().any(|entry| entry.id == id.as_str()) {
            return Err(EntityError::AccessKeyRetired(id.clone()));
        }
        let count = record.root_access_keys.iter().filter(live).count();
        Quota::AccessKeys.check(count + 1, MAX_ACCESS_KEYS)?;
        record.last_serial += 1;
        let serial = record.last_serial;
        record.root_access_keys.push(AccessKeyEntry {
            id: id.as_str().to_owned(),
            serial,
            status: AccessKeyStatus::Active,
            created_at,
            imported: None,
        });
        let stored = AccessKeyRecord {
            account,
            owner: AccessKeyOwner::Root,
            serial,
            credential,
            user: None,
            service: None,
        };
        Ok(self.access_keys.set(store, &key, Some(stored)).await?)
    }

    /// Stops an access key from signing requests, or lets it again.
    pub async fn set_access_key_active(&mut self, user: &str, id: &str, active: bool) -> Result<(), EntityError> {
        let entry = self.access_key_entry(user, id).await?;
        entry.status = if active {
            AccessKeyStatus::Active
        } else {
            AccessKeyStatus::Inactive
        };
        Ok(())
    }

    /// Deletes an access key and its secret.
    pub async fn delete_access_key(&mut self, user: &str, id: &str) -> Result<(), EntityError> {
        self.access_key_entry(user, id).await?.status = AccessKeyStatus::Retired;
        let (_, record) = self.named::<UserRecord>(user).await?;
        // Ids that were made here are random and do not come again; others might, and are remembered.
        record
            .access_keys
            .retain(|entry| entry.status != AccessKeyStatus::Retired || entry.imported == Some(true));
        let key = self.directory.access_key_key(id);
        Ok(self.access_keys.set(&self.directory.store, &key, None).await?)
    }

    async fn add_access_key(
        &mut self,
        user: &str,
        id: &AccessKeyId,
        credential: Vec<u8>,
        imported: Option<bool>,
    ) -> Result<(), EntityError> {
        let store = &self.directory.store;
        let key = self.directory.access_key_key(id.as_str());
        if self.access_keys.get(store, &key).await?.is_some() {
            return Err(EntityError::exists(Entity::AccessKey, id.as_str()));
        }
        let created_at = self.now;
        let account = self.account.as_str().to_owned();
        let (owner, record) = self.named::<UserRecord>(user).await?;
        let live = |entry: &&AccessKeyEntry| entry.status != AccessKeyStatus::Retired;
        if record.access_keys.iter().any(|entry| entry.id == id.as_str()) {
            return Err(EntityError::AccessKeyRetired(id.clone()));
        }
        Quota::AccessKeys.check(record.access_keys.iter().filter(live).count() + 1, MAX_ACCESS_KEYS)?;
        record.last_serial += 1;
        let serial = record.last_serial;
        record.access_keys.push(AccessKeyEntry {
            id: id.as_str().to_owned(),
            serial,
            status: AccessKeyStatus::Active,
            created_at,
            imported,
        });
        let stored = AccessKeyRecord {
            account,
            owner: AccessKeyOwner::User,
            serial,
            credential,
            user: Some(owner),
            service: None,
        };
        Ok(self.access_keys.set(store, &key, Some(stored)).await?)
    }

    async fn access_key_entry(&mut self, user: &str, id: &str) -> Result<&mut AccessKeyEntry, EntityError> {
        let (_, record) = self.named::<UserRecord>(user).await?;
        let mut live = record.access_keys.iter_mut();
        live.find(|entry| entry.id == id && entry.status != AccessKeyStatus::Retired)
            .ok_or_else(|| EntityError::no_such(Entity::AccessKey, id))
    }
}
