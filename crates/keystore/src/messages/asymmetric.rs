//! The messages of key pairs and of HMAC keys.

use trent_crypto::pair::Message;
use trent_crypto::spec::{KeySpec, MacAlgorithm, SigningAlgorithm};
use trent_crypto::{EncryptionContext, Secret};

use super::HeldKey;

/// What is signed: [`Message`], owned.
pub enum SignedMessage {
    /// The message itself.
    Raw(Vec<u8>),
    /// Its digest.
    Digest(Vec<u8>),
    /// The representative that ML-DSA signs (FIPS 204, "mu").
    ExternalMu(Vec<u8>),
}

impl SignedMessage {
    pub(crate) fn borrow(&self) -> Message<'_> {
        match self {
            Self::Raw(message) => Message::Raw(message),
            Self::Digest(digest) => Message::Digest(digest),
            Self::ExternalMu(mu) => Message::ExternalMu(mu),
        }
    }
}

/// Sign with the private half of a key pair.
pub struct SignRequest {
    /// The key.
    pub key: HeldKey,
    /// One of its algorithms.
    pub algorithm: SigningAlgorithm,
    /// What to sign.
    pub message: SignedMessage,
}

/// Check a signature with the public half of a key pair.
pub struct VerifyRequest {
    /// The key.
    pub key: HeldKey,
    /// One of its algorithms.
    pub algorithm: SigningAlgorithm,
    /// What was signed.
    pub message: SignedMessage,
    /// The signature.
    pub signature: Vec<u8>,
}

/// Authenticate a message with an HMAC key.
pub struct MacRequest {
    /// The key.
    pub key: HeldKey,
    /// Its algorithm.
    pub algorithm: MacAlgorithm,
    /// The message.
    pub message: Secret,
}

/// Check a message's tag.
pub struct VerifyMacRequest {
    /// What was authenticated, and how.
    pub request: MacRequest,
    /// The tag.
    pub mac: Vec<u8>,
}

/// Agree on a secret with the owner of another key pair.
pub struct DeriveSharedSecretRequest {
    /// The key.
    pub key: HeldKey,
    /// The other's public key: `SubjectPublicKeyInfo`, DER. Checked before the private key is touched.
    pub peer: Vec<u8>,
}

/// A shared secret just made, and what lets the owner of the key have it too.
pub struct Encapsulated {
    /// The shared secret.
    pub shared_secret: Secret,
    /// The secret, encapsulated.
    pub ciphertext: Vec<u8>,
}

/// Open an encapsulation.
pub struct DecapsulateRequest {
    /// The key.
    pub key: HeldKey,
    /// The secret, encapsulated.
    pub ciphertext: Vec<u8>,
}

/// Make a key pair for use elsewhere, its private half encrypted under a symmetric key.
pub struct GenerateDataKeyPairRequest {
    /// The key that encrypts.
    pub key: HeldKey,
    /// The encryption context.
    pub context: EncryptionContext,
    /// What kind of pair.
    pub spec: KeySpec,
}

/// A key pair for use elsewhere.
pub struct DataKeyPair {
    /// The private key: PKCS#8 (RFC 5958), DER.
    pub private_key: Secret,
    /// The same, encrypted under the KMS key.
    pub ciphertext: Vec<u8>,
    /// The public key: `SubjectPublicKeyInfo`, DER.
    pub public_key: Vec<u8>,
}
