//! Wrapping of secrets under the root: destruction keys, credentials, tokens that leave the server, and the keys under
//! which key material goes to another Region.
//!
//! ```text
//! format 1 | purpose 1 | generation 4 | salt 32 | ciphertext | tag 16
//! ```
//!
//! Each wrapping has a key of its own, SP 800-108 of the generation's key for the purpose with the salt. The header and
//! what the secret belongs to are associated data, so a wrapped secret opens for its own owner only.

use std::sync::Arc;

use trent_names::Region;

use crate::aead::{self, AssociatedData, TAG};
use crate::identity::{KeyAddress, MaterialId};
use crate::joined::Joined;
use crate::kdf::{self, DerivationKey};
use crate::record::Class;
use crate::root::{GenerationId, RootKeys};
use crate::secret::{Key256, Secret};

const FORMAT: u8 = 1;
const SALT: usize = 32;
const HEADER: usize = 1 + 1 + 4 + SALT;

/// Why a wrapped secret does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WrapError {
    /// Fewer bytes than a header and a tag.
    #[error("a wrapped secret is truncated")]
    Truncated,
    /// A format that this build does not know.
    #[error("a wrapped secret has the unknown format {0}")]
    UnknownFormat(u8),
    /// The secret was wrapped for something else.
    #[error("a wrapped secret was wrapped for another purpose ({0})")]
    WrongPurpose(u8),
    /// A kind of key material that this build does not know.
    #[error("a wrapped key material is of the unknown kind {0}")]
    UnknownKind(u8),
    /// The root generation that wrapped the secret is not in the keyring.
    #[error("a wrapped secret needs root generation {0}, which the keyring does not hold")]
    UnknownGeneration(GenerationId),
    /// The wrapped material is another one than was asked for.
    #[error("a wrapped key material is {0}, not the one asked for")]
    OtherMaterial(MaterialId),
    /// The secret was changed, belongs to something else, or was wrapped under another key.
    #[error("a wrapped secret does not open: changed, moved, or wrapped under another key")]
    Forged,
}

/// What a generation wraps a secret for. Each purpose has its own key in each generation.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Purpose {
    DestructionKey = 1,
    Credential = 2,
    Token = 3,
    Transfer = 4,
}

const PURPOSES: [Purpose; 4] = [
    Purpose::DestructionKey,
    Purpose::Credential,
    Purpose::Token,
    Purpose::Transfer,
];

/// The wrapping keys of every root generation.
#[derive(Clone)]
pub struct RootWrapper(Arc<Keys>);

struct Keys {
    generations: Vec<(GenerationId, PurposeKeys)>,
    active: usize,
}

struct PurposeKeys([DerivationKey; PURPOSES.len()]);

impl RootWrapper {
    /// Derives the keys of every generation and purpose.
    pub fn new(root: &RootKeys) -> Self {
        let generations = root
            .generations()
            .iter()
            .map(|generation| (generation.id, PurposeKeys::new(&generation.key)))
            .collect();
        let active = root.active_index();
        Self(Arc::new(Keys { generations, active }))
    }

    /// Wraps the destruction key of one KMS key. `salt` must be fresh random bytes, here as everywhere below.
    pub fn wrap_destruction_key(&self, address: &KeyAddress, destruction_key: &Key256, salt: [u8; SALT]) -> Vec<u8> {
        let secret = destruction_key.expose();
        self.wrap(Purpose::DestructionKey, &address.encode(), secret, &salt)
    }

    /// Unwraps the destruction key of the KMS key at `address`.
    pub fn unwrap_destruction_key(&self, address: &KeyAddress, wrapped: &[u8]) -> Result<Key256, WrapError> {
        let (key, body) = self.read(Purpose::DestructionKey, wrapped)?;
        let aad = associated_data(&wrapped[..HEADER], &address.encode());
        aead::open_key(key.expose(), aead::FIXED, &aad, body).map_err(|_| WrapError::Forged)
    }

    /// Wraps the secret of an access key.
    pub fn wrap_credential(&self, secret: &Secret, salt: [u8; SALT]) -> Vec<u8> {
        self.wrap(Purpose::Credential, &[], secret.expose(), &salt)
    }

    /// Unwraps the secret of an access key.
    pub fn unwrap_credential(&self, wrapped: &[u8]) -> Result<Secret, WrapError> {
        self.unwrap(Purpose::Credential, &[], wrapped)
    }

