//! The encryption context as the bytes that authenticate it.

use std::collections::BTreeMap;

/// The canonical form of an encryption context: each key and value after its length (32 bits big-endian), in the order
/// of the keys' UTF-8 bytes. No two contexts share it, no normalization is applied, and an empty context is no bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EncryptionContext(Vec<u8>);

impl EncryptionContext {
    /// No encryption context, which is the same as an empty one.
    pub fn none() -> Self {
        Self::default()
    }

    /// The bytes that enter the associated data.
    pub fn canonical(&self) -> &[u8] {
        &self.0
    }

    fn push(&mut self, text: &str) {
        let length = u32::try_from(text.len()).expect("a text in a request is shorter than 4 GiB");
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(text.as_bytes());
    }
}

impl<V: AsRef<str>> From<&BTreeMap<String, V>> for EncryptionContext {
    /// A `BTreeMap` of strings iterates in the order of their UTF-8 bytes already.
    fn from(pairs: &BTreeMap<String, V>) -> Self {
        let length = pairs
            .iter()
            .map(|(key, value)| 8 + key.len() + value.as_ref().len())
            .sum();
        let mut context = Self(Vec::with_capacity(length));
        for (key, value) in pairs {
            context.push(key);
            context.push(value.as_ref());
        }
        context
    }
}

impl<K: Into<String>, V: AsRef<str>> FromIterator<(K, V)> for EncryptionContext {
    /// Of two pairs with one key the later wins, as in a JSON object.
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        let pairs: BTreeMap<String, V> = pairs.into_iter().map(|(k, v)| (k.into(), v)).collect();
        Self::from(&pairs)
    }
}

#[cfg(test)]
mod tests;
