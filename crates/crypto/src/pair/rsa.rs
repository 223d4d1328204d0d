//! RSA (RFC 8017): PKCS#1 v1.5 and PSS signatures, OAEP encryption. The salt of PSS is as long as the digest.

use aws_lc_rs::digest::{Algorithm as Hash, Digest, SHA256, SHA384, SHA512};
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{
    KeyPair, KeySize, OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepAlgorithm, OaepPrivateDecryptingKey,
    OaepPublicEncryptingKey, PrivateDecryptingKey, PublicEncryptingKey,
};
use aws_lc_rs::signature::{
    KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PKCS1_SHA256,
    RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512,
    RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding, RsaParameters, UnparsedPublicKey,
};

use super::der::whole_sequence;
use super::{Message, PairError};
use crate::secret::Secret;
use crate::spec::{EncryptionAlgorithm, SigningAlgorithm};

/// The length of the modulus.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    Bits2048,
    Bits3072,
    Bits4096,
}

impl Size {
    const fn bits(self) -> usize {
        match self {
            Self::Bits2048 => 2048,
            Self::Bits3072 => 3072,
            Self::Bits4096 => 4096,
        }
    }

    /// Reads a `SubjectPublicKeyInfo` whose modulus has exactly this length.
    fn read_public(self, public_key: &[u8]) -> Result<PublicEncryptingKey, PairError> {
        whole_sequence(public_key)
            .and_then(|_| PublicEncryptingKey::from_der(public_key).ok())
            .filter(|key| key.key_size_bits() == self.bits())
            .ok_or(PairError::InvalidPublicKey)
    }

    const fn key_size(self) -> KeySize {
        match self {
            Self::Bits2048 => KeySize::Rsa2048,
            Self::Bits3072 => KeySize::Rsa3072,
            Self::Bits4096 => KeySize::Rsa4096,
        }
    }
}

/// An RSA private key. It is kept as PKCS#8.
pub struct PrivateKey(KeyPair);

impl PrivateKey {
    pub(super) fn generate(size: Size) -> Result<Self, PairError> {
        KeyPair::generate(size.key_size())
            .map(Self)
            .map_err(|_| PairError::Library)
    }

    pub(super) fn read(size: Size, pkcs8: &[u8]) -> Result<Self, PairError> {
        whole_sequence(pkcs8).ok_or(PairError::Unreadable)?;
        let key = Self(KeyPair::from_pkcs8(pkcs8).map_err(|_| PairError::Unreadable)?);
        size.read_public(&key.public_key()?)
            .map_err(|_| PairError::Unreadable)?;
        Ok(key)
    }

    pub(super) fn to_pkcs8(&self) -> Result<Secret, PairError> {
        let der: aws_lc_rs::encoding::Pkcs8V1Der<'_> = self.0.as_der().map_err(|_| PairError::Library)?;
        Ok(Secret::new(der.as_ref().to_vec()))
    }

    pub(super) fn public_key(&self) -> Result<Vec<u8>, PairError> {
        let der = self.0.public_key().as_der().map_err(|_| PairError::Library)?;
        Ok(der.as_ref().to_vec())
    }

    pub(super) fn sign(&self, algorithm: SigningAlgorithm, message: Message<'_>) -> Result<Vec<u8>, PairError> {
        let scheme = Scheme::of(algorithm).ok_or(PairError::WrongAlgorithm)?;
        let mut signature = vec![0; self.0.public_modulus_len()];
        let signed = match message {
            Message::Raw(message) => {
                let random = SystemRandom::new();
                self.0.sign(scheme.signing, &random, message, &mut signature)
            }
            Message::Digest(digest) => {
                let digest = scheme.digest(digest)?;
                self.0.sign_digest(scheme.signing, &digest, &mut signature)
            }
            Message::ExternalMu(_) => return Err(PairError::WrongAlgorithm),
        };
        signed.map(|()| signature).map_err(|_| PairError::Library)
    }

