//! The one change that the operator can make of a resource of an account: giving it back to that account.

use async_trait::async_trait;
use trent_api::ApiError;

use crate::operation::Changes;
use crate::rehearsal::Located;

/// A service whose resources can be given back when nobody is left whom their policies let manage them.
#[async_trait]
pub trait Recover: Send + Sync + 'static {
    /// The change that puts the policy which a resource has by default in the place of its own. Nothing is decided about
    /// whether that is right.
    async fn recover(&self, resource: &Located) -> Result<Changes, ApiError>;
}
