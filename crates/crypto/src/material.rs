//! Key material, bound to the key that it belongs to.

use crate::aead::{self, AssociatedData, IV, TAG};
use crate::identity::{KeyAddress, KeyIdentity, MaterialId};
use crate::kdf;
use crate::secret::Key256;
use crate::wrap::WrapError;

/// The format written today.
const FORMAT: u8 = 1;
/// The kind of material that is one 256-bit AES-GCM key.
const AES_256: u8 = 1;
const HEADER: usize = 1 + 1 + MaterialId::LEN + IV;

/// The key that encrypts with one material of one KMS key: SP 800-108 of the material with label, partition, account, key
/// id and material id, never the Region. It is what is kept at rest; the material itself is forgotten, so imported
/// material cannot be read back even by its keeper, and the same material in two KMS keys makes two unrelated keys.
#[derive(Clone)]
pub struct MaterialKey {
    identity: KeyIdentity,
    key: Key256,
}

impl MaterialKey {
    /// Binds a material to its identity.
    pub fn bind(identity: KeyIdentity, material: &Key256) -> Self {
        let owner = identity.address().encode();
        let context: [&[u8]; 2] = [&owner, &identity.material.0];
        Self {
            identity,
            key: kdf::derive_key(material, "trent key material", &context),
        }
    }

    /// What the material belongs to.
    pub fn identity(&self) -> &KeyIdentity {
        &self.identity
    }

    pub(crate) fn key(&self) -> &Key256 {
        &self.key
    }

    /// Wraps the key under its KMS key's destruction key. `iv` must be fresh random bytes: a destruction key wraps once for
    /// each material that is made or imported, far below the 2^32 random IVs that AES-GCM allows for one key.
    ///
    /// ```text
    /// format 1 | kind 1 | material id 32 | iv 12 | ciphertext 32 | tag 16
    /// ```
    pub fn wrap(&self, destruction_key: &Key256, iv: [u8; IV]) -> Vec<u8> {
        let mut wrapped = Vec::with_capacity(HEADER + Key256::LEN + TAG);
        wrapped.push(FORMAT);
        wrapped.push(AES_256);
        wrapped.extend_from_slice(&self.identity.material.0);
        wrapped.extend_from_slice(&iv);
        let aad = associated_data(&wrapped, &self.identity.address());
        aead::seal_onto(&mut wrapped, destruction_key.expose(), iv, &aad, self.key.expose());
        wrapped
    }

    /// Unwraps the key of one material of one KMS key.
    pub fn unwrap(destruction_key: &Key256, identity: KeyIdentity, wrapped: &[u8]) -> Result<Self, WrapError> {
        let (&format, rest) = wrapped.split_first().ok_or(WrapError::Truncated)?;
        if format != FORMAT {
            return Err(WrapError::UnknownFormat(format));
        }
        if wrapped.len() < HEADER + TAG {
            return Err(WrapError::Truncated);
        }
        let (&kind, rest) = rest.split_first().ok_or(WrapError::Truncated)?;
        if kind != AES_256 {
            return Err(WrapError::UnknownKind(kind));
        }
        let (material, rest) = rest.split_first_chunk().ok_or(WrapError::Truncated)?;
        if *material != identity.material.0 {
            return Err(WrapError::OtherMaterial(MaterialId(*material)));
        }
        let (iv, body) = rest.split_first_chunk().ok_or(WrapError::Truncated)?;
        let aad = associated_data(&wrapped[..HEADER], &identity.address());
        let key = aead::open_key(destruction_key.expose(), *iv, &aad, body).map_err(|_| WrapError::Forged)?;
        Ok(Self { identity, key })
    }
}

/// The header, of fixed length, and the KMS key that the material belongs to.
fn associated_data(header: &[u8], address: &KeyAddress) -> AssociatedData {
    AssociatedData::of(&[header, &address.encode()])
}

#[cfg(test)]
mod tests;
