//! Wrapping of key material for its way here, and unwrapping.
//!
//! ```text
//! RSAES_OAEP_*        OAEP(wrapping key, material)
//! RSA_AES_KEY_WRAP_*  OAEP(wrapping key, AES key), as long as the modulus ‖ AES-KWP(AES key, material) (RFC 5649)
//! SM2PKE              SM2(wrapping key, material), GM/T 0003.4
//! ```

use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrapPadded as _};

use crate::pair::{self, PairError, PrivateKey};
use crate::secret::{Key256, Secret};
use crate::spec::{Wrapping, WrappingAlgorithm, WrappingKeySpec};

/// The longest material, in bytes: an RSA private key of 4096 bits takes about 2,400.
const LONGEST: usize = 6144;

/// Bytes that AES key wrap with padding adds at most: its own block, and padding to whole blocks.
const KEY_WRAP: usize = 15;

/// Wrapped material does not unwrap: it was wrapped for another key or by another algorithm, or was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the wrapped key material does not unwrap")]
pub struct UnwrapError;

/// Why material cannot be wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WrapError {
    /// The algorithm is refused, or does not go with the kind of wrapping key.
    #[error("{} does not wrap with a key of spec {}", .0.algorithm, .0.spec)]
    Combination(Wrapping),
    /// The material is longer than the algorithm takes.
    #[error("the key material is too long to be wrapped so")]
    TooLong,
    /// The wrapping key is no public key of its spec.
    #[error("the wrapping key is not a public key of spec {0}")]
    PublicKey(WrappingKeySpec),
    /// The library failed where it does not fail.
    #[error("the cryptographic library failed")]
    Library,
}

/// Unwraps material with the private half of a wrapping key.
pub fn unwrap(wrapping: Wrapping, key: &PrivateKey, wrapped: &[u8]) -> Result<Secret, UnwrapError> {
    let encryption = wrapping.algorithm.encryption().ok_or(UnwrapError)?;
    if let PrivateKey::Sm2(key) = key {
        let by_sm2 = wrapping.algorithm == WrappingAlgorithm::Sm2Pke;
        by_sm2.then_some(()).ok_or(UnwrapError)?;
        return key.open(wrapped, LONGEST).map_err(|_| UnwrapError);
    }
    if !wrapping.algorithm.is_hybrid() {
        return key.decrypt(encryption, wrapped).map_err(|_| UnwrapError);
    }
    let modulus = wrapping.spec.key_spec().modulus_len().ok_or(UnwrapError)?;
    let (first, second) = wrapped.split_at_checked(modulus).ok_or(UnwrapError)?;
    let aes = key.decrypt(encryption, first).map_err(|_| UnwrapError)?;
    let aes = Key256::from_slice(aes.expose()).ok_or(UnwrapError)?;
    let kek = AesKek::new(&AES_256, aes.expose()).map_err(|_| UnwrapError)?;
    let mut material = Secret::zeroed(second.len());
    let unwrapped = kek.unwrap_with_padding(second, material.expose_mut());
    let length = unwrapped.map_err(|_| UnwrapError)?.len();
    let mut material = material.into_bytes();
    material.truncate(length);
    Ok(Secret::from(material))
}

/// Wraps material with the public half of a wrapping key, `SubjectPublicKeyInfo`. `aes` must be fresh random bytes; the
/// algorithms that are not hybrid do without it.
pub fn wrap(wrapping: Wrapping, public_key: &[u8], material: &Secret, aes: &Key256) -> Result<Vec<u8>, WrapError> {
    let refused = WrapError::Combination(wrapping);
    let encryption = wrapping.algorithm.encryption().ok_or(refused)?;
    let failure = |error| match error {
        PairError::TooLong => WrapError::TooLong,
        PairError::InvalidPublicKey => WrapError::PublicKey(wrapping.spec),
        PairError::WrongAlgorithm => refused,
        _ => WrapError::Library,
    };
    let spec = wrapping.spec.key_spec();
    let encrypt = |plaintext: &[u8]| pair::encrypt(spec, public_key, encryption, plaintext).map_err(failure);
    match wrapping.algorithm {
        WrappingAlgorithm::Sm2Pke if wrapping.spec == WrappingKeySpec::Sm2 => {
            pair::sm2::seal(public_key, material.expose(), LONGEST).map_err(failure)
        }
        algorithm if algorithm.is_hybrid() => {
            let mut wrapped = encrypt(aes.expose())?;
            if material.len() > LONGEST {
                return Err(WrapError::TooLong);
            }
            let kek = AesKek::new(&AES_256, aes.expose()).map_err(|_| WrapError::Library)?;
            let mut second = vec![0; material.len() + KEY_WRAP];
            let second = kek.wrap_with_padding(material.expose(), &mut second);
            wrapped.extend_from_slice(second.map_err(|_| WrapError::Library)?);
            Ok(wrapped)
        }
        _ => encrypt(material.expose()),
    }
}

#[cfg(test)]
mod tests;
