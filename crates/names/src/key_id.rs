//! Key ids.

use std::str::FromStr;
use std::{array, fmt};

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
            Some(digits) => unhyphenated(digits).map(|bytes| (bytes, true)),
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
    /// Where the two digits of each byte are.
    const PAIRS: [usize; 16] = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];
    let text: &[u8; 36] = text.as_bytes().try_into().ok()?;
    let well_placed = HYPHENS.iter().all(|&at| text[at] == b'-');
    well_placed.then(|| hex(PAIRS.map(|at| [text[at], text[at + 1]])))?
}

fn unhyphenated(text: &str) -> Option<[u8; 16]> {
    let text: &[u8; 32] = text.as_bytes().try_into().ok()?;
    hex(array::from_fn(|byte| [text[2 * byte], text[2 * byte + 1]]))
}

/// Pairs of lower-case hex digits. Nothing branches on a digit: they are random, so that the processor would guess wrong.
fn hex(pairs: [[u8; 2]; 16]) -> Option<[u8; 16]> {
    let mut highest = 0;
    let bytes = pairs.map(|pair| {
        let [high, low] = pair.map(|digit| DIGITS[usize::from(digit)]);
        highest |= high | low;
        high << 4 | low & 0x0F
    });
    (highest < 16).then_some(bytes)
}

/// What each byte is worth as a lower-case hex digit; 16 and more if it is none.
const DIGITS: [u8; 256] = {
    let mut values = [u8::MAX; 256];
    let digits = b"0123456789abcdef";
    let mut value = 0_u8;
    while value < 16 {
        values[digits[value as usize] as usize] = value;
        value += 1;
    }
    values
};

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
