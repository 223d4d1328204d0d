//! Seals: what protects the keyring, kept apart from the data that the keyring opens.

mod key_file;
mod passphrase;

use std::io;
use std::path::PathBuf;

use trent_crypto::sealed_keyring::{self, SealedKeyringError};
use trent_crypto::{Key256, Secret};

use crate::randomness::RandomnessError;

pub use key_file::KeyFileSeal;
pub use passphrase::{PassphraseSeal, SHORTEST as SHORTEST_PASSPHRASE};

/// The first byte of a keyring under a key file's seal.
const KEY_FILE: u8 = 1;

/// Wraps and unwraps the keyring.
pub trait Seal: Send + Sync {
    /// What stands behind this seal, in one word, for status and for messages.
    fn kind(&self) -> &'static str;

    /// Wraps the keyring's content.
    fn wrap(&self, keyring: &Secret) -> Result<Vec<u8>, SealError>;

    /// Unwraps the keyring's content.
    fn unwrap(&self, sealed: &[u8]) -> Result<Secret, SealError>;
}

/// Which seal a sealed keyring is under, as its head says without any secret: the kind of the seal and which one of its
/// kind it is. None if this build knows no such seal.
pub fn described(sealed: &[u8]) -> Option<(&'static str, String)> {
    let (kind, at) = match *sealed.first()? {
        KEY_FILE => ("key-file", 0),
        passphrase::FORMAT => ("passphrase", passphrase::HEADER),
        _ => return None,
    };
    let fingerprint = sealed.get(at + 1..)?.first_chunk()?;
    Some((kind, sealed_keyring::Fingerprint(*fingerprint).to_string()))
}

/// Unwraps a keyring that a seal of this kind must have wrapped.
pub(crate) fn unwrap(seal: &dyn Seal, sealed: &[u8]) -> Result<Secret, SealError> {
    match described(sealed) {
        Some((kind, _)) if kind != seal.kind() => Err(SealError::OtherKind {
            sealed_by: kind,
            opened_by: seal.kind(),
        }),
        _ => seal.unwrap(sealed),
    }
}

/// What is sealed under a 256-bit key.
fn opened(key: &Key256, sealed: &[u8]) -> Result<Secret, SealError> {
    sealed_keyring::open(key, sealed).map_err(|error| match error {
        SealedKeyringError::UnknownFormat(format) => SealError::UnknownFormat(format),
        SealedKeyringError::WrongSeal { expected, found } => SealError::WrongSeal {
            expected: expected.to_string(),
            found: found.to_string(),
        },
        SealedKeyringError::Damaged => SealError::Damaged,
    })
}

/// Why a seal cannot be made, read or used.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// There is no key file.
    #[error("the seal's key file {} does not exist", .0.display())]
    Missing(PathBuf),
    /// The key file exists already and is not overwritten.
    #[error("the seal's key file {} exists already; it is never overwritten", .0.display())]
    Exists(PathBuf),
    /// The key file lies inside the data folder that it protects.
    #[error(
        "the seal's key file {} lies inside the data folder {}; keep the two apart, or whoever copies the data folder has the key as well",
        .path.display(), .data.display()
    )]
    InsideData {
        /// The key file.
        path: PathBuf,
        /// The data folder.
        data: PathBuf,
    },
    /// Others than the owner may read or change the key file.
    #[error(
        "the seal's key file {} has mode {mode:03o}; only its owner may have access (chmod 600 {})",
        .path.display(), .path.display()
    )]
    Exposed {
        /// The key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file is not a key file.
    #[error("{} is not a key file of a seal", .0.display())]
    NotAKeyFile(PathBuf),
    /// The key file cannot be read or written.
    #[error("the seal's key file {}: {error}", .path.display())]
    Io {
        /// The key file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The keyring was sealed by another seal.
    #[error("this is the wrong seal: the keyring was sealed by {expected}, this one is {found}")]
    WrongSeal {
        /// The fingerprint that the sealed keyring names.
        expected: String,
        /// The fingerprint of this seal.
        found: String,
    },
    /// The keyring was sealed by a seal of another kind.
    #[error("this is the wrong seal: the keyring was sealed by a {sealed_by}, and `seal.kind` names a {opened_by}")]
    OtherKind {
        /// The kind of the seal that sealed the keyring.
        sealed_by: &'static str,
        /// The kind of the seal at hand.
        opened_by: &'static str,
    },
    /// The keyring does not open with this passphrase.
    #[error("this is the wrong passphrase: the seal does not open with it")]
    WrongPassphrase,
    /// No passphrase was given.
    #[error("the seal's passphrase is empty")]
    NoPassphrase,
    /// A new passphrase is too short.
    #[error("a passphrase for the seal has {0} bytes at least")]
    ShortPassphrase(usize),
    /// The sealed keyring has a format that this build does not know.
    #[error("the sealed keyring has the unknown format {0}; it was written by a newer version")]
    UnknownFormat(u8),
    /// The sealed keyring was changed or cut short.
    #[error("the sealed keyring is damaged")]
    Damaged,
    /// The system gave no randomness.
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
}
