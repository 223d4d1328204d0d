//! What accounts can ask of their keys: the metrics of the KMS in `CloudWatch`, a value a minute.
//!
//! Time is the policy clock's, by which material expires.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use trent_kms::{Kms, Uses};
use trent_names::{AccountId, KeyArn, Region};
use trent_service::Clock;
use trent_trail::cloudwatch::data::MINUTE;
use trent_trail::cloudwatch::{Data, Series, Statistics};

use super::KeyCounts;

/// How often it is looked whether a minute has begun.
const LOOK: Duration = Duration::from_millis(500);

/// Puts the metrics of the KMS where accounts can read them.
pub(crate) struct Publisher {
    pub(crate) data: Arc<Data>,
    pub(crate) kms: Arc<Kms>,
    pub(crate) keys: Arc<KeyCounts>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Publisher {
    /// Publishes each minute until it is dropped.
    pub(crate) async fn publish_regularly(&self) {
        let (mut under_way, mut last_expirations) = (self.minute(), None);
        loop {
            let minute = self.minute();
            if minute != under_way {
                self.publish_uses(under_way).await;
                under_way = minute;
            }
            // Once the keys are known. They are counted soon after the start.
            if last_expirations != Some(minute) && self.keys.last().is_some() {
                self.publish_expirations(minute).await;
                last_expirations = Some(minute);
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Publishes the uses of the minute that is not over.
    pub(crate) async fn finish(&self) {
        self.publish_uses(self.minute()).await;
    }

    /// The beginning of the present minute, in milliseconds since the Unix epoch.
    fn minute(&self) -> i64 {
        let now = i64::try_from(self.clock.now().as_millis()).unwrap_or(i64::MAX);
        now - now.rem_euclid(MINUTE)
    }

    async fn publish_uses(&self, minute: i64) {
        let kms = Arc::clone(&self.kms);
        // Of very many keys only some are kept: no more is made of a use before that is known.
        let uses = move |data: &Data| data.record(minute, kms.take_uses().map(|uses| successful_requests(&uses)));
        self.record(uses).await;
    }

    async fn publish_expirations(&self, minute: i64) {
        let Some((_, census)) = self.keys.last() else { return };
        let mut values = Vec::new();
        for key in &census.expiring {
            if let Ok(Some(at)) = self.kms.still_expires(key, minute).await {
                let series = series(
                    &key.region,
                    key.account,
                    "SecondsUntilKeyMaterialExpiration",
                    "Seconds",
                    [("KeyId", key.key.to_string())],
                );
                #[expect(clippy::cast_precision_loss, reason = "a date has few seconds")]
                let left = ((at - minute) / 1000) as f64;
                values.push((series, Statistics::one(left)));
            }
        }
        self.record(move |data| data.record(minute, values)).await;
    }

    async fn record(&self, record: impl FnOnce(&Data) -> io::Result<()> + Send + 'static) {
        let data = Arc::clone(&self.data);
        let recorded = tokio::task::spawn_blocking(move || record(&data)).await;
        if let Err(error) = recorded.unwrap_or_else(|error| Err(io::Error::other(error))) {
            tracing::warn!(%error, "a minute of metrics cannot be written down");
        }
    }
}

fn successful_requests(uses: &Uses) -> (Series, Statistics) {
    let arn = KeyArn::new(uses.region.clone(), uses.account, uses.key).to_string();
    let dimensions = [("KeyArn", arn), ("Operation", uses.operation.to_owned())];
    let series = series(&uses.region, uses.account, "SuccessfulRequest", "Count", dimensions);
    (series, Statistics::ones(uses.count))
}

fn series<const N: usize>(
    region: &Region,
    account: AccountId,
    name: &str,
    unit: &str,
    dimensions: [(&str, String); N],
) -> Series {
    Series {
        account: account.to_string(),
        region: region.to_string(),
        namespace: "AWS/KMS".to_owned(),
        name: name.to_owned(),
        dimensions: dimensions.map(|(name, value)| (name.to_owned(), value)).into(),
        unit: unit.to_owned(),
    }
}
