//! The root of the key hierarchy, as the seal protects it: numbered generations and one lookup key.
//!
//! A generation wraps destruction keys, credentials and records. It can be replaced: the newest is active for sealing,
//! the older ones still open what they sealed. The lookup key never changes, because names and digests that
//! the store keeps must stay comparable across generations; it protects no content.

use crate::secret::Key256;

/// The number of a root generation, from one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GenerationId(pub u32);

impl std::fmt::Display for GenerationId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// One root generation.
#[derive(Clone)]
pub struct Generation {
    /// Its number, written into everything that it seals.
    pub id: GenerationId,
    /// Its secret.
    pub key: Key256,
}

/// All root generations and the lookup key.
#[derive(Clone)]
pub struct RootKeys {
    lookup: Key256,
    generations: Vec<Generation>,
    active: GenerationId,
}

/// Root keys that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RootError {
    /// The generation named as active is not among the generations.
    #[error("root generation {0} is active but absent")]
    ActiveMissing(GenerationId),
    /// A generation appears twice.
    #[error("root generation {0} appears twice")]
    Duplicate(GenerationId),
}

impl RootKeys {
    /// Puts the root keys together.
    pub fn new(lookup: Key256, mut generations: Vec<Generation>, active: GenerationId) -> Result<Self, RootError> {
        generations.sort_by_key(|generation| generation.id);
        for pair in generations.windows(2) {
            if pair[0].id == pair[1].id {
                return Err(RootError::Duplicate(pair[0].id));
            }
        }
        if !generations.iter().any(|generation| generation.id == active) {
            return Err(RootError::ActiveMissing(active));
        }
        Ok(Self {
            lookup,
            generations,
            active,
        })
    }

    /// The root keys of a new store: one generation, number one.
    pub fn first(lookup: Key256, key: Key256) -> Self {
        let id = GenerationId(1);
        Self {
            lookup,
            generations: vec![Generation { id, key }],
            active: id,
        }
    }

    /// The key behind blinded names and the store's digests.
    pub fn lookup(&self) -> &Key256 {
        &self.lookup
    }

    /// Every generation, in order of its number.
    pub fn generations(&self) -> &[Generation] {
        &self.generations
    }

    /// The generation that seals.
    pub fn active(&self) -> GenerationId {
        self.active
    }

    /// The place of the active generation among [`Self::generations`].
    pub(crate) fn active_index(&self) -> usize {
        let mut ids = self.generations.iter().map(|generation| generation.id);
        ids.position(|id| id == self.active)
            .expect("the active generation is among the generations")
    }
}

#[cfg(test)]
mod tests;
