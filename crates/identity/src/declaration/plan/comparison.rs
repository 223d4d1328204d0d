//! A comparison under way: the steps that it has found, and what every part of it needs.

use trent_keystore::{KeystoreError, WrappedCredential};

use super::super::Path;
use super::super::access_keys::DeclaredAccessKey;
use super::super::accounts::DeclaredAccount;
use super::change::Note;
use super::error::ApplyError;
use super::step::{Placed, Step};
use crate::directory::principals::Named;
use crate::directory::{AccessKeyEntry, AccessKeyStatus, Directory, DirectoryError, EntityError};

/// What is to be done for one account.
pub(super) struct Comparison<'d> {
    pub(super) directory: &'d Directory,
    pub(super) declared: &'d DeclaredAccount,
    pub(super) prune: bool,
    pub(super) steps: Vec<Placed>,
    pub(super) notes: Vec<Note>,
}

impl<'d> Comparison<'d> {
    pub(super) fn add(&mut self, path: &Path, step: Step) {
        let path = path.clone();
        self.steps.push(Placed { path, step });
    }

    /// Those of the declared access keys that a user or root user with these `entries` does not have.
    pub(super) async fn missing(
        &mut self,
        declared: &'d [DeclaredAccessKey],
        entries: &[AccessKeyEntry],
    ) -> Result<Vec<&'d DeclaredAccessKey>, ApplyError> {
        let (mut missing, account) = (Vec::new(), self.declared.id);
        for key in declared {
            let id = key.id.clone();
            let entry = entries.iter().find(|entry| entry.id == id.as_str());
            match entry.map(|entry| entry.status) {
                None => missing.push(key),
                Some(AccessKeyStatus::Retired) => self.notes.push(Note::AccessKeyStaysRetired(account, id)),
                Some(AccessKeyStatus::Active | AccessKeyStatus::Inactive) => {
                    if !has_secret(self.directory, key).await? {
                        let whose = format!("account {account}");
                        return Err(ApplyError::OtherSecret { whose, id });
                    }
                }
            }
        }
        Ok(missing)
    }

    /// What is stored under a name. Names that differ in case alone are one name, but not the declared one.
    pub(super) async fn stored<R: Named>(&self, path: &Path, name: &str) -> Result<Option<R>, ApplyError> {
        match self.directory.find::<R>(self.declared.id, name).await {
            Ok((_, record)) => {
                let name = name.to_owned();
                fixed(path, "name", Some(&name), record.name())?;
                Ok(Some(record))
            }
            Err(EntityError::NoSuch { .. }) => Ok(None),
            Err(error) => Err(ApplyError::refused(path, error)),
        }
    }
}

/// Refuses a declaration that differs in what no operation changes.
pub(super) fn fixed(path: &Path, field: &str, declared: Option<&String>, is: &str) -> Result<(), ApplyError> {
    match declared {
        Some(declared) if declared != is => Err(ApplyError::Fixed {
            at: path.field(field).to_string(),
            is: is.to_owned(),
        }),
        _ => Ok(()),
    }
}

/// Whether the stored access key has the declared secret, by what they sign: neither is unwrapped outside the keystore.
pub(super) async fn has_secret(directory: &Directory, declared: &DeclaredAccessKey) -> Result<bool, ApplyError> {
    let Some(stored) = directory.credential(&declared.id).await? else {
        return Ok(false);
    };
    let keystore = directory.keystore();
    let sealed = keystore.seal_credential(declared.secret.clone()).await;
    let sealed = sealed.map_err(DirectoryError::from)?;
    Ok(same_secret(directory, &stored, &sealed)
        .await
        .map_err(DirectoryError::from)?)
}

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
