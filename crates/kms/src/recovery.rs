//! A key that nobody can manage any more is given back to its account: it gets the default key policy, which leaves
//! everything to the account (guide, "Default key policy": the key becomes unmanageable, and support is called).

use async_trait::async_trait;
use trent_api::{ApiError, kms, protocol};
use trent_names::KeyReference;
use trent_service::{Changes, Located, Recover};

use crate::Kms;
use crate::policy;
use crate::records::{KeyRecord, Manager};

#[async_trait]
impl Recover for Kms {
    async fn recover(&self, resource: &Located) -> Result<Changes, ApiError> {
        let Ok(KeyReference::KeyArn(arn)) = KeyReference::parse(&resource.arn) else {
            return Err(protocol::validation(format!("{} is no key", resource.arn)));
        };
        let space = self.space(&arn.region)?;
        let key = space.key_to_change(arn.account, arn.key).await?;
        let key = key.ok_or_else(|| kms::error::not_found(format!("There is no key {} here", resource.arn)))?;
        if key.record.manager == Manager::Aws {
            return Err(protocol::validation(format!(
                "{} is the key of a service, whose policy is the service's own",
                key.arn
            )));
        }
        let record = KeyRecord {
            policy: policy::default_policy(arn.partition, arn.account).into(),
            policy_principals: None,
            ..key.record.clone()
        };
        let mut txn = space.store.txn();
        space.update(&mut txn, &key, &record);
        Ok(Changes::Region(txn))
    }
}
