//! What goes into the keystore and comes out of it: owned values only, secrets wrapped or in containers that wipe them.

use std::sync::Arc;

use trent_crypto::{EncryptionContext, KeyAddress, MaterialId, Secret};

/// A wrapped secret, fit to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrapped(pub Vec<u8>);

/// A wrapped key material and its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrappedMaterial {
    /// The id of the material.
    pub id: MaterialId,
    /// The material, wrapped under its key's destruction key.
    pub bytes: Vec<u8>,
}

/// The wrapped secret of an access key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrappedCredential(pub Vec<u8>);

/// A symmetric key just made: what the store keeps of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewKey {
    /// The key's destruction key, wrapped under the active root generation.
    pub destruction_key: Wrapped,
    /// The key's first material.
    pub material: WrappedMaterial,
}

/// An access-key secret just made.
pub struct NewCredential {
    /// The secret, to be shown once.
    pub secret: Secret,
    /// The secret as the store keeps it.
    pub wrapped: WrappedCredential,
}

/// A symmetric KMS key as the keystore uses it: wrapped bytes only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyHandle {
    /// The key.
    pub address: KeyAddress,
    /// Its destruction key.
    pub destruction_key: Wrapped,
    /// Its materials, of which each decrypts what it encrypted.
    pub materials: Vec<WrappedMaterial>,
    /// The material that encrypts.
    pub current: MaterialId,
}

impl KeyHandle {
    /// The handle of a key just made.
    pub fn new(address: KeyAddress, key: NewKey) -> Self {
        Self {
            address,
            destruction_key: key.destruction_key,
            current: key.material.id,
            materials: vec![key.material],
        }
    }
}

/// Encrypt under the current material of a key.
pub struct EncryptRequest {
    /// The key.
    pub key: Arc<KeyHandle>,
    /// The encryption context.
    pub context: EncryptionContext,
    /// What to encrypt.
    pub plaintext: Secret,
}

/// Decrypt with the material that the ciphertext names.
pub struct DecryptRequest {
    /// The key.
    pub key: Arc<KeyHandle>,
    /// The encryption context.
    pub context: EncryptionContext,
    /// What to decrypt.
    pub ciphertext: Vec<u8>,
}

/// Decrypt and encrypt again; the plaintext stays inside.
pub struct ReEncryptRequest {
    /// The key that decrypts.
    pub source: Arc<KeyHandle>,
    /// The encryption context of the ciphertext.
    pub source_context: EncryptionContext,
    /// What to decrypt.
    pub ciphertext: Vec<u8>,
    /// The key that encrypts.
    pub destination: Arc<KeyHandle>,
    /// The encryption context of the new ciphertext.
    pub destination_context: EncryptionContext,
}

/// Make random bytes and encrypt them.
pub struct GenerateDataKeyRequest {
    /// The key.
    pub key: Arc<KeyHandle>,
    /// The encryption context.
    pub context: EncryptionContext,
    /// How many bytes.
    pub length: usize,
}

/// A data key in both forms.
pub struct DataKey {
    /// The data key.
    pub plaintext: Secret,
    /// The data key, encrypted under the KMS key.
    pub ciphertext: Vec<u8>,
}
