//! The keyring: the root generations and the lookup key, kept in the store under the seal.
//!
//! ```text
//! format 1 | lookup key 32 | active 4 | count 2 | count × ( generation 4 | key 32 )
//! ```
//!
//! These bytes exist only under a seal. Generations are numbered from one, upwards; a new one is published first, so that
//! every reader can open it, and made active after that.

use trent_crypto::Key256;
use trent_crypto::Secret;
use trent_crypto::record::RecordSealer;
use trent_crypto::root::{Generation, GenerationId, RootKeys};

use crate::error::KeyringError;
use crate::randomness::{self, Randomness, SystemRandomness};
use crate::seal::{self, Seal};

const FORMAT: u8 = 1;
const HEADER: usize = 1 + Key256::LEN + 4 + 2;
const ENTRY: usize = 4 + Key256::LEN;

/// An opened keyring.
#[derive(Clone)]
pub struct Keyring {
    root: RootKeys,
}

impl Keyring {
    /// Makes the keyring of a new store, and its sealed form.
    pub fn create(seal: &dyn Seal) -> Result<(Self, Vec<u8>), KeyringError> {
        let keyring = Self::generate(&SystemRandomness)?;
        let sealed = keyring.seal(seal)?;
        Ok((keyring, sealed))
    }

    /// Makes a keyring that lives in memory only.
    pub fn generate(randomness: &dyn Randomness) -> Result<Self, KeyringError> {
        let lookup = randomness::key(randomness)?;
        let first = randomness::key(randomness)?;
        Ok(Self {
            root: RootKeys::first(lookup, first),
        })
    }

    /// Opens a sealed keyring.
    pub fn open(seal: &dyn Seal, sealed: &[u8]) -> Result<Self, KeyringError> {
        let content = seal::unwrap(seal, sealed)?;
        let root = decode(content.expose())?;
        Ok(Self { root })
    }

    /// The sealed form, for the store.
    pub fn seal(&self, seal: &dyn Seal) -> Result<Vec<u8>, KeyringError> {
        Ok(seal.wrap(&encode(&self.root))?)
    }

    /// What seals the store's records.
    pub fn record_sealer(&self) -> RecordSealer {
        RecordSealer::new(&self.root)
    }

    /// The generation that seals.
    pub fn active(&self) -> GenerationId {
        self.root.active()
    }

    /// Every generation that opens, in order.
    pub fn generations(&self) -> impl Iterator<Item = GenerationId> {
        self.root.generations().iter().map(|generation| generation.id)
    }

    /// Adds a random generation that opens but does not seal yet.
    pub fn publish(&mut self, randomness: &dyn Randomness) -> Result<GenerationId, KeyringError> {
        let mut generations = self.root.generations().to_vec();
        let newest = generations.iter().map(|generation| generation.id.0).max();
        let id = GenerationId(newest.unwrap_or_default() + 1);
        let key = randomness::key(randomness)?;
        generations.push(Generation { id, key });
        self.root = RootKeys::new(self.root.lookup().clone(), generations, self.root.active())?;
        Ok(id)
    }

    /// Makes a published generation the one that seals.
    pub fn activate(&mut self, id: GenerationId) -> Result<(), KeyringError> {
        let lookup = self.root.lookup().clone();
        self.root = RootKeys::new(lookup, self.root.generations().to_vec(), id)?;
        Ok(())
    }

    pub(crate) fn root(&self) -> &RootKeys {
        &self.root
    }
}

fn encode(root: &RootKeys) -> Secret {
    let generations = root.generations();
    let count = u16::try_from(generations.len()).expect("fewer than 65536 generations");
    // The capacity is exact: a buffer that grew would leave a copy of the keys behind.
    let mut bytes = Vec::with_capacity(HEADER + generations.len() * ENTRY);
    bytes.push(FORMAT);
    bytes.extend_from_slice(root.lookup().expose());
    bytes.extend_from_slice(&root.active().0.to_be_bytes());
    bytes.extend_from_slice(&count.to_be_bytes());
    for generation in generations {
        bytes.extend_from_slice(&generation.id.0.to_be_bytes());
        bytes.extend_from_slice(generation.key.expose());
    }
    Secret::new(bytes)
}

fn decode(bytes: &[u8]) -> Result<RootKeys, KeyringError> {
    let (&format, rest) = bytes.split_first().ok_or(KeyringError::Malformed)?;
    if format != FORMAT {
        return Err(KeyringError::UnknownFormat(format));
    }
    let (lookup, rest) = take_key(rest)?;
    let (active, rest) = take_id(rest)?;
    let (count, mut rest) = rest.split_first_chunk().ok_or(KeyringError::Malformed)?;
    let count = usize::from(u16::from_be_bytes(*count));
    let mut generations = Vec::with_capacity(count);
    for _ in 0..count {
        let (id, after_id) = take_id(rest)?;
        let (key, after_key) = take_key(after_id)?;
        generations.push(Generation { id, key });
        rest = after_key;
    }
    if !rest.is_empty() {
        return Err(KeyringError::Malformed);
    }
    Ok(RootKeys::new(lookup, generations, active)?)
}

fn take_id(bytes: &[u8]) -> Result<(GenerationId, &[u8]), KeyringError> {
    let (id, rest) = bytes.split_first_chunk().ok_or(KeyringError::Malformed)?;
    Ok((GenerationId(u32::from_be_bytes(*id)), rest))
}

fn take_key(bytes: &[u8]) -> Result<(Key256, &[u8]), KeyringError> {
    let (key, rest) = bytes.split_at_checked(Key256::LEN).ok_or(KeyringError::Malformed)?;
    let key = Key256::from_slice(key).ok_or(KeyringError::Malformed)?;
    Ok((key, rest))
}

#[cfg(test)]
mod tests;
