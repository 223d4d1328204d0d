//! Seals: what protects the keyring, kept apart from the data that the keyring opens.

mod key_file;

use std::io;
use std::path::PathBuf;

use trent_crypto::Secret;

use crate::randomness::RandomnessError;

pub use key_file::KeyFileSeal;

/// Wraps and unwraps the keyring.
pub trait Seal: Send + Sync {
    /// What stands behind this seal, in one word, for status and for messages.
    fn kind(&self) -> &'static str;

    /// Which one of its kind it is; tells nothing of its secret.
    fn id(&self) -> String;

    /// Wraps the keyring's content.
    fn wrap(&self, keyring: &Secret) -> Result<Vec<u8>, SealError>;

    /// Unwraps the keyring's content.
    fn unwrap(&self, sealed: &[u8]) -> Result<Secret, SealError>;
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
