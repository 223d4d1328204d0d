//! The values of keys' tags, for the operator's report of what was used.

use async_trait::async_trait;
use trent_api::ApiError;
use trent_names::KeyReference;
use trent_service::Tagged;

use crate::Kms;

#[async_trait]
impl Tagged for Kms {
    async fn tag_value(&self, arn: &str, tag: &str) -> Result<Option<Option<String>>, ApiError> {
        // What is in the trail may be of a Region that is no longer served.
        let Ok(KeyReference::KeyArn(arn)) = KeyReference::parse(arn) else {
            return Ok(None);
        };
        let Ok(space) = self.space(&arn.region) else {
            return Ok(None);
        };
        let key = space.latest_key(arn.account, arn.key).await?;
        Ok(key.map(|key| key.record.tags.get(tag).cloned()))
    }
}
