//! The end of imported material: at the date that its owner set, it goes and the key stays.

use trent_audit::json::Object;
use trent_service::ServiceEvent;

use super::Step;
use crate::keys::{Key, KeySpace};

/// The step that drops what has expired by `now`, in milliseconds since the Unix epoch.
pub(crate) fn step(space: &KeySpace, key: &Key, now: i64) -> Option<Step> {
    let mut record = key.record.clone();
    record.expire(now).then_some(())?;
    let mut txn = space.store.txn();
    space.update(&mut txn, key, &record);
    Some(Step::recorded(txn, expired(space, key, now)))
}

fn expired(space: &KeySpace, key: &Key, now: i64) -> ServiceEvent {
    let mut details = Object::new();
    details.string("keyId", &key.record.id.to_string());
    ServiceEvent {
        name: "DeleteExpiredKeyMaterial",
        region: space.region().clone(),
        account: key.record.account,
        arn: key.arn.as_str().to_owned(),
        at: now,
        as_call: false,
        on_behalf: None,
        details: Some(details.finish()),
        additional: None,
        response: None,
    }
}
