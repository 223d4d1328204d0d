//! The seal that the configuration names: opened for a store that is there, made for a new one.
//!
//! A passphrase comes from a file, from the credential that systemd hands over, or from the terminal; never from the
//! environment or the command line, which others can read.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use trent_crypto::Secret;
use trent_keystore::{KeyFileSeal, PassphraseSeal, Seal, SealError};
use zeroize::Zeroizing;

use crate::config::{SealKind, SealSettings};

/// The name of the passphrase among a service's credentials (`LoadCredential=`).
const CREDENTIAL: &str = "trent-seal-passphrase";

/// The longest passphrase that is read.
const LONGEST: usize = 4096;

/// Why there is no seal.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SealFailure {
    /// The seal itself.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The file with the passphrase.
    #[error("the seal's passphrase cannot be read from {}: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// Others than the owner may read or change the file with the passphrase.
    #[error(
        "the file with the seal's passphrase, {}, has mode {mode:03o}; only its owner may have access (chmod 600 {})",
        path.display(), path.display()
    )]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Too long to be a passphrase.
    #[error("{} is longer than a passphrase may be ({LONGEST} bytes)", .0.display())]
    TooLong(PathBuf),
    /// The folder of what is kept beside the seal.
    #[error("cannot make the folder {}: {error}", path.display())]
    Place {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// There is nobody to ask.
    #[error(
        "there is no terminal to ask for the seal's passphrase ({0}): set `seal.passphrase_file`, or give the service the \
         credential {CREDENTIAL}"
    )]
    NoTerminal(io::Error),
    /// The passphrase was not typed the same way twice.
    #[error("the two passphrases differ; nothing was done")]
    Differ,
}

/// Opens the seal of a store that is there.
pub(crate) fn open(settings: &SealSettings, data: &Path) -> Result<Box<dyn Seal>, SealFailure> {
    Ok(match settings.kind {
        SealKind::File => Box::new(KeyFileSeal::open(&settings.key_file, data)?),
        SealKind::Passphrase => {
            let seal = PassphraseSeal::new(passphrase(settings, "Passphrase of the seal: ")?)?;
            make_place(settings)?;
            Box::new(seal)
        }
    })
}

/// A seal that a keyring is to be put under: a new key file unless there is one, or a passphrase that is chosen now. Tells
/// whether a file was made.
pub(crate) fn make(settings: &SealSettings, data: &Path) -> Result<(Box<dyn Seal>, bool), SealFailure> {
    match settings.kind {
        SealKind::File if settings.key_file.exists() => {
            Ok((Box::new(KeyFileSeal::open(&settings.key_file, data)?), false))
        }
        SealKind::File => Ok((Box::new(KeyFileSeal::create(&settings.key_file, data)?), true)),
        SealKind::Passphrase => {
            let seal = PassphraseSeal::chosen(chosen(settings)?)?;
            make_place(settings)?;
            Ok((Box::new(seal), false))
        }
    }
}

/// Makes the folder of the files that are kept beside a key file, where there is no key file.
fn make_place(settings: &SealSettings) -> Result<(), SealFailure> {
    let Some(folder) = settings.key_file.parent() else {
        return Ok(());
    };
    fs::create_dir_all(folder).map_err(|error| SealFailure::Place {
        path: folder.to_owned(),
        error,
    })
}

fn passphrase(settings: &SealSettings, prompt: &str) -> Result<Secret, SealFailure> {
    match written(settings)? {
        Some(written) => Ok(written),
        None => asked(prompt),
    }
}

/// A new passphrase; whoever types it types it twice, since nobody sees it.
fn chosen(settings: &SealSettings) -> Result<Secret, SealFailure> {
    if let Some(written) = written(settings)? {
        return Ok(written);
    }
    let first = asked("New passphrase for the seal: ")?;
    if first == asked("The same again: ")? {
        Ok(first)
    } else {
        Err(SealFailure::Differ)
    }
}

/// The passphrase in a file: the one that the configuration names, or the service's credential.
fn written(settings: &SealSettings) -> Result<Option<Secret>, SealFailure> {
    if let Some(path) = &settings.passphrase_file {
        return read(path, true).map(Some);
    }
    let Some(folder) = std::env::var_os("CREDENTIALS_DIRECTORY") else {
        return Ok(None);
    };
    let path = Path::new(&folder).join(CREDENTIAL);
    // Who may read a credential is systemd's to say.
    if path.exists() {
        read(&path, false).map(Some)
    } else {
        Ok(None)
    }
}

/// The first line of a file.
fn read(path: &Path, private: bool) -> Result<Secret, SealFailure> {
    let unreadable = |error| SealFailure::Unreadable {
        path: path.to_owned(),
        error,
    };
    let file = File::open(path).map_err(unreadable)?;
    let mode = file.metadata().map_err(unreadable)?.permissions().mode() & 0o777;
    if private && mode & 0o077 != 0 {
        let path = path.to_owned();
        return Err(SealFailure::Exposed { path, mode });
    }
    // Room for all of it, so that no copy of a smaller buffer is left behind.
    let mut content = Zeroizing::new(Vec::with_capacity(LONGEST + 2));
    file.take(LONGEST as u64 + 2)
        .read_to_end(&mut content)
        .map_err(unreadable)?;
    let line = content.strip_suffix(b"\n").unwrap_or(&content);
    if line.len() > LONGEST {
        return Err(SealFailure::TooLong(path.to_owned()));
    }
    Ok(Secret::new(line.to_vec()))
}

/// Asks on the terminal, which does not show what is typed.
fn asked(prompt: &str) -> Result<Secret, SealFailure> {
    let typed = rpassword::prompt_password(prompt).map_err(SealFailure::NoTerminal)?;
    Ok(Secret::new(typed.into_bytes()))
}
