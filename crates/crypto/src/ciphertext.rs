//! The ciphertext that symmetric encryption keys produce (`docs/ciphertext-format.md`).
//!
//! ```text
//! version 1 | suite 1 | key kind 1 | key id 16 | material id 32 | salt 32 | commitment 32 | ciphertext | tag 16
//! ```
//!
//! A random salt gives each message a key of its own, so a fixed IV is safe and one material may encrypt without a
//! bound on the number of messages. The commitment ties the message to that key: AES-GCM alone would let one ciphertext
//! open under two keys. It is compared before anything is decrypted.

use trent_names::KeyId;
use zeroize::Zeroizing;

use crate::aead::{self, AssociatedData, Forged, TAG};
use crate::context::EncryptionContext;
use crate::identity::{KEY_ID, KeyIdentity, MaterialId, decode_key_id, encode_key_id};
use crate::kdf;
use crate::material::MaterialKey;
use crate::secret::{Key256, Secret, equal};
use crate::sm4_gcm;
use crate::spec::Cipher;

/// The version written today.
pub const VERSION: u8 = 1;
/// How many bytes a ciphertext is longer than its plaintext.
pub const OVERHEAD: usize = HEADER + TAG;

/// Opens the associated data of this format, apart from all others of the product.
const TYPE: u8 = b'C';
/// With the salt and its frame this label fills one block of SHA-256 exactly; a longer one would cost two more.
const LABEL: &str = "trent cipher";
/// Bytes of the salt.
pub const SALT: usize = 32;
const COMMITMENT: usize = 32;
const HEADER: usize = 1 + 1 + KEY_ID + MaterialId::LEN + SALT + COMMITMENT;

/// How the fields after the material id are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Suite {
    /// A key per message: SP 800-108 with a random salt, AES-256-GCM, key commitment.
    Derived = 1,
    /// The same with SM4-GCM. The suites between are reserved for keys that are held elsewhere.
    DerivedSm4 = 4,
}

impl Suite {
    const fn parse(byte: u8) -> Option<Self> {
        match byte {
            1 => Some(Self::Derived),
            4 => Some(Self::DerivedSm4),
            _ => None,
        }
    }

    const fn of(cipher: Cipher) -> Self {
        match cipher {
            Cipher::Aes256 => Self::Derived,
            Cipher::Sm4 => Self::DerivedSm4,
        }
    }
}

/// Why a ciphertext does not open. Callers outside the product are told only that it is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CiphertextError {
    /// Fewer bytes than a header and a tag.
    #[error("the ciphertext is truncated")]
    Truncated,
    /// A version that this build does not know.
    #[error("the ciphertext has the unknown version {0}")]
    UnknownVersion(u8),
    /// A suite that this build does not know.
    #[error("the ciphertext has the unknown suite {0}")]
    UnknownSuite(u8),
    /// A kind of key id that is neither single-Region nor multi-Region.
    #[error("the ciphertext names a key of the unknown kind {0}")]
    UnknownKeyKind(u8),
    /// The ciphertext names another key.
    #[error("the ciphertext belongs to key {0}")]
    OtherKey(KeyId),
    /// The ciphertext names another material.
    #[error("the ciphertext belongs to key material {0}")]
    OtherMaterial(MaterialId),
    /// The derived key is not the one that the ciphertext was made with.
    #[error("the ciphertext was not made with this key")]
    Commitment,
    /// The ciphertext, its tag, or the encryption context is not the original.
    #[error("the ciphertext or its encryption context was changed")]
    Forged,
}

/// A ciphertext taken apart. Its fields are authentic only once it has been opened.
#[derive(Clone, Copy)]
pub struct Parsed<'a> {
    /// The version of the format.
    pub version: u8,
    /// The suite.
    pub suite: Suite,
    /// The id of the key that made it.
    pub key: KeyId,
    /// The material that made it.
    pub material: MaterialId,
    header: &'a [u8],
    salt: &'a [u8],
    commitment: &'a [u8],
    body: &'a [u8],
}

/// So many bytes at the start of a ciphertext name its key.
pub const NAMES_KEY: usize = 1 + 1 + KEY_ID;

/// The key that a ciphertext with this start names. Whether it is one is not known before it is [parsed](Parsed::parse).
pub fn named_key(start: &[u8; NAMES_KEY]) -> Option<KeyId> {
    let [_, _, key @ ..] = start;
    decode_key_id(key).ok()
}

