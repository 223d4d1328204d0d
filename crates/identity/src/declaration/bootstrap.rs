//! The bootstrap file: the accounts and root access keys that a deployment starts with.
//!
//! ```toml
//! [[accounts]]
//! id = "111122223333"
//! name = "payments"
//!
//! [[accounts.access_keys]]
//! id = "AKIAIOSFODNN7EXAMPLE"
//! secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
//! ```
//!
//! Applying it adds what is missing and changes nothing else, so it may be applied at every start. It never brings
//! back what was taken away since: a deactivated key stays deactivated, a retired one stays retired.

use std::time::Duration;

use serde::Deserialize;
use trent_keystore::{KeystoreError, WrappedCredential};
use trent_names::AccountId;
use trent_store::GlobalTxn;

use super::accounts::{self, DeclaredAccessKey, DeclaredAccount, RawAccount, Rules};
use super::{DeclarationError, Source};
use crate::access_key::AccessKeyId;
use crate::directory::{AccessKeyStatus, AccountChange, Directory, DirectoryError};

/// What production asks of credentials that come from a file: no guessable secrets, ids as the service has them.
const RULES: Rules = Rules {
    shortest_access_key_id: 16,
    shortest_secret: 40,
};

/// A bootstrap file, read and checked.
#[derive(Debug, PartialEq, Eq)]
pub struct Bootstrap {
    /// The accounts, in the order of the file.
    pub accounts: Vec<DeclaredAccount>,
}

/// What there is to say about a declared account that was not all there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Applied {
    /// The account was made.
    AccountCreated(AccountId),
    /// The account got an access key.
    AccessKeyAdded(AccountId, AccessKeyId),
    /// The file has an access key that was retired since; it was left alone.
    AccessKeyStaysRetired(AccountId, AccessKeyId),
}

/// Why a declared account was not applied.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The store has another secret for this access key than the file.
    #[error(
        "the file gives access key {id} of account {account} another secret than it has: give the new one a new id"
    )]
    OtherSecret {
        /// The account.
        account: AccountId,
        /// The access key.
        id: AccessKeyId,
    },
    /// The directory refused or failed.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
}

impl From<KeystoreError> for ApplyError {
    fn from(error: KeystoreError) -> Self {
        Self::Directory(error.into())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBootstrap {
    #[serde(default)]
    accounts: Vec<RawAccount>,
}

impl Bootstrap {
    /// Reads a bootstrap file.
    pub fn parse(text: &str) -> Result<Self, DeclarationError> {
        let source = Source::Toml(text);
        let raw: RawBootstrap = source.read()?;
        let accounts = accounts::validate(raw.accounts, RULES).map_err(|misplaced| source.locate(misplaced))?;
        Ok(Self { accounts })
    }

    /// Applies the file account by account, each in one transaction. Stops at the first that cannot be applied.
    pub async fn apply(&self, directory: &Directory, now: Duration) -> Result<Vec<Applied>, ApplyError> {
        let mut applied = Vec::new();
        for account in &self.accounts {
            let planned = plan(directory, account, now).await?;
            if let Some(transaction) = planned.transaction {
                directory
                    .store()
                    .commit(transaction)
                    .await
                    .map_err(DirectoryError::from)?;
            }
            applied.extend(planned.steps);
        }
        Ok(applied)
    }
}

/// What it takes to bring one declared account about.
pub struct Plan {
    /// What there is to say about it.
    pub steps: Vec<Applied>,
    /// What there is to commit; nothing if all of it is there already.
    pub transaction: Option<GlobalTxn>,
}

/// Compares one declared account with the directory.
pub async fn plan(directory: &Directory, declared: &DeclaredAccount, now: Duration) -> Result<Plan, ApplyError> {
    let mut steps = Vec::new();
    let mut change = match directory.change(declared.id).await {
        Ok(change) => change,
        Err(DirectoryError::NoSuchAccount(id)) => {
            steps.push(Applied::AccountCreated(id));
            directory.create(id, &declared.name, now).await?
        }
        Err(error) => return Err(error.into()),
    };
    for key in &declared.access_keys {
        steps.extend(add(directory, &mut change, declared.id, key, now).await?);
    }
    let changes = steps
        .iter()
        .any(|step| !matches!(step, Applied::AccessKeyStaysRetired(..)));
    let transaction = changes.then(|| change.plan(()).transaction);
    Ok(Plan { steps, transaction })
}

async fn add(
    directory: &Directory,
    change: &mut AccountChange<'_>,
    account: AccountId,
    key: &DeclaredAccessKey,
    now: Duration,
) -> Result<Option<Applied>, ApplyError> {
    let id = &key.id;
    let entry = change
        .record()
        .root_access_keys
        .iter()
        .find(|entry| entry.id == id.as_str());
    match entry.map(|entry| entry.status) {
        Some(AccessKeyStatus::Retired) => Ok(Some(Applied::AccessKeyStaysRetired(account, id.clone()))),
        Some(AccessKeyStatus::Active | AccessKeyStatus::Inactive) => {
            let stored = directory.credential(id).await?;
            let declared = directory.keystore().seal_credential(key.secret.clone()).await?;
            match stored {
                Some(stored) if same_secret(directory, &stored, &declared).await? => Ok(None),
                _ => Err(ApplyError::OtherSecret {
                    account,
                    id: id.clone(),
                }),
            }
        }
        None => {
            change.import_root_access_key(id, key.secret.clone(), now).await?;
            Ok(Some(Applied::AccessKeyAdded(account, id.clone())))
        }
    }
}

/// Whether two wrapped secrets are the same, by what they sign: neither is unwrapped outside the keystore.
async fn same_secret(
    directory: &Directory,
    one: &WrappedCredential,
    other: &WrappedCredential,
) -> Result<bool, KeystoreError> {
    let keystore = directory.keystore();
    let one = keystore.signing_key(one, "20000101", "", "").await?;
    let other = keystore.signing_key(other, "20000101", "", "").await?;
    Ok(trent_crypto::secret::equal(one.expose(), other.expose()))
}
