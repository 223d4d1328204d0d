//! How much accounts have.

use async_trait::async_trait;
use trent_api::ApiError;
use trent_names::{AccountId, Region};
use trent_service::{Inventory, internal};

use crate::Kms;

#[async_trait]
impl Inventory for Kms {
    async fn keys_of(&self, account: AccountId, region: &Region) -> Result<u64, ApiError> {
        let space = self.space(region)?;
        space.rosters.keys_of(account).await.map_err(internal)
    }
}
