//! What is done by itself, for whoever waits until it is done.

use async_trait::async_trait;

/// Does what is due.
#[async_trait]
pub trait Upkeep: Send + Sync + 'static {
    /// Does everything that is due now; gives the number of steps that it took.
    async fn settle(&self) -> usize;
}
