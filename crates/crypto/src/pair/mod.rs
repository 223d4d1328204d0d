//! Key pairs: the private half, as it is used; the public half, as anybody may have it.
//!
//! Each algorithm family is a file of its own. What they have in common: a private key is read from the bytes that are
//! wrapped at rest and lives for one use or in a small cache; a public key is its `SubjectPublicKeyInfo` (RFC 5280) and
//! nothing else. Nonces, salts and seeds of these algorithms are drawn by the library, which has no other way.

mod der;
mod ecc;
mod ed25519;
mod lattice;
mod ml_dsa;
mod ml_kem;
mod random;
mod rsa;
pub mod sm2;

use crate::secret::Secret;
use crate::spec::{EncryptionAlgorithm, KeySpec, SigningAlgorithm};

/// What is signed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Message<'m> {
    /// The message itself.
    Raw(&'m [u8]),
    /// Its digest, by the algorithm's own hash function.
    Digest(&'m [u8]),
    /// The 64 bytes that ML-DSA makes of public key, context and message (FIPS 204, algorithm 7, line 6).
    ExternalMu(&'m [u8]),
}

/// Why an operation with a key pair did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PairError {
    /// The bytes at rest are not a private key of the spec.
    #[error("the private key cannot be read")]
    Unreadable,
    /// A public key is not one, or not of the spec: its encoding, its curve, a point that is not on it.
    #[error("the public key is invalid")]
    InvalidPublicKey,
    /// The key has no such algorithm, or the algorithm takes no message of this kind.
    #[error("the key has no such algorithm")]
    WrongAlgorithm,
    /// A digest has not the length that its algorithm gives.
    #[error("the digest has another length")]
    DigestLength,
    /// A plaintext is longer than the key can encrypt, or a distinguishing id than its length can be written.
    #[error("the plaintext or the distinguishing id is too long")]
    TooLong,
    /// A signature is not the key's for the message, or a ciphertext is not one of the key's.
    #[error("it does not verify")]
    Refused,
    /// The library failed where it does not fail: no randomness, no memory.
    #[error("the cryptographic library failed")]
    Library,
}

/// The private half of a key pair.
pub enum PrivateKey {
    /// RSA.
    Rsa(rsa::PrivateKey),
    /// An elliptic curve in short Weierstrass form.
    Ecc(ecc::PrivateKey),
    /// Edwards25519.
    Ed25519(ed25519::PrivateKey),
    /// ML-DSA.
    MlDsa(ml_dsa::PrivateKey),
    /// ML-KEM.
    MlKem(ml_kem::PrivateKey),
    /// SM2.
    Sm2(sm2::PrivateKey),
}

impl PrivateKey {
    /// Makes a key pair. RSA takes from tens of milliseconds to seconds.
    pub fn generate(spec: KeySpec) -> Result<Self, PairError> {
        Ok(match Family::of(spec).ok_or(PairError::WrongAlgorithm)? {
            Family::Rsa(size) => Self::Rsa(rsa::PrivateKey::generate(size)?),
            Family::Ecc(curve) => Self::Ecc(ecc::PrivateKey::generate(curve)?),
            Family::Ed25519 => Self::Ed25519(ed25519::PrivateKey::generate()?),
            Family::MlDsa(set) => Self::MlDsa(ml_dsa::PrivateKey::generate(set)?),
            Family::MlKem(set) => Self::MlKem(ml_kem::PrivateKey::generate(set)?),
            Family::Sm2 => Self::Sm2(sm2::PrivateKey::generate()?),
        })
    }

    /// Reads a private key from its bytes at rest.
    pub fn read(spec: KeySpec, bytes: &Secret) -> Result<Self, PairError> {
        let bytes = bytes.expose();
        Ok(match Family::of(spec).ok_or(PairError::WrongAlgorithm)? {
            Family::Rsa(size) => Self::Rsa(rsa::PrivateKey::read(size, bytes)?),
            Family::Ecc(curve) => Self::Ecc(ecc::PrivateKey::read(curve, bytes)?),
            Family::Ed25519 => Self::Ed25519(ed25519::PrivateKey::read(bytes)?),
            Family::MlDsa(set) => Self::MlDsa(ml_dsa::PrivateKey::read(set, bytes)?),
            Family::MlKem(set) => Self::MlKem(ml_kem::PrivateKey::read(set, bytes)?),
            Family::Sm2 => Self::Sm2(sm2::PrivateKey::read(bytes)?),
        })
    }

    /// The bytes at rest.
    pub fn to_bytes(&self) -> Result<Secret, PairError> {
        match self {
            Self::Rsa(key) => key.to_pkcs8(),
            Self::Ecc(key) => key.to_pkcs8(),
            Self::Ed25519(key) => Ok(key.to_seed()),
            Self::MlDsa(key) => Ok(key.to_seed()),
            Self::MlKem(key) => Ok(key.to_seed()),
            Self::Sm2(key) => key.to_pkcs8(),
        }
    }

    /// The private key as a data key pair hands it out: PKCS#8 (RFC 5208), DER. There are no data key pairs of ML-DSA.
    pub fn to_pkcs8(&self) -> Result<Secret, PairError> {
        match self {
            Self::Rsa(key) => key.to_pkcs8(),
            Self::Ecc(key) => key.to_pkcs8(),
            Self::Ed25519(key) => key.to_pkcs8(),
            Self::Sm2(key) => key.to_pkcs8(),
            Self::MlKem(key) => Ok(key.to_pkcs8()),
            Self::MlDsa(_) => Err(PairError::WrongAlgorithm),
        }
    }

    /// The public key: `SubjectPublicKeyInfo`, DER.
    pub fn public_key(&self) -> Result<Vec<u8>, PairError> {
        match self {
            Self::Rsa(key) => key.public_key(),
            Self::Ecc(key) => Ok(key.public_key()),
            Self::Ed25519(key) => Ok(key.public_key()),
            Self::MlDsa(key) => key.public_key(),
            Self::MlKem(key) => key.public_key(),
            Self::Sm2(key) => Ok(key.public_key()),
        }
    }

    /// Signs.
    pub fn sign(&self, algorithm: SigningAlgorithm, message: Message<'_>) -> Result<Vec<u8>, PairError> {
        match self {
            Self::Rsa(key) => key.sign(algorithm, message),
            Self::Ecc(key) => key.sign(algorithm, message),
            Self::Ed25519(key) => key.sign(algorithm, message),
            Self::MlDsa(key) => key.sign(algorithm, message),
            Self::Sm2(key) => key.sign(algorithm, message),
            Self::MlKem(_) => Err(PairError::WrongAlgorithm),
        }
    }

    /// Decrypts what was encrypted under the public key.
    pub fn decrypt(&self, algorithm: EncryptionAlgorithm, ciphertext: &[u8]) -> Result<Secret, PairError> {
        match self {
            Self::Rsa(key) => key.decrypt(algorithm, ciphertext),
            Self::Sm2(key) => key.decrypt(algorithm, ciphertext),
            _ => Err(PairError::WrongAlgorithm),
        }
    }

    /// The secret that both sides of a key agreement derive: the x-coordinate, as long as a coordinate of the curve
    /// (SP 800-56A, 5.7.1.2). `peer` is a `SubjectPublicKeyInfo`, checked before its use.
    pub fn agree(&self, peer: &[u8]) -> Result<Secret, PairError> {
        match self {
            Self::Ecc(key) => key.agree(peer),
            Self::Sm2(key) => key.agree(peer),
            _ => Err(PairError::WrongAlgorithm),
        }
    }

    /// The shared secret of an encapsulation (FIPS 203). A ciphertext of the right length that is not the key's gives
    /// another secret, not an error.
    pub fn decapsulate(&self, ciphertext: &[u8]) -> Result<Secret, PairError> {
        match self {
            Self::MlKem(key) => key.decapsulate(ciphertext),
            _ => Err(PairError::WrongAlgorithm),
        }
    }
}

/// Verifies a signature with a public key of a spec.
pub fn verify(
    spec: KeySpec,
    public_key: &[u8],
    algorithm: SigningAlgorithm,
    message: Message<'_>,
    signature: &[u8],
) -> Result<(), PairError> {
    match Family::of(spec) {
        Some(Family::Rsa(size)) => rsa::verify(size, public_key, algorithm, message, signature),
        Some(Family::Ecc(curve)) => ecc::verify(curve, public_key, algorithm, message, signature),
        Some(Family::Ed25519) => ed25519::verify(public_key, algorithm, message, signature),
        Some(Family::MlDsa(set)) => ml_dsa::verify(set, public_key, algorithm, message, signature),
        Some(Family::Sm2) => sm2::verify(public_key, algorithm, message, signature),
        Some(Family::MlKem(_)) | None => Err(PairError::WrongAlgorithm),
    }
}

/// Encrypts under a public key of a spec.
pub fn encrypt(
    spec: KeySpec,
    public_key: &[u8],
    algorithm: EncryptionAlgorithm,
    plaintext: &[u8],
) -> Result<Vec<u8>, PairError> {
    match Family::of(spec) {
        Some(Family::Rsa(size)) => rsa::encrypt(size, public_key, algorithm, plaintext),
        Some(Family::Sm2) => sm2::encrypt(public_key, algorithm, plaintext),
        _ => Err(PairError::WrongAlgorithm),
    }
}

/// Makes a shared secret and encapsulates it for a public key of a spec: the secret, the ciphertext.
pub fn encapsulate(spec: KeySpec, public_key: &[u8]) -> Result<(Secret, Vec<u8>), PairError> {
    match Family::of(spec) {
        Some(Family::MlKem(set)) => ml_kem::encapsulate(set, public_key),
        _ => Err(PairError::WrongAlgorithm),
    }
}

/// The `AlgorithmIdentifier` of a spec's keys, without its own header: id-ecPublicKey and the curve. `None` for keys that
/// have no named curve in this sense.
pub(crate) fn named_curve(spec: KeySpec) -> Option<&'static [u8]> {
    match Family::of(spec)? {
        Family::Ecc(curve) => curve.identifier().get(2..),
        Family::Sm2 => Some(sm2::IDENTIFIER),
        _ => None,
    }
}

