//! Sealing of stored records: one key per written value, derived from the active root generation's key of its class.
//!
//! ```text
//! format 1 | generation 4 | class 1 | version 8 | salt 32 | ciphertext | tag 16
//! ```
//!
//! Integers are big-endian. The key is SP 800-108 of the generation's class key with the salt; AES-256-GCM
//! binds the header up to the salt, and the record's key in the store, so a record opens only in the place, class
//! and version in which it was written.

use std::sync::Arc;

use aws_lc_rs::hmac;

use crate::aead::{self, AssociatedData, TAG};
use crate::kdf::{self, DerivationKey};
use crate::root::{GenerationId, RootKeys};
use crate::secret::{Key256, equal};

/// The format written today.
const FORMAT: u8 = 1;
const SALT: usize = 32;
/// Bytes before the salt: what [`Envelope`] tells.
const ENVELOPE: usize = 1 + 4 + 1 + 8;
const HEADER: usize = ENVELOPE + SALT;

/// What a record holds; each class is sealed under keys of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Class {
    /// Wrapped destruction keys and key material.
    Material = 1,
    /// Wrapped access-key secrets.
    Credentials = 2,
    /// Policies and whatever else decides access.
    Policy = 3,
    /// Audit records on their way to the trail.
    Audit = 4,
    /// Session, grant and import tokens.
    Tokens = 5,
    /// Pagination markers.
    Markers = 6,
    /// Everything else that a caller owns: key metadata, aliases, tags.
    Resource = 7,
}

impl Class {
    /// Every class.
    pub const ALL: [Self; 7] = [
        Self::Material,
        Self::Credentials,
        Self::Policy,
        Self::Audit,
        Self::Tokens,
        Self::Markers,
        Self::Resource,
    ];

    /// The class that a header's byte names.
    pub fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|class| *class as u8 == byte)
    }
}

/// The readable head of a sealed record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// The format of the sealed bytes.
    pub format: u8,
    /// The root generation that sealed them.
    pub generation: GenerationId,
    /// The class of the record.
    pub class: Class,
    /// The version of the record, as its writer counted it.
    pub version: u64,
}

/// Why a sealed record does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Fewer bytes than a header and a tag.
    #[error("a sealed record is truncated")]
    Truncated,
    /// A format that this build does not know.
    #[error("a sealed record has the unknown format {0}")]
    UnknownFormat(u8),
    /// A class that this build does not know.
    #[error("a sealed record has the unknown class {0}")]
    UnknownClass(u8),
    /// The record is of another class than the reader asked for.
    #[error("a sealed record is of class {found:?} where {expected:?} belongs")]
    WrongClass {
        /// What the reader asked for.
        expected: Class,
        /// What the record says.
        found: Class,
    },
    /// The root generation that sealed the record is not in the keyring.
    #[error("a sealed record needs root generation {0}, which the keyring does not hold")]
    UnknownGeneration(GenerationId),
    /// The record was changed, moved, or sealed under other keys.
    #[error("a sealed record does not open: it was changed, moved, or sealed under other keys")]
    Forged,
}

/// Seals and opens records, blinds names inside record keys and authenticates the store's digests.
#[derive(Clone)]
pub struct RecordSealer(Arc<Keys>);

struct Keys {
    generations: Vec<(GenerationId, ClassKeys)>,
    active: usize,
    blind: hmac::Key,
    element: hmac::Key,
    attest: hmac::Key,
}

struct ClassKeys([DerivationKey; Class::ALL.len()]);

impl RecordSealer {
    /// Derives the keys of every generation and class.
    pub fn new(root: &RootKeys) -> Self {
        let generations: Vec<_> = root
            .generations()
            .iter()
            .map(|generation| (generation.id, ClassKeys::new(&generation.key)))
            .collect();
        let active = root.active_index();
        Self(Arc::new(Keys {
            generations,
            active,
            blind: lookup_key(root, "trent lookup blind"),
            element: lookup_key(root, "trent lookup element"),
            attest: lookup_key(root, "trent lookup attest"),
        }))
    }

    /// Seals a record for one place (`record_key`), class and version. `salt` must be fresh random bytes.
    pub fn seal(&self, class: Class, record_key: &[u8], version: u64, plaintext: &[u8], salt: [u8; SALT]) -> Vec<u8> {
        let (generation, keys) = &self.0.generations[self.0.active];
        let mut sealed = Vec::with_capacity(HEADER + plaintext.len() + TAG);
        sealed.push(FORMAT);
        sealed.extend_from_slice(&generation.0.to_be_bytes());
        sealed.push(class as u8);
        sealed.extend_from_slice(&version.to_be_bytes());
        let aad = associated_data(&sealed, record_key);
        sealed.extend_from_slice(&salt);
        let key = keys.record_key(class, &salt);
        aead::seal_onto(&mut sealed, key.expose(), aead::FIXED, &aad, plaintext);
        sealed
    }

