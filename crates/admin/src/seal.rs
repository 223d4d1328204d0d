//! What the operator is told of the seal and of the root generations that it protects.

use async_trait::async_trait;
use serde::Serialize;
use trent_api::ApiError;

/// The seal of the deployment.
#[async_trait]
pub trait Seal: Send + Sync {
    /// How it is: what it is, and what each root generation still protects.
    async fn state(&self) -> Result<SealState, ApiError>;
}

/// A seal and what it protects.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct SealState {
    /// What stands behind the seal.
    pub kind: String,
    /// Which one of its kind it is.
    pub id: String,
    /// Every root generation in the keyring, in order.
    pub generations: Vec<RootGeneration>,
}

/// One root generation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RootGeneration {
    /// Its number, from one.
    #[serde(rename = "Generation")]
    pub number: u32,
    /// What it is for now.
    pub state: GenerationState,
    /// How many records it has sealed that are still there.
    pub records: u64,
}

/// What a root generation is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum GenerationState {
    /// It opens and does not seal yet.
    Published,
    /// It seals whatever is written.
    Active,
    /// It opens what it sealed, and seals no more.
    Superseded,
}
