//! What an import token says, before it is sealed: the KMS key that it is for, until when, how the material is wrapped,
//! and the private half of the wrapping key.
//!
//! ```text
//! "import" 6 | format 1 | algorithm 1 | wrapping spec 1 | expires 8 | owner length 2 | owner | private key
//! ```
//!
//! Numbers are big-endian; the moment is in milliseconds since the Unix epoch. The owner is compared, never read.

use trent_names::Region;

use crate::identity::KeyAddress;
use crate::secret::Secret;
use crate::spec::{Wrapping, WrappingAlgorithm, WrappingKeySpec};

/// What tells it from the other tokens that are sealed in the same way.
const PURPOSE: [u8; 6] = *b"import";

const FORMAT: u8 = 1;

/// The content of an import token.
pub struct ImportToken {
    /// How the material is wrapped.
    pub wrapping: Wrapping,
    /// Until when it is, in milliseconds since the Unix epoch.
    pub expires: i64,
    owner: Vec<u8>,
    private_key: Secret,
}

impl ImportToken {
    /// A token for a KMS key of a Region, with a wrapping key in the form in which [`pair`](crate::pair) reads it.
    pub fn new(key: &KeyAddress, region: &Region, wrapping: Wrapping, expires: i64, private_key: Secret) -> Self {
        Self {
            wrapping,
            expires,
            owner: owner(key, region),
            private_key,
        }
    }

    /// Whether the token is for this KMS key in this Region.
    pub fn is_for(&self, key: &KeyAddress, region: &Region) -> bool {
        self.owner == owner(key, region)
    }

    /// The private half of the wrapping key.
    pub const fn private_key(&self) -> &Secret {
        &self.private_key
    }

    /// The bytes that are sealed.
    pub fn encode(&self) -> Secret {
        let Wrapping { algorithm, spec } = self.wrapping;
        let owner = u16::try_from(self.owner.len()).expect("keys and Regions have short names");
        let head = [
            FORMAT,
            position(WrappingAlgorithm::ALL, &algorithm),
            position(WrappingKeySpec::ALL, &spec),
        ];
        let parts: [&[u8]; 6] = [
            &PURPOSE,
            &head,
            &self.expires.to_be_bytes(),
            &owner.to_be_bytes(),
            &self.owner,
            self.private_key.expose(),
        ];
        Secret::new(parts.concat())
    }

    /// Reads the bytes that were sealed; `None` if they are no token of a format that this build knows.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.strip_prefix(&PURPOSE)?;
        let ([FORMAT, algorithm, spec], rest) = bytes.split_first_chunk()? else {
            return None;
        };
        let (expires, rest) = rest.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let (owner, private_key) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
        Some(Self {
            wrapping: Wrapping {
                algorithm: *WrappingAlgorithm::ALL.get(usize::from(*algorithm))?,
                spec: *WrappingKeySpec::ALL.get(usize::from(*spec))?,
            },
            expires: i64::from_be_bytes(*expires),
            owner: owner.to_vec(),
            private_key: Secret::new(private_key.to_vec()),
        })
    }
}

/// The key and then the Region: the first has a length of its own.
fn owner(key: &KeyAddress, region: &Region) -> Vec<u8> {
    [&key.encode()[..], region.as_str().as_bytes()].concat()
}

/// The place of a value among all of its kind. New ones are added behind.
fn position<T: PartialEq>(all: &[T], value: &T) -> u8 {
    let place = all.iter().position(|other| other == value);
    place
        .and_then(|place| u8::try_from(place).ok())
        .expect("every value is among all, which are few")
}

#[cfg(test)]
mod tests;
