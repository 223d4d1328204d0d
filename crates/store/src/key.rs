//! Record keys: where a record lives, typed by what lives there.
//!
//! A key says nothing about the Region: the [`crate::ScopedStore`] that it is used with puts its own place in front,
//! so a transaction over two Regions cannot be expressed. The parts of a key are encoded so that byte order is the
//! order of the parts, and so that a key of fewer parts is exactly the prefix of those with more.

use std::{fmt, hash, marker::PhantomData};

use bytes::{BufMut, Bytes, BytesMut};

use crate::record::{Kind, Record};

/// Ends a part. A zero byte inside one is written as [`ESCAPED_ZERO`], which sorts behind it.
const END: [u8; 2] = [0x00, 0x01];
const ESCAPED_ZERO: [u8; 2] = [0x00, 0xFF];

/// The key of a record of type `R`, relative to a place. With fewer parts, the prefix of a range.
pub struct Key<R> {
    parts: BytesMut,
    record: PhantomData<fn() -> R>,
}

impl<R: Record> Key<R> {
    /// The prefix of every record of this type.
    pub fn new() -> Self {
        Self {
            parts: BytesMut::new(),
            record: PhantomData,
        }
    }

    /// Appends a part. Names that callers chose belong in [`crate::ScopedStore::blind`] first.
    #[must_use]
    pub fn part(mut self, part: &[u8]) -> Self {
        for run in part.split_inclusive(|byte| *byte == 0) {
            match run.split_last() {
                Some((0, before)) => {
                    self.parts.put_slice(before);
                    self.parts.put_slice(&ESCAPED_ZERO);
                }
                _ => self.parts.put_slice(run),
            }
        }
        self.parts.put_slice(&END);
        self
    }

    /// Appends a number, in order.
    #[must_use]
    pub fn number(self, number: u64) -> Self {
        self.part(&number.to_be_bytes())
    }

    /// The parts, as they were given.
    pub fn parts(&self) -> Vec<Vec<u8>> {
        let mut parts = Vec::new();
        let mut part = Vec::new();
        let mut bytes = self.parts.iter().copied();
        while let Some(byte) = bytes.next() {
            if byte != 0 {
                part.push(byte);
            } else if bytes.next() == Some(END[1]) {
                parts.push(std::mem::take(&mut part));
            } else {
                part.push(0);
            }
        }
        parts
    }

    /// The encoded parts: what a pagination marker keeps (sealed).
    pub fn as_bytes(&self) -> &[u8] {
        &self.parts
    }

    /// A key from [`Key::as_bytes`].
    pub fn from_bytes(encoded: &[u8]) -> Self {
        Self {
            parts: BytesMut::from(encoded),
            record: PhantomData,
        }
    }

    /// The key in the engine, in the place with this prefix.
    pub(crate) fn raw(&self, place: &[u8]) -> Bytes {
        Bytes::from(self.raw_parts(place).concat())
    }

    /// The same in the parts that it is made of: the place, the kind, the parts of the key.
    pub(crate) fn raw_parts<'a>(&'a self, place: &'a [u8]) -> [&'a [u8]; 3] {
        [place, std::slice::from_ref(&R::KIND.0), &self.parts]
    }

    /// The reverse of [`Key::raw`].
    pub(crate) fn from_raw(place: &[u8], raw: &[u8]) -> Option<Self> {
        let rest = raw.strip_prefix(place)?;
        let (kind, parts) = rest.split_first()?;
        (Kind(*kind) == R::KIND).then(|| Self::from_bytes(parts))
    }

    /// The same in whatever place.
    pub(crate) fn of_raw(raw: &[u8]) -> Option<Self> {
        Self::from_raw(place_of(raw), raw)
    }
}

/// The kind of the record at a key in the engine.
pub(crate) fn kind_of(raw: &[u8]) -> Option<Kind> {
    raw.get(place_of(raw).len()).copied().map(Kind)
}

/// The place that a key in the engine begins with. It ends in the only zero byte that it has.
fn place_of(raw: &[u8]) -> &[u8] {
    raw.split_inclusive(|byte| *byte == 0).next().unwrap_or_default()
}

impl<R: Record> Default for Key<R> {
    fn default() -> Self {
        Self::new()
    }
}

impl<R> Clone for Key<R> {
    fn clone(&self) -> Self {
        Self {
            parts: self.parts.clone(),
            record: PhantomData,
        }
    }
}

impl<R> PartialEq for Key<R> {
    fn eq(&self, other: &Self) -> bool {
        self.parts == other.parts
    }
}

impl<R> Eq for Key<R> {}

impl<R> hash::Hash for Key<R> {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.parts.hash(state);
    }
}

impl<R: Record> fmt::Debug for Key<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}{}", R::KIND, printable(&self.parts))
    }
}

/// A raw key as messages show it: printable bytes as they are, the rest in hex.
pub(crate) fn printable(raw: &[u8]) -> String {
    raw.escape_ascii().to_string()
}
