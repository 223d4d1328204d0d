//! Putting the keyring of a stopped deployment under another seal.
//!
//! The keyring is one record, and one transaction replaces it: before it the old seal opens the store, after it the new one,
//! and at no moment neither. What comes before and after can be done again.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use trent_keystore::Seal;
use trent_store::{DataFolder, Engine, Mode};

use super::{Deed, Node, OpenFailure, keyring};
use crate::config::Config;
use crate::seals;

/// What a migration came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Migrated {
    /// The keyring is under the new seal now.
    Now,
    /// It was already, as after a migration that was interrupted.
    Before,
}

impl Node {
    /// Puts the keyring under the seal of `to`, which differs from `config` in its seal alone. The old seal opens nothing
    /// afterwards but backups that were made before.
    pub(crate) async fn migrate(config: &Config, to: &Config) -> Result<Migrated, OpenFailure> {
        let (new, made) = seals::make(&to.seal, &to.data_dir)?;
        let migrated = match Self::standing(config, to, &*new).await {
            Ok(Standing::Migrated) => Migrated::Before,
            Ok(Standing::Open(node)) => {
                node.put_under(&*new).await?;
                Migrated::Now
            }
            Err(error) => {
                if made {
                    // The seal of nothing yet.
                    let _ = fs::remove_file(&to.seal.key_file);
                }
                return Err(error);
            }
        };
        move_beside(config, to)?;
        Ok(migrated)
    }

    /// Whether the new seal opens the store already; if not, the store as the old one opens it.
    async fn standing(config: &Config, to: &Config, new: &dyn Seal) -> Result<Standing, OpenFailure> {
        let folder = DataFolder::open(&config.data_dir, Mode::Production)?;
        let engine = folder.engine()?;
        let opened = keyring::open(&engine, new).await;
        engine.close().await;
        drop((engine, folder));
        if opened.is_ok() {
            return Ok(Standing::Migrated);
        }
        if config.head_file() != to.head_file() && to.head_file().exists() {
            return Err(OpenFailure::SealInUse(to.seal.key_file.clone()));
        }
        Ok(Standing::Open(Box::new(Self::open(config, false).await?)))
    }

    async fn put_under(self, new: &dyn Seal) -> Result<(), OpenFailure> {
        let from_to = format!("from {} to {}", self.seal.kind(), new.kind());
        self.note(&Deed::of_the_operator("MigrateSeal").with_changes(&[from_to]))
            .await?;
        keyring::replace(&**self.store.engine(), self.seal.keyring(), new).await?;
        self.close().await?;
        Ok(())
    }
}

/// How far a migration has come when it begins, or begins again.
enum Standing {
    Migrated,
    Open(Box<Node>),
}

/// Takes the files that are kept beside the seal to their new place, if the seal's place is another one.
fn move_beside(from: &Config, to: &Config) -> Result<(), OpenFailure> {
    if from.head_file() == to.head_file() {
        return Ok(());
    }
    for (old, new) in [
        (from.head_file(), to.head_file()),
        (from.ledger_file(), to.ledger_file()),
    ] {
        move_file(&old, &new).map_err(|error| OpenFailure::Folder { path: old, error })?;
    }
    Ok(())
}

/// Moves a file to where it may be on another file system, so that it is whole in one of the places at any time.
fn move_file(old: &Path, new: &Path) -> io::Result<()> {
    if !old.exists() {
        return Ok(());
    }
    if !new.exists() {
        let mut beside = new.as_os_str().to_owned();
        beside.push(".new");
        let beside = PathBuf::from(beside);
        fs::copy(old, &beside)?;
        File::open(&beside)?.sync_all()?;
        fs::rename(&beside, new)?;
        if let Some(folder) = new.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            File::open(folder)?.sync_all()?;
        }
    }
    fs::remove_file(old)
}