    pub(super) fn decrypt(&self, algorithm: EncryptionAlgorithm, ciphertext: &[u8]) -> Result<Secret, PairError> {
        let oaep = oaep(algorithm)?;
        // The library has no way from a signing key to a decrypting one but through their encoding.
        let pkcs8 = self.to_pkcs8()?;
        let key = PrivateDecryptingKey::from_pkcs8(pkcs8.expose()).map_err(|_| PairError::Library)?;
        let key = OaepPrivateDecryptingKey::new(key).map_err(|_| PairError::Library)?;
        if ciphertext.len() != key.key_size_bytes() {
            return Err(PairError::Refused);
        }
        let mut plaintext = Secret::zeroed(key.min_output_size());
        let decrypted = key.decrypt(oaep, ciphertext, plaintext.expose_mut(), None);
        let length = decrypted.map_err(|_| PairError::Refused)?.len();
        let mut plaintext = plaintext.into_bytes();
        plaintext.truncate(length);
        Ok(Secret::from(plaintext))
    }
}

/// Checks a signature.
pub(super) fn verify(
    size: Size,
    public_key: &[u8],
    algorithm: SigningAlgorithm,
    message: Message<'_>,
    signature: &[u8],
) -> Result<(), PairError> {
    let scheme = Scheme::of(algorithm).ok_or(PairError::WrongAlgorithm)?;
    size.read_public(public_key)?;
    let key = UnparsedPublicKey::new(scheme.verifying, public_key);
    let verified = match message {
        Message::Raw(message) => key.verify(message, signature),
        Message::Digest(digest) => key.verify_digest(&scheme.digest(digest)?, signature),
        Message::ExternalMu(_) => return Err(PairError::WrongAlgorithm),
    };
    verified.map_err(|_| PairError::Refused)
}

/// Encrypts.
pub(super) fn encrypt(
    size: Size,
    public_key: &[u8],
    algorithm: EncryptionAlgorithm,
    plaintext: &[u8],
) -> Result<Vec<u8>, PairError> {
    let oaep = oaep(algorithm)?;
    let key = OaepPublicEncryptingKey::new(size.read_public(public_key)?).map_err(|_| PairError::Library)?;
    if plaintext.len() > key.max_plaintext_size(oaep) {
        return Err(PairError::TooLong);
    }
    let mut ciphertext = vec![0; key.ciphertext_size()];
    let encrypted = key.encrypt(oaep, plaintext, &mut ciphertext, None);
    let length = encrypted.map_err(|_| PairError::Library)?.len();
    ciphertext.truncate(length);
    Ok(ciphertext)
}

fn oaep(algorithm: EncryptionAlgorithm) -> Result<&'static OaepAlgorithm, PairError> {
    match algorithm {
        EncryptionAlgorithm::RsaesOaepSha1 => Ok(&OAEP_SHA1_MGF1SHA1),
        EncryptionAlgorithm::RsaesOaepSha256 => Ok(&OAEP_SHA256_MGF1SHA256),
        EncryptionAlgorithm::SymmetricDefault | EncryptionAlgorithm::Sm2Pke => Err(PairError::WrongAlgorithm),
    }
}

/// What the library calls a signing algorithm.
struct Scheme {
    hash: &'static Hash,
    signing: &'static dyn RsaEncoding,
    verifying: &'static RsaParameters,
}

impl Scheme {
    fn of(algorithm: SigningAlgorithm) -> Option<Self> {
        let (hash, signing, verifying): (_, &'static dyn RsaEncoding, _) = match algorithm {
            SigningAlgorithm::RsassaPkcs1V15Sha256 => (&SHA256, &RSA_PKCS1_SHA256, &RSA_PKCS1_2048_8192_SHA256),
            SigningAlgorithm::RsassaPkcs1V15Sha384 => (&SHA384, &RSA_PKCS1_SHA384, &RSA_PKCS1_2048_8192_SHA384),
            SigningAlgorithm::RsassaPkcs1V15Sha512 => (&SHA512, &RSA_PKCS1_SHA512, &RSA_PKCS1_2048_8192_SHA512),
            SigningAlgorithm::RsassaPssSha256 => (&SHA256, &RSA_PSS_SHA256, &RSA_PSS_2048_8192_SHA256),
            SigningAlgorithm::RsassaPssSha384 => (&SHA384, &RSA_PSS_SHA384, &RSA_PSS_2048_8192_SHA384),
            SigningAlgorithm::RsassaPssSha512 => (&SHA512, &RSA_PSS_SHA512, &RSA_PSS_2048_8192_SHA512),
            _ => return None,
        };
        Some(Self {
            hash,
            signing,
            verifying,
        })
    }

    fn digest(&self, digest: &[u8]) -> Result<Digest, PairError> {
        Digest::import_less_safe(digest, self.hash).map_err(|_| PairError::DigestLength)
    }
}
