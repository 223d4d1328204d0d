//! What the operator learns of how much accounts have: numbers, to hold against their quotas.

use async_trait::async_trait;
use trent_api::ApiError;
use trent_names::{AccountId, Region};

/// A service that counts what accounts have.
#[async_trait]
pub trait Inventory: Send + Sync + 'static {
    /// How many customer managed keys an account has in a Region that is served.
    async fn keys_of(&self, account: AccountId, region: &Region) -> Result<u64, ApiError>;
}
