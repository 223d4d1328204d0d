//! The seal in force and the keyring under it, as the operator is told of them.

use async_trait::async_trait;
use trent_admin::{GenerationState, RootGeneration, SealState};
use trent_api::ApiError;
use trent_keystore::seal::described;
use trent_keystore::{GenerationId, Keyring};
use trent_service::internal;
use trent_store::Sealed;

/// What the seal is called where there is none: the keyring lives in memory only.
pub(super) const MEMORY: &str = "memory";

/// Which seal a node was opened with.
#[derive(Clone, Debug)]
pub(super) struct SealName {
    pub(super) kind: &'static str,
    pub(super) id: String,
}

impl SealName {
    /// The seal that a keyring is under.
    pub(super) fn of(sealed: &[u8]) -> Self {
        let (kind, id) = described(sealed).unwrap_or(("unknown", String::new()));
        Self { kind, id }
    }
}

/// A node's seal.
pub(crate) struct NodeSeal {
    name: SealName,
    keyring: Keyring,
    store: Sealed,
}

impl NodeSeal {
    pub(super) fn new(name: SealName, keyring: Keyring, store: Sealed) -> Self {
        Self { name, keyring, store }
    }

    /// What stands behind the seal.
    pub(super) fn kind(&self) -> &'static str {
        self.name.kind
    }

    /// What it protects.
    pub(super) fn keyring(&self) -> &Keyring {
        &self.keyring
    }
}

#[async_trait]
impl trent_admin::Seal for NodeSeal {
    async fn state(&self) -> Result<SealState, ApiError> {
        let records = self.store.sealed_by().await.map_err(internal)?;
        let active = self.keyring.active();
        let generations = self.keyring.generations().map(|id| RootGeneration {
            number: id.0,
            state: state_of(id, active),
            records: records.get(&id).copied().unwrap_or_default(),
        });
        Ok(SealState {
            kind: self.name.kind.to_owned(),
            id: self.name.id.clone(),
            generations: generations.collect(),
        })
    }
}

/// Generations are numbered upwards, and the newest becomes the active one.
fn state_of(id: GenerationId, active: GenerationId) -> GenerationState {
    match id.cmp(&active) {
        std::cmp::Ordering::Less => GenerationState::Superseded,
        std::cmp::Ordering::Equal => GenerationState::Active,
        std::cmp::Ordering::Greater => GenerationState::Published,
    }
}
