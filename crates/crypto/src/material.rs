//! Key material, bound to the key that it belongs to.

use crate::aead::{self, AssociatedData, IV, TAG};
use crate::identity::{KeyAddress, KeyIdentity, MaterialId};
use crate::kdf;
use crate::secret::{Key256, Secret};
use crate::spec::Cipher;
use crate::wrap::WrapError;

/// The format written today.
const FORMAT: u8 = 1;
/// The kind of material that is one 256-bit AES-GCM key.
const AES_256: u8 = 1;
/// The kind of material that is kept as it is.
const SECRET: u8 = 2;
/// The kind of material that is one SM4-GCM key.
const SM4: u8 = 3;
const HEADER: usize = 1 + 1 + MaterialId::LEN + IV;

/// The key that one material of one KMS key encrypts with, and from which each message's own key is derived: SP 800-108
/// of the material with label, partition, account, key id and material id, never the Region. It is what is kept at rest;
/// the material itself is forgotten, so imported material cannot be read back even by its keeper, and the same material
/// in two KMS keys makes two unrelated keys.
#[derive(Clone)]
pub struct MaterialKey {
    identity: KeyIdentity,
    cipher: Cipher,
    key: Key256,
}

/// A material has not the length of the keys of its partition's cipher.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key material has another length")]
pub struct MaterialLength;

impl MaterialKey {
    /// Binds a material of AES-256 to its identity.
    pub fn bind(identity: KeyIdentity, material: &Key256) -> Self {
        Self::bind_as(identity, Cipher::Aes256, material.expose())
    }

    /// Binds a material of the cipher of the identity's partition, which must be as long as the cipher's keys.
    pub fn bind_secret(identity: KeyIdentity, material: &Secret) -> Result<Self, MaterialLength> {
        let cipher = Cipher::of(identity.partition);
        if material.len() != cipher.key_len() {
            return Err(MaterialLength);
        }
        Ok(Self::bind_as(identity, cipher, material.expose()))
    }

    fn bind_as(identity: KeyIdentity, cipher: Cipher, material: &[u8]) -> Self {
        let owner = identity.address().encode();
        let context: [&[u8]; 2] = [&owner, &identity.material.0];
        Self {
            identity,
            cipher,
            key: kdf::derive_key_from(material, "trent key material", &context),
        }
    }

    /// What it encrypts with.
    pub const fn cipher(&self) -> Cipher {
        self.cipher
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
    /// format 1 | kind 1 = 1 (AES-256) or 3 (SM4) | material id 32 | iv 12 | ciphertext 32 | tag 16
    /// ```
    pub fn wrap(&self, destruction_key: &Key256, iv: [u8; IV]) -> Vec<u8> {
        let kind = match self.cipher {
            Cipher::Aes256 => AES_256,
            Cipher::Sm4 => SM4,
        };
        wrap(kind, &self.identity, self.key.expose(), destruction_key, iv)
    }

    /// Unwraps the key of one material of one KMS key.
    pub fn unwrap(destruction_key: &Key256, identity: KeyIdentity, wrapped: &[u8]) -> Result<Self, WrapError> {
        let Opened { kind, iv, aad, body } = open(&[AES_256, SM4], &identity, wrapped)?;
        let key = aead::open_key(destruction_key.expose(), iv, &aad, body).map_err(|_| WrapError::Forged)?;
        let cipher = match kind {
            SM4 => Cipher::Sm4,
            _ => Cipher::Aes256,
        };
        Ok(Self { identity, cipher, key })
    }
}

/// The material of a KMS key that is not one AES key: an HMAC key, or a private key in the form in which
/// [`pair`](crate::pair) reads it. Its own bytes are kept, since they are what is used.
pub struct MaterialSecret {
    identity: KeyIdentity,
    bytes: Secret,
}

impl MaterialSecret {
    /// The material of an identity.
    pub const fn new(identity: KeyIdentity, bytes: Secret) -> Self {
        Self { identity, bytes }
    }

    /// The bytes, for the moment of their use.
    pub const fn secret(&self) -> &Secret {
        &self.bytes
    }

    /// The bytes alone.
    pub fn into_secret(self) -> Secret {
        self.bytes
    }

    /// Wraps the material under its KMS key's destruction key; of `iv`, see [`MaterialKey::wrap`].
    ///
    /// ```text
    /// format 1 | kind 1 = 2 | material id 32 | iv 12 | ciphertext | tag 16
    /// ```
    pub fn wrap(&self, destruction_key: &Key256, iv: [u8; IV]) -> Vec<u8> {
        wrap(SECRET, &self.identity, self.bytes.expose(), destruction_key, iv)
    }

    /// Unwraps one material of one KMS key.
    pub fn unwrap(destruction_key: &Key256, identity: KeyIdentity, wrapped: &[u8]) -> Result<Self, WrapError> {
        let Opened { iv, aad, body, .. } = open(&[SECRET], &identity, wrapped)?;
        let bytes = aead::open(destruction_key.expose(), iv, &aad, body).map_err(|_| WrapError::Forged)?;
        Ok(Self { identity, bytes })
    }
}

fn wrap(kind: u8, identity: &KeyIdentity, secret: &[u8], destruction_key: &Key256, iv: [u8; IV]) -> Vec<u8> {
    let mut wrapped = Vec::with_capacity(HEADER + secret.len() + TAG);
    wrapped.push(FORMAT);
    wrapped.push(kind);
    wrapped.extend_from_slice(&identity.material.0);
    wrapped.extend_from_slice(&iv);
    let aad = associated_data(&wrapped, &identity.address());
    aead::seal_onto(&mut wrapped, destruction_key.expose(), iv, &aad, secret);
    wrapped
}

/// A wrapped material whose header is as expected.
struct Opened<'w> {
    kind: u8,
    iv: [u8; IV],
    aad: AssociatedData,
    body: &'w [u8],
}

fn open<'w>(expected: &[u8], identity: &KeyIdentity, wrapped: &'w [u8]) -> Result<Opened<'w>, WrapError> {
    let (&format, rest) = wrapped.split_first().ok_or(WrapError::Truncated)?;
    if format != FORMAT {
        return Err(WrapError::UnknownFormat(format));
    }
    if wrapped.len() < HEADER + TAG {
        return Err(WrapError::Truncated);
    }
    let (&kind, rest) = rest.split_first().ok_or(WrapError::Truncated)?;
    if !expected.contains(&kind) {
        return Err(WrapError::UnknownKind(kind));
    }
    let (material, rest) = rest.split_first_chunk().ok_or(WrapError::Truncated)?;
    if *material != identity.material.0 {
        return Err(WrapError::OtherMaterial(MaterialId(*material)));
    }
    let (iv, body) = rest.split_first_chunk().ok_or(WrapError::Truncated)?;
    Ok(Opened {
        kind,
        iv: *iv,
        aad: associated_data(&wrapped[..HEADER], &identity.address()),
        body,
    })
}

/// The header, of fixed length, and the KMS key that the material belongs to.
fn associated_data(header: &[u8], address: &KeyAddress) -> AssociatedData {
    AssociatedData::of(&[header, &address.encode()])
}

#[cfg(test)]
mod tests;
