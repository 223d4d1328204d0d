//! Applies the keys of a development seed: fixed ids, aliases, tags, policies and even fixed material, so that a test
//! suite gets the same world each time.
//!
//! A key that is there already is left as it is, so a seed may be applied at every start.

use std::time::Duration;

use thiserror::Error;
use trent_crypto::KeyAddress;
use trent_crypto::spec::{KeySpec, KeyUsage};
use trent_identity::declaration::seed::DeclaredKey;
use trent_keystore::KeystoreError;
use trent_names::{AliasName, Region};
use trent_policy::Malformed;
use trent_quotas::Quota;
use trent_store::{CommitError, StoreError};

use crate::Kms;
use crate::keys::KeySpace;
use crate::keys::roster::{Place, Turns};
use crate::new_key::NewKeyRecord;
use crate::policy;
use crate::records::{AliasRecord, Manager, Origin, key_address};
use crate::state::KeyState;
use crate::tags::{self, MAX_TAG_KEY, MAX_TAG_VALUE, TagError, Tags};

/// Longest description of a key, in characters.
const MAX_DESCRIPTION: usize = 8192;

/// Why a declared key was not applied.
#[derive(Debug, Error)]
pub enum SeedError {
    /// The deployment does not serve the key's Region.
    #[error("key {key}: Region {region} is not served by this deployment")]
    Region {
        /// The key.
        key: String,
        /// Its Region.
        region: Region,
    },
    /// A key id that begins with `mrk-`.
    #[error("key {key}: multi-Region keys are not supported")]
    MultiRegion {
        /// The key.
        key: String,
    },
    /// The description is too long.
    #[error("key {key}: a description has at most {MAX_DESCRIPTION} characters")]
    Description {
        /// The key.
        key: String,
    },
    /// Too many keys.
    #[error("key {key}: its account has as many keys in the Region as it may have")]
    Keys {
        /// The key.
        key: String,
    },
    /// Too many aliases.
    #[error("key {key}: a key has at most {most} aliases")]
    Aliases {
        /// The key.
        key: String,
        /// The quota.
        most: u64,
    },
    /// An alias that already points at another key.
    #[error("key {key}: {alias} already exists")]
    AliasTaken {
        /// The key.
        key: String,
        /// The alias.
        alias: AliasName,
    },
    /// The tags break the rules for tags.
    #[error("key {key}: {error}")]
    Tags {
        /// The key.
        key: String,
        /// The broken rule.
        error: TagError,
    },
    /// A tag key or value is too long or empty.
    #[error("key {key}: a tag key has 1 to {MAX_TAG_KEY} characters and a value at most {MAX_TAG_VALUE}")]
    TagLength {
        /// The key.
        key: String,
    },
    /// The policy is none.
    #[error("key {key}: {error}")]
    Policy {
        /// The key.
        key: String,
        /// What is wrong with it.
        error: Malformed,
    },
    /// The policy names a user or role that is not there, or that cannot be looked up.
    #[error("key {key}: {message}")]
    Principals {
        /// The key.
        key: String,
        /// What is wrong.
        message: String,
    },
    /// The keystore failed.
    #[error(transparent)]
    Keystore(#[from] KeystoreError),
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store did not take the key.
    #[error(transparent)]
    Commit(#[from] CommitError),
}

/// Brings the declared keys about, each in one transaction; those without a Region go to `home`. Gives the ARNs of the
/// keys that were made.
pub async fn apply(kms: &Kms, keys: &[DeclaredKey], home: &Region, now: Duration) -> Result<Vec<String>, SeedError> {
    let mut made = Vec::new();
    for declared in keys {
        let region = declared.region.as_ref().unwrap_or(home);
        let space = kms.served(region).ok_or_else(|| SeedError::Region {
            key: declared.id.to_string(),
            region: region.clone(),
        })?;
        made.extend(make(kms, space, declared, now).await?);
    }
    Ok(made)
}

async fn make(kms: &Kms, space: &KeySpace, declared: &DeclaredKey, now: Duration) -> Result<Option<String>, SeedError> {
    let (account, id) = (declared.account, declared.id);
    if space.store.get(&key_address(account, id)).await?.is_some() {
        return Ok(None);
    }
    let new = check(kms, space, declared).await?;
    let address = KeyAddress {
        partition: space.region().partition(),
        account,
        key: id,
    };
    let material = match &declared.material {
        Some(fixed) => kms.keystore().import_fixed(address, fixed.clone()).await?,
        None => kms.keystore().create(address, new.spec).await?,
    };
    let created = i64::try_from(now.as_millis()).unwrap_or(i64::MAX);
    let mut record = new.with(id, material, created);
    if !declared.enabled {
        record.state = KeyState::Disabled;
    }
    let mut txn = space.store.txn();
    let (most, turns) = (space.most(Quota::KEYS, account), Turns::default());
    let place = space.rosters.enroll(&mut txn, (account, id), Some(most), &turns);
    if place.await? == Place::None {
        return Err(SeedError::Keys { key: id.to_string() });
    }
    space.insert(&mut txn, &record);
    for name in &record.aliases {
        let address = space.alias_address(account, name);
        if space.store.get(&address).await?.is_some() {
            return Err(SeedError::AliasTaken {
                key: id.to_string(),
                alias: name.clone(),
            });
        }
        let alias = AliasRecord {
            name: name.clone(),
            target: id,
            created,
            updated: created,
        };
        txn.insert(&address, &alias);
    }
    space.store.commit(txn).await?;
    Ok(Some(space.key_arn(account, id)))
}

/// The rules that the operations would have applied.
async fn check(kms: &Kms, space: &KeySpace, declared: &DeclaredKey) -> Result<NewKeyRecord, SeedError> {
    let key = || declared.id.to_string();
    if declared.id.is_multi_region() {
        return Err(SeedError::MultiRegion { key: key() });
    }
    if declared.description.chars().count() > MAX_DESCRIPTION {
        return Err(SeedError::Description { key: key() });
    }
    let most = space.most(Quota::ALIASES, declared.account);
    if u64::try_from(declared.aliases.len()).is_ok_and(|aliases| aliases > most) {
        return Err(SeedError::Aliases { key: key(), most });
    }
    let tags = declared.tags.iter().map(|(tag, value)| (tag.as_str(), value.as_str()));
    if !tags.clone().all(|(tag, value)| tags::fits(tag, value)) {
        return Err(SeedError::TagLength { key: key() });
    }
    let tags = tags::merge(&Tags::new(), tags).map_err(|error| SeedError::Tags { key: key(), error })?;
    let policy = match &declared.policy {
        None => policy::default_policy(space.region().partition(), declared.account).into(),
        Some(policy) => {
            policy::parse(policy).map_err(|error| SeedError::Policy { key: key(), error })?;
            let accepted = policy::accept(kms, policy).await;
            accepted.map_err(|error| SeedError::Principals {
                key: key(),
                message: error.message().to_owned(),
            })?
        }
    };
    Ok(NewKeyRecord {
        account: declared.account,
        spec: KeySpec::SymmetricDefault,
        usage: KeyUsage::EncryptDecrypt,
        origin: Origin::AwsKms,
        manager: Manager::Customer,
        description: declared.description.clone(),
        policy,
        tags,
        aliases: declared.aliases.iter().cloned().collect(),
        multi_region: false,
    })
}
