//! What goes into the keystore and comes out of it: owned values only, secrets wrapped or in containers that wipe them.

mod asymmetric;
mod import;
mod materials;
mod transfer;

use std::ops::Deref;
use std::sync::Arc;

use smallvec::SmallVec;
use trent_crypto::spec::{EncryptionAlgorithm, KeySpec};
use trent_crypto::{EncryptionContext, KeyAddress, MaterialId, Secret};

pub use asymmetric::{
    DataKeyPair, DecapsulateRequest, DeriveSharedSecretRequest, Encapsulated, GenerateDataKeyPairRequest, MacRequest,
    SignRequest, SignedMessage, VerifyMacRequest, VerifyRequest,
};
pub use import::{ImportParameters, ImportParametersRequest, ImportRequest, ImportedMaterial};
pub use materials::Materials;
pub use transfer::{ReceiveRequest, Received, SendRequest, Shipment};

use crate::parsed::Lease;

/// A wrapped secret, fit to be stored. One of 256 bits is in place: what a symmetric key needs to be used lies together,
/// however many keys there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrapped(SmallVec<[u8; Self::IN_PLACE]>);

impl Wrapped {
    /// How many bytes are in place.
    pub const IN_PLACE: usize = 96;

    /// The wrapped secret as it is stored.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl From<&[u8]> for Wrapped {
    fn from(bytes: &[u8]) -> Self {
        Self(SmallVec::from_slice(bytes))
    }
}

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

/// A key just made: what the store keeps of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewKey {
    /// The key's destruction key, wrapped under the active root generation.
    pub destruction_key: Wrapped,
    /// The key's first material.
    pub material: WrappedMaterial,
    /// The public half of a key pair: `SubjectPublicKeyInfo` (RFC 5280), DER.
    pub public_key: Option<Vec<u8>>,
}

/// An access-key secret just made.
pub struct NewCredential {
    /// The secret, to be shown once.
    pub secret: Secret,
    /// The secret as the store keeps it.
    pub wrapped: WrappedCredential,
}

/// A KMS key as the keystore uses it: wrapped bytes only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyHandle {
    /// The key.
    pub address: KeyAddress,
    /// What kind of key it is.
    pub spec: KeySpec,
    /// Its destruction key.
    pub destruction_key: Wrapped,
    /// Its materials, wrapped under the destruction key, of which each decrypts what it encrypted. A key that was rotated
    /// often finds its oldest one as fast as its newest.
    pub materials: Materials,
    /// The material that encrypts, signs and authenticates.
    pub current: MaterialId,
    /// The public half of a key pair.
    pub public_key: Option<Vec<u8>>,
    /// The keystore's claim on what it keeps for this handle, which ends with the handle.
    pub lease: Lease,
}

impl KeyHandle {
    /// The handle of a key just made.
    pub fn new(address: KeyAddress, spec: KeySpec, key: NewKey) -> Self {
        Self {
            address,
            spec,
            destruction_key: key.destruction_key,
            current: key.material.id,
            materials: [(key.material.id, Wrapped::from(&*key.material.bytes))]
                .into_iter()
                .collect(),
            public_key: key.public_key,
            lease: Lease::default(),
        }
    }
}

/// Something that a key's handle is kept in.
pub trait HoldsKey: Send + Sync {
    /// The handle.
    fn key_handle(&self) -> &KeyHandle;
}

impl HoldsKey for KeyHandle {
    fn key_handle(&self) -> &KeyHandle {
        self
    }
}

/// A key's handle, wherever it is kept: with whatever else is known of the key, so that both are found at once.
#[derive(Clone)]
pub struct HeldKey(Arc<dyn HoldsKey>);

impl<T: HoldsKey + 'static> From<Arc<T>> for HeldKey {
    fn from(holder: Arc<T>) -> Self {
        Self(holder)
    }
}

impl Deref for HeldKey {
    type Target = KeyHandle;

    fn deref(&self) -> &KeyHandle {
        self.0.key_handle()
    }
}

/// How a key encrypts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// A symmetric key, in the product's ciphertext format, with this encryption context.
    Symmetric(EncryptionContext),
    /// A key pair, by one of its algorithms: the ciphertext is the algorithm's and nothing else.
    Asymmetric(EncryptionAlgorithm),
}

/// Encrypt under the current material of a key.
pub struct EncryptRequest {
    /// The key.
    pub key: HeldKey,
    /// How.
    pub scheme: Scheme,
    /// What to encrypt.
    pub plaintext: Secret,
}

/// Decrypt, with the material that a symmetric ciphertext names or the key pair's only one.
pub struct DecryptRequest {
    /// The key.
    pub key: HeldKey,
    /// How it was encrypted.
    pub scheme: Scheme,
    /// What to decrypt.
    pub ciphertext: Vec<u8>,
}

/// Decrypt and encrypt again; the plaintext stays inside.
pub struct ReEncryptRequest {
    /// The key that decrypts.
    pub source: HeldKey,
    /// How the ciphertext was encrypted.
    pub source_scheme: Scheme,
    /// What to decrypt.
    pub ciphertext: Vec<u8>,
    /// The key that encrypts.
    pub destination: HeldKey,
    /// How it is to be encrypted.
    pub destination_scheme: Scheme,
}

/// Make random bytes and encrypt them.
pub struct GenerateDataKeyRequest {
    /// The key.
    pub key: HeldKey,
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
