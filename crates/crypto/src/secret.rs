//! Bytes that must not outlive their use: wiped on drop, without `Debug`, compared in constant time.

use aws_lc_rs::constant_time;
use zeroize::Zeroizing;

/// Secret bytes of any length: plaintexts, data keys, access-key secrets.
#[derive(Clone)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes ownership of `bytes`; they are wiped when the value is dropped.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// `length` zero bytes, to be filled in place so that no copy of the secret is left behind.
    pub fn zeroed(length: usize) -> Self {
        Self::new(vec![0; length])
    }

    /// The bytes, for the moment of their use.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The bytes, for filling them in place.
    pub fn expose_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }

    /// How many bytes there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Hands the bytes over, still in a container that wipes them.
    pub fn into_bytes(self) -> Zeroizing<Vec<u8>> {
        self.0
    }
}

impl From<Vec<u8>> for Secret {
    fn from(bytes: Vec<u8>) -> Self {
        Self::new(bytes)
    }
}

impl From<Zeroizing<Vec<u8>>> for Secret {
    fn from(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(bytes)
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        equal(self.expose(), other.expose())
    }
}

impl Eq for Secret {}

/// A 256-bit key.
#[derive(Clone)]
pub struct Key256(Zeroizing<[u8; Self::LEN]>);

impl Key256 {
    /// The number of bytes in a key.
    pub const LEN: usize = 32;

    /// Takes the key's bytes.
    pub fn new(bytes: [u8; Self::LEN]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Copies the key out of a slice of exactly 32 bytes; `None` for any other length.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        let mut key = Zeroizing::new([0; Self::LEN]);
        if bytes.len() != Self::LEN {
            return None;
        }
        key.copy_from_slice(bytes);
        Some(Self(key))
    }

    /// The bytes, for the moment of their use.
    pub fn expose(&self) -> &[u8; Self::LEN] {
        &self.0
    }

    /// The bytes, for filling them in place.
    pub fn expose_mut(&mut self) -> &mut [u8; Self::LEN] {
        &mut self.0
    }
}

impl PartialEq for Key256 {
    fn eq(&self, other: &Self) -> bool {
        equal(self.expose(), other.expose())
    }
}

impl Eq for Key256 {}

/// Whether two byte strings are equal, in time that depends on their lengths alone.
pub fn equal(a: &[u8], b: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(a, b).is_ok()
}

#[cfg(test)]
mod tests;
