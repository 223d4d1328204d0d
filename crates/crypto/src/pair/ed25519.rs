//! Ed25519 and Ed25519ph (RFC 8032). aws-lc-rs has the first alone; the second is ed25519-dalek's, with the empty context.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use digest::typenum::U64;
use digest::{FixedOutput, HashMarker, Output, OutputSizeUser, Update};
use ed25519_dalek::{SigningKey, VerifyingKey};
use zeroize::Zeroizing;

use super::{Message, PairError};
use crate::secret::Secret;
use crate::spec::SigningAlgorithm;

const SEED: usize = 32;

/// A public key: the encoded point.
const POINT: usize = 32;

/// SHA-512's length, which a digest for Ed25519ph has.
const DIGEST: usize = 64;

/// What stands before the 32 bytes of a public key in its `SubjectPublicKeyInfo` (RFC 8410).
const PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// An Ed25519 private key. Its seed is kept.
pub struct PrivateKey {
    seed: Zeroizing<[u8; SEED]>,
    pair: Ed25519KeyPair,
}

impl PrivateKey {
    pub(super) fn generate() -> Result<Self, PairError> {
        let mut seed = Zeroizing::new([0; SEED]);
        rand::fill(seed.as_mut()).map_err(|_| PairError::Library)?;
        Self::of(seed)
    }

    pub(super) fn read(bytes: &[u8]) -> Result<Self, PairError> {
        let mut seed = Zeroizing::new([0; SEED]);
        if bytes.len() != SEED {
            return Err(PairError::Unreadable);
        }
        seed.copy_from_slice(bytes);
        Self::of(seed)
    }

    fn of(seed: Zeroizing<[u8; SEED]>) -> Result<Self, PairError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.as_ref()).map_err(|_| PairError::Unreadable)?;
        Ok(Self { seed, pair })
    }

    pub(super) fn to_seed(&self) -> Secret {
        Secret::new(self.seed.to_vec())
    }

    pub(super) fn to_pkcs8(&self) -> Result<Secret, PairError> {
        let der: Pkcs8V1Der<'_> = self.pair.as_der().map_err(|_| PairError::Library)?;
        Ok(Secret::new(der.as_ref().to_vec()))
    }

    pub(super) fn public_key(&self) -> Vec<u8> {
        [&PREFIX, self.pair.public_key().as_ref()].concat()
    }

    pub(super) fn sign(&self, algorithm: SigningAlgorithm, message: Message<'_>) -> Result<Vec<u8>, PairError> {
        match (algorithm, message) {
            (SigningAlgorithm::Ed25519Sha512, Message::Raw(message)) => {
                let signature = self.pair.try_sign(message).map_err(|_| PairError::Library)?;
                Ok(signature.as_ref().to_vec())
            }
            (SigningAlgorithm::Ed25519PhSha512, Message::Digest(digest)) => {
                let key = SigningKey::from_bytes(&self.seed);
                let signature = key.sign_prehashed(Prehashed::new(digest)?, None);
                Ok(signature.map_err(|_| PairError::Library)?.to_bytes().to_vec())
            }
            _ => Err(PairError::WrongAlgorithm),
        }
    }
}

/// Checks a signature.
pub(super) fn verify(
    public_key: &[u8],
    algorithm: SigningAlgorithm,
    message: Message<'_>,
    signature: &[u8],
) -> Result<(), PairError> {
    let point = public_key.strip_prefix(&PREFIX).and_then(|point| point.try_into().ok());
    let point: &[u8; POINT] = point.ok_or(PairError::InvalidPublicKey)?;
    match (algorithm, message) {
        (SigningAlgorithm::Ed25519Sha512, Message::Raw(message)) => UnparsedPublicKey::new(&ED25519, point)
            .verify(message, signature)
            .map_err(|_| PairError::Refused),
        (SigningAlgorithm::Ed25519PhSha512, Message::Digest(digest)) => {
            let key = VerifyingKey::from_bytes(point).map_err(|_| PairError::InvalidPublicKey)?;
            let signature = ed25519_dalek::Signature::from_slice(signature).map_err(|_| PairError::Refused)?;
            key.verify_prehashed_strict(Prehashed::new(digest)?, None, &signature)
                .map_err(|_| PairError::Refused)
        }
        _ => Err(PairError::WrongAlgorithm),
    }
}

/// A digest that was made elsewhere, in the place of the hash function that the library wants to finish itself.
struct Prehashed([u8; DIGEST]);

impl Prehashed {
    fn new(digest: &[u8]) -> Result<Self, PairError> {
        digest.try_into().map(Self).map_err(|_| PairError::DigestLength)
    }
}

impl Default for Prehashed {
    fn default() -> Self {
        Self([0; DIGEST])
    }
}

impl OutputSizeUser for Prehashed {
    type OutputSize = U64;
}

impl HashMarker for Prehashed {}

impl Update for Prehashed {
    fn update(&mut self, _: &[u8]) {}
}

impl FixedOutput for Prehashed {
    fn finalize_into(self, out: &mut Output<Self>) {
        out.copy_from_slice(&self.0);
    }
}
