//! The schedule held against the keys: an entry that is no key's goes, and a key that lacks its own gets it.
//!
//! Every write of a key's record keeps its entry in step. This is for what came about otherwise: keys from before there was a
//! schedule, such as those of services, which nobody ever changes; and whatever a restore has put together.

use trent_store::{Job, Jobs, Key as Address, RegionTxn, StoreError};

use crate::keys::{Key, KeySpace};
use crate::records::{KeyRecord, key_address, subject_parts};

/// How many keys are looked at in one read.
const PAGE: usize = 256;

/// What takes an entry away that is not that of the key it names, as the store has the key now. None if it is.
pub(super) fn without_stale(space: &KeySpace, key: Option<&Key>, job: &Job) -> Option<RegionTxn> {
    let mut txn = space.store.txn();
    match key {
        Some(key) if key.record.job().as_ref() == Some(job) => return None,
        Some(key) => KeySpace::require(&mut txn, key),
        None => {
            let (account, id) = subject_parts(&job.subject)?;
            txn.require_absent(&key_address(account, id));
        }
    }
    job.unschedule(&mut txn);
    Some(txn)
}

/// Entries that are missing.
pub(super) struct Missing {
    /// What adds them, one by one, provided that their keys have not changed.
    pub(super) entries: Vec<RegionTxn>,
    /// The last key that was looked at, if there are more behind it.
    pub(super) last: Option<Address<KeyRecord>>,
}

/// The entries that are missing for the next keys behind one.
pub(super) async fn missing(
    space: &KeySpace,
    jobs: &Jobs,
    after: Option<&Address<KeyRecord>>,
) -> Result<Missing, StoreError> {
    let page = space.store.range(&Address::new(), after, PAGE).await?;
    let mut entries = Vec::new();
    for (address, stored) in &page.items {
        let Some(job) = stored.value.job() else { continue };
        if !jobs.has(&job).await? {
            let mut txn = space.store.txn();
            txn.require(address, stored.revision);
            job.schedule(&mut txn);
            entries.push(txn);
        }
    }
    let last = page.items.into_iter().next_back().map(|(address, _)| address);
    Ok(Missing {
        entries,
        last: last.filter(|_| page.more),
    })
}
