//! The end of a key: at the end of its waiting period everything that there is of it goes away, what finds and permits it
//! first, a few records at a time, and the key with its material last.
//!
//! A crash on the way leaves a key that is past its date, which nobody can use or bring back, and the next runner goes on.

use trent_api::ApiError;
use trent_service::ServiceEvent;
use trent_store::Destroyed;

use super::Step;
use crate::facts::key_changed;
use crate::keys::{Key, KeySpace};

/// How many aliases go in one transaction.
const ALIASES_AT_ONCE: usize = 32;

/// The next step in deleting a key whose waiting period is over.
pub(crate) async fn step(space: &KeySpace, key: &Key, now: i64) -> Result<Step, ApiError> {
    let mut txn = space.store.txn();
    if !key.record.aliases.is_empty() {
        let mut record = key.record.clone();
        for name in key.record.aliases.iter().take(ALIASES_AT_ONCE) {
            txn.remove(&space.alias_address(record.account, name));
            record.aliases.remove(name);
        }
        space.update(&mut txn, key, &record);
        return Ok(Step::silent(txn));
    }
    if space.grants.clear(&mut txn, key).await? {
        KeySpace::require(&mut txn, key);
        return Ok(Step::silent(txn));
    }
    space.remove(&mut txn, key).await?;
    Ok(Step {
        destroys: Some(Destroyed {
            region: space.region().clone(),
            account: key.record.account,
            key: key.record.id,
            at: key.record.deletion_due().unwrap_or(now),
        }),
        ..Step::recorded(txn, deleted(space, key, now))
    })
}

fn deleted(space: &KeySpace, key: &Key, now: i64) -> ServiceEvent {
    ServiceEvent {
        name: "DeleteKey",
        region: space.region().clone(),
        account: key.record.account,
        arn: key.arn.as_str().to_owned(),
        at: now,
        as_call: false,
        on_behalf: None,
        details: None,
        additional: None,
        response: Some(key_changed(key)),
    }
}
