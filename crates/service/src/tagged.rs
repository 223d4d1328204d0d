//! What the operator learns of the tags of accounts' resources: the value of one that it names, to group by.

use async_trait::async_trait;
use trent_api::ApiError;

/// A service whose resources have tags.
#[async_trait]
pub trait Tagged: Send + Sync + 'static {
    /// The value of a tag of a resource, which is named by its ARN. `None`: there is no such resource; `Some(None)`: it has
    /// no such tag.
    async fn tag_value(&self, arn: &str, tag: &str) -> Result<Option<Option<String>>, ApiError>;
}
