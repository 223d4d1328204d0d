//! What a piece of key material belongs to. Every derivation and every wrapping is bound to it; the Region is left out on
//! purpose, because related multi-Region keys share their material.

use std::fmt;
use std::str::FromStr;

use trent_names::{AccountId, KeyId, Partition};

use crate::joined::Joined;
use crate::kdf;
use crate::secret::{Key256, Secret};

/// The encoded [`KeyAddress`].
pub(crate) type Owner = Joined<64>;

/// The owner and id of a KMS key, without its Region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyAddress {
    /// The partition of the deployment.
    pub partition: Partition,
    /// The account that owns the key.
    pub account: AccountId,
    /// The key's id.
    pub key: KeyId,
}

impl KeyAddress {
    /// The identity of one material of this key.
    pub fn material(self, material: MaterialId) -> KeyIdentity {
        KeyIdentity {
            partition: self.partition,
            account: self.account,
            key: self.key,
            material,
        }
    }

    /// Partition (after its length in one byte), account, key id: the bytes that stand for the key in every format.
    pub(crate) fn encode(&self) -> Owner {
        let partition = self.partition.as_str().as_bytes();
        let length = u8::try_from(partition.len()).expect("partitions have short names");
        let account = self.account.as_str().as_bytes();
        Joined::of(&[&[length], partition, account, &encode_key_id(self.key)])
    }
}

/// One material of one KMS key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyIdentity {
    /// The partition of the deployment.
    pub partition: Partition,
    /// The account that owns the key.
    pub account: AccountId,
    /// The key's id.
    pub key: KeyId,
    /// The material's id.
    pub material: MaterialId,
}

impl KeyIdentity {
    /// The key that the material belongs to.
    pub fn address(&self) -> KeyAddress {
        KeyAddress {
            partition: self.partition,
            account: self.account,
            key: self.key,
        }
    }
}

/// The id of a key material: 32 bytes, written as 64 lower-case hexadecimal digits. It tells nothing about the material.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MaterialId(pub [u8; Self::LEN]);

/// A text that is not a material id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a material id is 64 lower-case hexadecimal digits")]
pub struct InvalidMaterialId;

impl MaterialId {
    /// The number of bytes in an id.
    pub const LEN: usize = 32;

    /// The id of a material that came from outside: the same for the same material of the same key, a one-way function
    /// keyed by the material itself.
    pub fn of_imported(address: &KeyAddress, material: &Key256) -> Self {
        Self::of_imported_bytes(address, material.expose())
    }

    /// The same of a material of any length: an SM4 or HMAC key, a private key.
    pub fn of_imported_secret(address: &KeyAddress, material: &Secret) -> Self {
        Self::of_imported_bytes(address, material.expose())
    }

    fn of_imported_bytes(address: &KeyAddress, material: &[u8]) -> Self {
        let owner = address.encode();
        Self(*kdf::derive_from(material, "trent imported material id", &[&owner]))
    }
}

impl FromStr for MaterialId {
    type Err = InvalidMaterialId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut id = [0; Self::LEN];
        let lower = text.bytes().all(|byte| !byte.is_ascii_uppercase());
        match hex::decode_to_slice(text, &mut id) {
            Ok(()) if lower => Ok(Self(id)),
            _ => Err(InvalidMaterialId),
        }
    }
}

impl fmt::Display for MaterialId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; 2 * Self::LEN];
        hex::encode_to_slice(self.0, &mut text).map_err(|_| fmt::Error)?;
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for MaterialId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Bytes of a key id in every format: its kind, then its 128 bits.
pub(crate) const KEY_ID: usize = 17;

const SINGLE_REGION: u8 = 0;
const MULTI_REGION: u8 = 1;

pub(crate) fn encode_key_id(key: KeyId) -> [u8; KEY_ID] {
    let mut bytes = [0; KEY_ID];
    bytes[0] = if key.is_multi_region() {
        MULTI_REGION
    } else {
        SINGLE_REGION
    };
    bytes[1..].copy_from_slice(&key.as_bytes());
    bytes
}

/// Reads a key id; the error is the kind that is neither single-Region nor multi-Region.
pub(crate) fn decode_key_id(bytes: &[u8; KEY_ID]) -> Result<KeyId, u8> {
    let (kind, id) = bytes.split_first_chunk::<1>().expect("a kind byte");
    let id = id.try_into().expect("sixteen bytes");
    match kind[0] {
        SINGLE_REGION => Ok(KeyId::from_bytes(id, false)),
        MULTI_REGION => Ok(KeyId::from_bytes(id, true)),
        other => Err(other),
    }
}

#[cfg(test)]
mod tests;
