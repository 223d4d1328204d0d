//! What a key's material must be, by its spec (guide, "Requirements for imported key material").

use trent_names::Partition;

use super::pkcs8;
use crate::identity::{KeyAddress, MaterialId};
use crate::secret::Secret;
use crate::spec::{Cipher, KeySpec, KeyType};

/// Why bytes are not the material of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Keys of the spec have no imported material.
    #[error("keys of spec {0} take no imported key material")]
    Spec(KeySpec),
    /// A symmetric or HMAC key of another length, in bytes.
    #[error("key material of spec {spec} has {expected} bytes, not {found}")]
    Length {
        /// The spec.
        spec: KeySpec,
        /// How many bytes it takes.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// Not an unencrypted PKCS#8 structure in BER or DER, or more than one.
    #[error("the key material is not a private key in PKCS#8, BER or DER encoded")]
    Encoding,
    /// A private key of another algorithm, or of a curve that is not named or not the spec's.
    #[error("the key material is not a private key of spec {0}")]
    AnotherKind(KeySpec),
    /// An RSA key of more than two primes, or without them.
    #[error("an RSA private key must have exactly two primes")]
    Primes,
    /// An RSA key whose public exponent is even, below 65537 or too long.
    #[error("the public exponent of an RSA key must be odd and at least 65537")]
    Exponent,
    /// The parts of the private key contradict each other, or one is out of its range.
    #[error("the parts of the private key do not belong together")]
    Inconsistent,
}

/// Material that a key of its spec can have.
pub struct Material {
    bytes: Secret,
    /// What makes it the key that it is, however it was encoded.
    essence: Secret,
    public_key: Option<Vec<u8>>,
}

impl Material {
    /// Reads the material of a key of a spec, in a partition.
    pub fn read(spec: KeySpec, partition: Partition, unwrapped: &Secret) -> Result<Self, Unfit> {
        if !spec.is_importable() || !spec.offered_in(partition) {
            return Err(Unfit::Spec(spec));
        }
        match spec.key_type() {
            KeyType::Symmetric => Self::read_secret(spec, Cipher::of(partition).key_len(), unwrapped),
            KeyType::Hmac => {
                let expected = spec.hmac_key_len().ok_or(Unfit::Spec(spec))?;
                Self::read_secret(spec, expected, unwrapped)
            }
            KeyType::Asymmetric => {
                let key = pkcs8::read(spec, unwrapped.expose())?;
                Ok(Self {
                    bytes: key.pair.to_bytes().map_err(|_| Unfit::Inconsistent)?,
                    essence: key.essence,
                    public_key: Some(key.pair.public_key().map_err(|_| Unfit::Inconsistent)?),
                })
            }
        }
    }

    fn read_secret(spec: KeySpec, expected: usize, unwrapped: &Secret) -> Result<Self, Unfit> {
        let found = unwrapped.len();
        if found != expected {
            return Err(Unfit::Length { spec, expected, found });
        }
        Ok(Self {
            bytes: unwrapped.clone(),
            essence: unwrapped.clone(),
            public_key: None,
        })
    }

    /// The id of this material in a KMS key: the same however the same key was encoded.
    pub fn id(&self, address: &KeyAddress) -> MaterialId {
        MaterialId::of_imported_secret(address, &self.essence)
    }

    /// The bytes as they are kept: those of a symmetric or HMAC key, or those that [`pair`](crate::pair) reads.
    pub const fn bytes(&self) -> &Secret {
        &self.bytes
    }

    /// The public half of a pair: `SubjectPublicKeyInfo`, DER.
    pub fn public_key(&self) -> Option<&[u8]> {
        self.public_key.as_deref()
    }
}