    /// Opens a record and tells its version.
    pub fn open(&self, class: Class, record_key: &[u8], sealed: &[u8]) -> Result<(u64, Vec<u8>), RecordError> {
        let envelope = self.peek(sealed)?;
        if envelope.class != class {
            return Err(RecordError::WrongClass {
                expected: class,
                found: envelope.class,
            });
        }
        let keys = self
            .generation(envelope.generation)
            .ok_or(RecordError::UnknownGeneration(envelope.generation))?;
        let (head, rest) = sealed.split_at(ENVELOPE);
        let (salt, body) = rest.split_at(SALT);
        let key = keys.record_key(class, salt);
        let aad = associated_data(head, record_key);
        let mut plaintext = aead::open(key.expose(), aead::FIXED, &aad, body)
            .map_err(|_| RecordError::Forged)?
            .into_bytes();
        Ok((envelope.version, std::mem::take(&mut *plaintext)))
    }

    /// Reads the head of a sealed record. It is authentic only once the record has been opened.
    #[allow(clippy::unused_self, reason = "callers hold a sealer, not a format")]
    pub fn peek(&self, sealed: &[u8]) -> Result<Envelope, RecordError> {
        let (&format, rest) = sealed.split_first().ok_or(RecordError::Truncated)?;
        if format != FORMAT {
            return Err(RecordError::UnknownFormat(format));
        }
        if sealed.len() < HEADER + TAG {
            return Err(RecordError::Truncated);
        }
        let (generation, rest) = rest.split_first_chunk().ok_or(RecordError::Truncated)?;
        let (&class, rest) = rest.split_first().ok_or(RecordError::Truncated)?;
        let (version, _) = rest.split_first_chunk().ok_or(RecordError::Truncated)?;
        Ok(Envelope {
            format,
            generation: GenerationId(u32::from_be_bytes(*generation)),
            class: Class::from_byte(class).ok_or(RecordError::UnknownClass(class))?,
            version: u64::from_be_bytes(*version),
        })
    }

    /// The generation that seals from now on.
    pub fn active_generation(&self) -> GenerationId {
        self.0.generations[self.0.active].0
    }

    /// A keyed digest that stands for `name` inside a record key; names of two domains never collide.
    pub fn blind(&self, domain: &str, name: &[u8]) -> [u8; 32] {
        mac(&self.0.blind, domain.as_bytes(), name)
    }

    /// A keyed digest of one stored record, the element of the store's set digest.
    pub fn element(&self, raw_key: &[u8], raw_value: &[u8]) -> [u8; 32] {
        mac(&self.0.element, raw_key, raw_value)
    }

    /// Authenticates bytes that the store keeps in the clear, such as its head.
    pub fn attest(&self, bytes: &[u8]) -> [u8; 32] {
        mac(&self.0.attest, &[], bytes)
    }

    /// Whether `attestation` is what [`Self::attest`] gives for `bytes`, in constant time.
    pub fn verify(&self, bytes: &[u8], attestation: &[u8]) -> bool {
        equal(&self.attest(bytes), attestation)
    }

    fn generation(&self, id: GenerationId) -> Option<&ClassKeys> {
        let generations = &self.0.generations;
        let found = generations.iter().find(|(candidate, _)| *candidate == id);
        found.map(|(_, keys)| keys)
    }
}

impl ClassKeys {
    fn new(generation: &Key256) -> Self {
        Self(Class::ALL.map(|class| {
            let key = kdf::derive_key(generation, "trent record class", &[&[class as u8]]);
            DerivationKey::new(&key)
        }))
    }

    fn record_key(&self, class: Class, salt: &[u8]) -> Key256 {
        self.0[class as usize - 1].derive_key("trent record", &[salt])
    }
}

fn lookup_key(root: &RootKeys, label: &str) -> hmac::Key {
    let key = kdf::derive_key(root.lookup(), label, &[]);
    hmac::Key::new(hmac::HMAC_SHA256, key.expose())
}

/// The header up to the salt has a fixed length, so the record key needs no frame. The salt is bound through the key.
fn associated_data(head: &[u8], record_key: &[u8]) -> AssociatedData {
    AssociatedData::of(&[head, record_key])
}

/// HMAC-SHA-256 of two byte strings, the first after its length.
fn mac(key: &hmac::Key, first: &[u8], second: &[u8]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(key);
    context.update(&(first.len() as u64).to_be_bytes());
    context.update(first);
    context.update(second);
    let mut digest = [0; 32];
    digest.copy_from_slice(context.sign().as_ref());
    digest
}

#[cfg(test)]
mod tests;
