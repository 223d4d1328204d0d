//! The keyring under a seal that is a 256-bit key.
//!
//! ```text
//! format 1 | fingerprint 16 | salt 32 | ciphertext | tag 16
//! ```
//!
//! The fingerprint is derived from the seal's key, so a wrong seal is told apart from a damaged keyring. The header is
//! associated data.

use crate::aead::{self, TAG};
use crate::kdf;
use crate::secret::{Key256, Secret, equal};

const FORMAT: u8 = 1;
const FINGERPRINT: usize = 16;
const SALT: usize = 32;
const HEADER: usize = 1 + FINGERPRINT + SALT;

/// What identifies a seal without telling its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint(pub [u8; FINGERPRINT]);

impl std::fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// Why a sealed keyring does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealedKeyringError {
    /// A format that this build does not know.
    #[error("the sealed keyring has the unknown format {0}")]
    UnknownFormat(u8),
    /// Another seal sealed it.
    #[error("the keyring was sealed by {expected}, not by {found}")]
    WrongSeal {
        /// The seal that the keyring names.
        expected: Fingerprint,
        /// The seal at hand.
        found: Fingerprint,
    },
    /// It was changed or cut short.
    #[error("the sealed keyring is damaged")]
    Damaged,
}

/// The fingerprint of a seal's key.
pub fn fingerprint(seal: &Key256) -> Fingerprint {
    Fingerprint(*kdf::derive(seal, "trent seal fingerprint", &[]))
}

/// Seals the content of a keyring. `salt` must be fresh random bytes.
pub fn seal(seal: &Key256, content: &[u8], salt: [u8; SALT]) -> Vec<u8> {
    let mut sealed = Vec::with_capacity(HEADER + content.len() + TAG);
    sealed.push(FORMAT);
    sealed.extend_from_slice(&fingerprint(seal).0);
    sealed.extend_from_slice(&salt);
    let header = sealed.clone();
    let key = sealing_key(seal, &salt);
    aead::seal_onto(&mut sealed, key.expose(), aead::FIXED, &header, content);
    sealed
}

/// Opens a sealed keyring.
pub fn open(seal: &Key256, sealed: &[u8]) -> Result<Secret, SealedKeyringError> {
    let (&format, rest) = sealed.split_first().ok_or(SealedKeyringError::Damaged)?;
    if format != FORMAT {
        return Err(SealedKeyringError::UnknownFormat(format));
    }
    if sealed.len() < HEADER + TAG {
        return Err(SealedKeyringError::Damaged);
    }
    let (expected, rest) = rest.split_first_chunk().ok_or(SealedKeyringError::Damaged)?;
    let found = fingerprint(seal);
    if !equal(expected, &found.0) {
        return Err(SealedKeyringError::WrongSeal {
            expected: Fingerprint(*expected),
            found,
        });
    }
    let (salt, body) = rest.split_at(SALT);
    let key = sealing_key(seal, salt);
    aead::open(key.expose(), aead::FIXED, &sealed[..HEADER], body).map_err(|_| SealedKeyringError::Damaged)
}

fn sealing_key(seal: &Key256, salt: &[u8]) -> Key256 {
    kdf::derive_key(seal, "trent sealed keyring", &[salt])
}

#[cfg(test)]
mod tests;
