//! Key ids.

use std::fmt;
use std::str::FromStr;

/// The id of a KMS key: a lower-case hyphenated UUID, or `mrk-` and 32 hex digits for a multi-Region key.
///
/// It is random and says nothing about the key material; related multi-Region keys share it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId {
    bytes: [u8; 16],
    multi_region: bool,
}

/// The text is neither form of a key id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Invalid keyId '{0}'")]
pub struct InvalidKeyId(pub String);

const MULTI_REGION_PREFIX: &str = "mrk-";
const HYPHENS: [usize; 4] = [8, 13, 18, 23];

impl KeyId {
    /// Reads either form; upper-case digits, missing hyphens and anything else are refused.
    pub fn parse(text: &str) -> Result<Self, InvalidKeyId> {
        let parsed = match text.strip_prefix(MULTI_REGION_PREFIX) {
            Some(digits) => hex(digits.bytes()).map(|bytes| (bytes, true)),
            None => hyphenated(text).map(|bytes| (bytes, false)),
        };
        parsed
            .map(|(bytes, multi_region)| Self { bytes, multi_region })
            .ok_or_else(|| InvalidKeyId(text.to_owned()))
    }

    /// Makes a key id of random bytes, whose version and variant bits are set to those of a version 4 UUID.
    pub fn from_random_bytes(random: [u8; 16], multi_region: bool) -> Self {
        let bytes = uuid::Builder::from_random_bytes(random).into_uuid().into_bytes();
        Self { bytes, multi_region }
    }

    /// The sixteen bytes; with [`is_multi_region`](Self::is_multi_region) they are the whole id.
    pub const fn as_bytes(&self) -> [u8; 16] {
        self.bytes
    }

    /// The inverse of [`as_bytes`](Self::as_bytes), for ids read from a trusted encoding.
    pub const fn from_bytes(bytes: [u8; 16], multi_region: bool) -> Self {
        Self { bytes, multi_region }
    }

    /// Whether this is the id of a multi-Region key.
    pub const fn is_multi_region(&self) -> bool {
        self.multi_region
    }
}

fn hyphenated(text: &str) -> Option<[u8; 16]> {
    let well_placed = text.len() == 36 && HYPHENS.iter().all(|&at| text.as_bytes()[at] == b'-');
    if !well_placed {
        return None;
    }
    hex(text
        .bytes()
        .enumerate()
        .filter(|(at, _)| !HYPHENS.contains(at))
        .map(|(_, digit)| digit))
}

/// Exactly 32 lower-case hex digits.
fn hex(mut digits: impl Iterator<Item = u8>) -> Option<[u8; 16]> {
    let mut bytes = [0; 16];
    for byte in &mut bytes {
        *byte = nibble(digits.next()?)? << 4 | nibble(digits.next()?)?;
    }
    digits.next().is_none().then_some(bytes)
}

const fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

impl FromStr for KeyId {
    type Err = InvalidKeyId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let uuid = uuid::Uuid::from_bytes(self.bytes);
        let mut buffer = [0; 36];
        if self.multi_region {
            f.write_str(MULTI_REGION_PREFIX)?;
            f.write_str(uuid.simple().encode_lower(&mut buffer))
        } else {
            f.write_str(uuid.hyphenated().encode_lower(&mut buffer))
        }
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
