//! What can go wrong in the keystore, one variant per case.

use trent_crypto::MaterialId;
use trent_crypto::ciphertext::CiphertextError;
use trent_crypto::import::{Unfit, UnwrapError};
use trent_crypto::pair::PairError;
use trent_crypto::root::RootError;
use trent_crypto::spec::KeySpec;
use trent_crypto::wrap::WrapError;

use crate::randomness::RandomnessError;
use crate::seal::SealError;

/// Why the keystore refused or failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeystoreError {
    /// The caller's ciphertext or encryption context is not valid.
    #[error(transparent)]
    Ciphertext(#[from] CiphertextError),
    /// The key has no material of the id that the ciphertext names, or none at all.
    #[error("the key holds no material {0}")]
    MaterialMissing(MaterialId),
    /// Material that came from outside has the wrong length for its key spec.
    #[error("key material of {0} bytes does not fit the key spec")]
    MaterialLength(usize),
    /// A token is none of the key's that can be used now.
    #[error(transparent)]
    ImportToken(#[from] ImportTokenError),
    /// Wrapped material does not unwrap.
    #[error(transparent)]
    Unwrap(#[from] UnwrapError),
    /// What was unwrapped is no material of the key.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// A key pair, or what was brought to it, is not fit for what was asked.
    #[error(transparent)]
    Pair(#[from] PairError),
    /// The key is of a spec that has no such operation.
    #[error("keys of spec {0} have no such operation")]
    WrongSpec(KeySpec),
    /// The workers are gone, as they are while the server shuts down.
    #[error("the keystore is shutting down")]
    Stopped,
    /// A stored wrapped secret does not open: the store was damaged or altered.
    #[error(transparent)]
    Wrapped(#[from] WrapError),
    /// The system gave no randomness.
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
}

/// Why an import token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportTokenError {
    /// It was not issued here, was changed, or is for another KMS key.
    #[error("an import token is not valid for the key")]
    Invalid,
    /// Its time is over.
    #[error("an import token has expired")]
    Expired,
}

/// Why a keyring cannot be made, opened or changed.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// The seal refused.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The content of the keyring has a format that this build does not know.
    #[error("the keyring has the unknown format {0}; it was written by a newer version")]
    UnknownFormat(u8),
    /// The content of the keyring is incomplete or contradictory.
    #[error("the keyring is malformed")]
    Malformed,
    /// The root keys do not fit together.
    #[error(transparent)]
    Root(#[from] RootError),
    /// The system gave no randomness.
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
}