    /// Seals a token or marker that leaves the server and must come back unchanged. Each class has its own tokens.
    pub fn wrap_token(&self, class: Class, bytes: &[u8], salt: [u8; SALT]) -> Vec<u8> {
        self.wrap(Purpose::Token, &[class as u8], bytes, &salt)
    }

    /// Opens a token or marker of `class`.
    pub fn unwrap_token(&self, class: Class, wrapped: &[u8]) -> Result<Secret, WrapError> {
        self.unwrap(Purpose::Token, &[class as u8], wrapped)
    }

    /// Wraps the key under which the materials of a KMS key go to another Region, for that Region alone.
    pub fn wrap_transfer_key(
        &self,
        to: &Region,
        address: &KeyAddress,
        transfer_key: &Key256,
        salt: [u8; SALT],
    ) -> Vec<u8> {
        self.wrap(Purpose::Transfer, &receiver(to, address), transfer_key.expose(), &salt)
    }

    /// Unwraps the key under which the materials of a KMS key came to `to`.
    pub fn unwrap_transfer_key(&self, to: &Region, address: &KeyAddress, wrapped: &[u8]) -> Result<Key256, WrapError> {
        let (key, body) = self.read(Purpose::Transfer, wrapped)?;
        let aad = associated_data(&wrapped[..HEADER], &receiver(to, address));
        aead::open_key(key.expose(), aead::FIXED, &aad, body).map_err(|_| WrapError::Forged)
    }

    fn wrap(&self, purpose: Purpose, owner: &[u8], secret: &[u8], salt: &[u8; SALT]) -> Vec<u8> {
        let (generation, keys) = &self.0.generations[self.0.active];
        let mut wrapped = Vec::with_capacity(HEADER + secret.len() + TAG);
        wrapped.push(FORMAT);
        wrapped.push(purpose as u8);
        wrapped.extend_from_slice(&generation.0.to_be_bytes());
        wrapped.extend_from_slice(salt);
        let aad = associated_data(&wrapped, owner);
        let key = keys.derive(purpose, salt);
        aead::seal_onto(&mut wrapped, key.expose(), aead::FIXED, &aad, secret);
        wrapped
    }

    fn unwrap(&self, purpose: Purpose, owner: &[u8], wrapped: &[u8]) -> Result<Secret, WrapError> {
        let (key, body) = self.read(purpose, wrapped)?;
        let aad = associated_data(&wrapped[..HEADER], owner);
        aead::open(key.expose(), aead::FIXED, &aad, body).map_err(|_| WrapError::Forged)
    }

    /// Reads the header; gives the key that it calls for and the sealed body.
    fn read<'a>(&self, purpose: Purpose, wrapped: &'a [u8]) -> Result<(Key256, &'a [u8]), WrapError> {
        let (&format, rest) = wrapped.split_first().ok_or(WrapError::Truncated)?;
        if format != FORMAT {
            return Err(WrapError::UnknownFormat(format));
        }
        if wrapped.len() < HEADER + TAG {
            return Err(WrapError::Truncated);
        }
        let (&found, rest) = rest.split_first().ok_or(WrapError::Truncated)?;
        if found != purpose as u8 {
            return Err(WrapError::WrongPurpose(found));
        }
        let (generation, rest) = rest.split_first_chunk().ok_or(WrapError::Truncated)?;
        let generation = GenerationId(u32::from_be_bytes(*generation));
        let (_, keys) = self
            .0
            .generations
            .iter()
            .find(|(id, _)| *id == generation)
            .ok_or(WrapError::UnknownGeneration(generation))?;
        let (salt, body) = rest.split_at(SALT);
        Ok((keys.derive(purpose, salt), body))
    }
}

impl PurposeKeys {
    fn new(generation: &Key256) -> Self {
        Self(PURPOSES.map(|purpose| {
            let key = kdf::derive_key(generation, "trent wrap purpose", &[&[purpose as u8]]);
            DerivationKey::new(&key)
        }))
    }

    fn derive(&self, purpose: Purpose, salt: &[u8]) -> Key256 {
        self.0[purpose as usize - 1].derive_key("trent wrap", &[salt])
    }
}

/// The KMS key, whose address has a fixed length within a partition, and the Region: what receives a material.
fn receiver(to: &Region, address: &KeyAddress) -> Joined<96> {
    Joined::of(&[&address.encode(), to.as_str().as_bytes()])
}

/// The header, of fixed length, and what the secret belongs to.
fn associated_data(header: &[u8], owner: &[u8]) -> AssociatedData {
    AssociatedData::of(&[header, owner])
}

#[cfg(test)]
mod tests;