/// The family of a spec, with what the family's file needs to know.
#[derive(Clone, Copy)]
enum Family {
    Rsa(rsa::Size),
    Ecc(ecc::Curve),
    Ed25519,
    MlDsa(ml_dsa::ParameterSet),
    MlKem(ml_kem::ParameterSet),
    Sm2,
}

impl Family {
    const fn of(spec: KeySpec) -> Option<Self> {
        Some(match spec {
            KeySpec::Rsa2048 => Self::Rsa(rsa::Size::Bits2048),
            KeySpec::Rsa3072 => Self::Rsa(rsa::Size::Bits3072),
            KeySpec::Rsa4096 => Self::Rsa(rsa::Size::Bits4096),
            KeySpec::EccNistP256 => Self::Ecc(ecc::Curve::P256),
            KeySpec::EccNistP384 => Self::Ecc(ecc::Curve::P384),
            KeySpec::EccNistP521 => Self::Ecc(ecc::Curve::P521),
            KeySpec::EccSecgP256k1 => Self::Ecc(ecc::Curve::Secp256k1),
            KeySpec::EccNistEdwards25519 => Self::Ed25519,
            KeySpec::MlDsa44 => Self::MlDsa(ml_dsa::ParameterSet::MlDsa44),
            KeySpec::MlDsa65 => Self::MlDsa(ml_dsa::ParameterSet::MlDsa65),
            KeySpec::MlDsa87 => Self::MlDsa(ml_dsa::ParameterSet::MlDsa87),
            KeySpec::MlKem512 => Self::MlKem(ml_kem::ParameterSet::MlKem512),
            KeySpec::MlKem768 => Self::MlKem(ml_kem::ParameterSet::MlKem768),
            KeySpec::MlKem1024 => Self::MlKem(ml_kem::ParameterSet::MlKem1024),
            KeySpec::Sm2 => Self::Sm2,
            KeySpec::SymmetricDefault | KeySpec::Hmac224 | KeySpec::Hmac256 | KeySpec::Hmac384 | KeySpec::Hmac512 => {
                return None;
            }
        })
    }
}

#[cfg(test)]
mod tests;