impl<'a> Parsed<'a> {
    /// Takes a ciphertext apart.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, CiphertextError> {
        let (&version, rest) = bytes.split_first().ok_or(CiphertextError::Truncated)?;
        if version != VERSION {
            return Err(CiphertextError::UnknownVersion(version));
        }
        let (&suite, rest) = rest.split_first().ok_or(CiphertextError::Truncated)?;
        let suite = Suite::parse(suite).ok_or(CiphertextError::UnknownSuite(suite))?;
        if bytes.len() < OVERHEAD {
            return Err(CiphertextError::Truncated);
        }
        let (key, rest) = rest.split_first_chunk().ok_or(CiphertextError::Truncated)?;
        let (material, rest) = rest.split_first_chunk().ok_or(CiphertextError::Truncated)?;
        let (salt, rest) = rest.split_at(SALT);
        let (commitment, body) = rest.split_at(COMMITMENT);
        Ok(Self {
            version,
            suite,
            key: decode_key_id(key).map_err(CiphertextError::UnknownKeyKind)?,
            material: MaterialId(*material),
            header: &bytes[..HEADER],
            salt,
            commitment,
            body,
        })
    }

    /// Opens the ciphertext with the material that it names.
    pub fn open(&self, material: &MaterialKey, context: &EncryptionContext) -> Result<Secret, CiphertextError> {
        let identity = material.identity();
        if self.key != identity.key {
            return Err(CiphertextError::OtherKey(self.key));
        }
        if self.material != identity.material {
            return Err(CiphertextError::OtherMaterial(self.material));
        }
        if self.suite != Suite::of(material.cipher()) {
            return Err(CiphertextError::Commitment);
        }
        let message = MessageKeys::derive(material, self.salt);
        if !equal(message.commitment(), self.commitment) {
            return Err(CiphertextError::Commitment);
        }
        let aad = associated_data(self.header, context);
        message.open(&aad, self.body).map_err(|_| CiphertextError::Forged)
    }
}

/// Encrypts `plaintext` with one material of a key. `salt` must be fresh random bytes, drawn for this call: two messages
/// under one salt share their key and IV. A stock of salts would give them out twice when the memory of the process comes
/// back from a snapshot; the generator of aws-lc guards against that.
pub fn seal(material: &MaterialKey, context: &EncryptionContext, plaintext: &[u8], salt: [u8; SALT]) -> Vec<u8> {
    let identity: &KeyIdentity = material.identity();
    let message = MessageKeys::derive(material, &salt);
    let mut sealed = Vec::with_capacity(OVERHEAD + plaintext.len());
    sealed.push(VERSION);
    sealed.push(Suite::of(material.cipher()) as u8);
    sealed.extend_from_slice(&encode_key_id(identity.key));
    sealed.extend_from_slice(&identity.material.0);
    sealed.extend_from_slice(&salt);
    sealed.extend_from_slice(message.commitment());
    let aad = associated_data(&sealed, context);
    message.seal_onto(&mut sealed, &aad, plaintext);
    sealed
}

/// The keys of one message: encryption key, then commitment.
enum MessageKeys {
    Aes256(Zeroizing<[u8; Key256::LEN + COMMITMENT]>),
    Sm4(Zeroizing<[u8; sm4_gcm::KEY + COMMITMENT]>),
}

impl MessageKeys {
    fn derive(material: &MaterialKey, salt: &[u8]) -> Self {
        match material.cipher() {
            Cipher::Aes256 => Self::Aes256(kdf::derive(material.key(), LABEL, &[salt])),
            Cipher::Sm4 => Self::Sm4(kdf::derive(material.key(), LABEL, &[salt])),
        }
    }

    fn commitment(&self) -> &[u8] {
        match self {
            Self::Aes256(bytes) => &bytes[Key256::LEN..],
            Self::Sm4(bytes) => &bytes[sm4_gcm::KEY..],
        }
    }

    fn seal_onto(&self, out: &mut Vec<u8>, aad: &[u8], plaintext: &[u8]) {
        match self {
            Self::Aes256(bytes) => aead::seal_onto(out, first(&**bytes), aead::FIXED, aad, plaintext),
            Self::Sm4(bytes) => sm4_gcm::seal_onto(out, first(&**bytes), aad, plaintext),
        }
    }

    fn open(&self, aad: &[u8], sealed: &[u8]) -> Result<Secret, Forged> {
        match self {
            Self::Aes256(bytes) => aead::open(first(&**bytes), aead::FIXED, aad, sealed),
            Self::Sm4(bytes) => sm4_gcm::open(first(&**bytes), aad, sealed),
        }
    }
}

/// The encryption key, with which the derived bytes begin.
fn first<const N: usize>(bytes: &[u8]) -> &[u8; N] {
    bytes.first_chunk().expect("an encryption key before the commitment")
}

/// Type byte, whole header (of a length that its suite fixes), canonical encryption context.
fn associated_data(header: &[u8], context: &EncryptionContext) -> AssociatedData {
    AssociatedData::of(&[&[TYPE], header, context.canonical()])
}

#[cfg(test)]
mod tests;
