//! The keys: how many there are in each state, and how soon imported material expires.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use trent_api::ApiError;
use trent_kms::{Census, Kms};
use trent_service::{Clock, SystemClock};

use super::family::Family;

/// Between two countings of all keys lies so many times the time that one takes, so that they take a fiftieth of a processor.
const REST: u32 = 50;

/// And at least this long.
const SHORTEST_REST: Duration = Duration::from_secs(5);

/// How many keys with material that expires are listed, those first whose material expires first: the list must not grow
/// with the keys.
const LISTED: usize = 1000;

/// The keys as they were counted last.
#[derive(Default)]
pub(crate) struct KeyCounts(Mutex<Option<(Duration, Arc<Census>)>>);

impl KeyCounts {
    /// Counts all keys now and then until it is dropped.
    pub(crate) async fn count_regularly(&self, kms: &Kms) {
        loop {
            let began = Instant::now();
            match self.count(kms).await {
                Ok(census) => {
                    let counted = (SystemClock.now(), census);
                    *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(counted);
                }
                Err(error) => tracing::warn!(%error, "cannot count the keys"),
            }
            tokio::time::sleep((began.elapsed() * REST).max(SHORTEST_REST)).await;
        }
    }

    /// Counts all keys, unless none has changed since they were counted.
    async fn count(&self, kms: &Kms) -> Result<Arc<Census>, ApiError> {
        match self.last() {
            Some((_, census)) if kms.is_current(&census) => Ok(census),
            _ => kms.count_keys().await.map(Arc::new),
        }
    }

    /// When the keys were counted, since the Unix epoch, and what was found.
    pub(crate) fn last(&self) -> Option<(Duration, Arc<Census>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The families of the keys; `now` by the policy clock.
pub(super) async fn families(counts: &KeyCounts, kms: &Kms, now: Duration) -> [Family; 4] {
    let mut keys = Family::gauges("keys", "Keys, by Region and state, when they were counted last");
    let mut scheduled = Family::gauges(
        "keys_scheduled",
        "Keys to which something is going to be done by itself, such as a rotation, when they were counted last",
    );
    let mut counted = Family::gauges(
        "keys_counted_timestamp_seconds",
        "When the keys were counted last, since the Unix epoch in seconds",
    );
    let mut expiring = Family::gauges(
        "key_material_expiration_seconds",
        "Seconds until imported key material expires, of the thousand keys whose material expires first",
    );
    if let Some((at, census)) = counts.last() {
        counted.seconds(Vec::new(), at);
        for ((region, state), number) in &census.keys {
            let labels = vec![("region", region.to_string()), ("state", (*state).to_owned())];
            keys.level(labels, i64::try_from(*number).unwrap_or(i64::MAX));
        }
        for (region, number) in &census.scheduled {
            let labels = vec![("region", region.to_string())];
            scheduled.level(labels, i64::try_from(*number).unwrap_or(i64::MAX));
        }
        let now = i64::try_from(now.as_millis()).unwrap_or(i64::MAX);
        let mut first: Vec<_> = census.expiring.iter().collect();
        first.sort_by_key(|expiring| expiring.at);
        for key in first.into_iter().take(LISTED) {
            if let Ok(Some(at)) = kms.still_expires(key, now).await {
                let labels = vec![
                    ("region", key.region.to_string()),
                    ("account", key.account.to_string()),
                    ("key_id", key.key.to_string()),
                ];
                expiring.level(labels, (at - now) / 1000);
            }
        }
    }
    [keys, scheduled, counted, expiring]
}
