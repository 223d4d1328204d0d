//! Authenticating a log batch by batch, each under a key of its own.
//!
//! A log begins with a random key. Every batch is tagged under a key derived from the current one (AES-256-GMAC: GCM
//! with an empty plaintext and the batch as associated data), and then the current key gives way to its successor. Both
//! derivations are SP 800-108 under labels of their own and cannot be reversed, so a key that leaks says nothing about
//! the tags before it.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

use crate::kdf;
use crate::secret::{Key256, equal};

/// Bytes of a tag.
pub const TAG: usize = 16;

/// The key whose tag a batch carries.
const TAG_LABEL: &str = "trent batch tag";
/// The key that comes after.
const NEXT_LABEL: &str = "trent batch next";

/// The key of one batch. Wiped when it gives way to the next.
pub struct BatchKey {
    key: Key256,
    attempts: u64,
}

/// A batch's tag, and at which attempt it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchTag {
    /// How many tags were made under the key before this one: the nonce, so that a batch that could not be written may
    /// be replaced by another. 0 unless that happened.
    pub attempt: u64,
    /// The tag.
    pub tag: [u8; TAG],
}

impl BatchKey {
    /// The key of a log's first batch, from a fresh random key; or the key of a later batch that was kept.
    pub fn new(key: Key256) -> Self {
        Self { key, attempts: 0 }
    }

    /// The key itself, for keeping it sealed so that this batch and those after it can be verified. A log must not be
    /// *written* on with a key that was kept: its attempts are not known.
    pub fn to_key(&self) -> Key256 {
        self.key.clone()
    }

    /// Tags a batch. The tag of one batch only is to be kept under each key.
    pub fn tag(&mut self, batch: &[u8]) -> BatchTag {
        let attempt = self.attempts;
        self.attempts += 1;
        BatchTag {
            attempt,
            tag: self.gmac(attempt, batch),
        }
    }

    /// Whether a tag is this key's for a batch.
    pub fn verify(&self, tag: &BatchTag, batch: &[u8]) -> bool {
        equal(&self.gmac(tag.attempt, batch), &tag.tag)
    }

    /// Gives way to the key of the next batch.
    pub fn advance(&mut self) {
        *self = Self::new(kdf::derive_key(&self.key, NEXT_LABEL, &[]));
    }

    fn gmac(&self, attempt: u64, batch: &[u8]) -> [u8; TAG] {
        let key = kdf::derive_key(&self.key, TAG_LABEL, &[]);
        let key = UnboundKey::new(&AES_256_GCM, key.expose()).expect("the key has the cipher's length");
        let mut nonce = [0; 12];
        nonce[4..].copy_from_slice(&attempt.to_be_bytes());
        let tag = LessSafeKey::new(key)
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(batch), &mut [])
            .expect("sealing nothing beside a buffer in memory cannot fail");
        let mut bytes = [0; TAG];
        bytes.copy_from_slice(tag.as_ref());
        bytes
    }
}

#[cfg(test)]
mod tests;
