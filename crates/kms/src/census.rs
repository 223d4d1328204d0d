//! How many keys there are, and in which states: counted by going through all of them now and then, a page at a time, so that
//! nobody who uses a key waits for it.

use std::collections::BTreeMap;
use std::time::Duration;

use trent_api::ApiError;
use trent_names::{AccountId, KeyId, Region};
use trent_service::internal;
use trent_store::{CacheCounts, Key as Address};

use crate::Kms;
use crate::keys::KeySpace;
use crate::records::KeyRecord;
use crate::state::KeyState;

/// How many keys are looked at in one read.
const PAGE: usize = 256;

/// How long the counting rests between two reads: whoever has work to do comes first.
const REST: Duration = Duration::from_millis(2);

/// How many keys with material that expires are remembered in each Region, those first whose material expires first.
const EXPIRING: usize = 10_000;

/// The keys as they were when they were counted.
#[derive(Debug, Clone, Default)]
pub struct Census {
    /// How many keys of each Region are in each state.
    pub keys: BTreeMap<(Region, &'static str), u64>,
    /// To how many keys something is going to be done by itself.
    pub scheduled: BTreeMap<Region, u64>,
    /// Keys with material that is going to expire.
    pub expiring: Vec<Expiring>,
    /// How many changes of keys there had been when the counting began.
    changes: Option<u64>,
}

/// A key with material that is going to expire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expiring {
    /// The Region.
    pub region: Region,
    /// The account that owns the key.
    pub account: AccountId,
    /// The key.
    pub key: KeyId,
    /// When the first of its materials expires, in milliseconds since the Unix epoch.
    pub at: i64,
}

impl Kms {
    /// Counts the keys.
    pub async fn count_keys(&self) -> Result<Census, ApiError> {
        let mut census = Census {
            changes: self.key_changes(),
            ..Census::default()
        };
        for space in self.spaces() {
            count(space, &mut census).await?;
        }
        Ok(census)
    }

    /// Whether no key has changed since the counting began. Where that is not known, one may have.
    pub fn is_current(&self, census: &Census) -> bool {
        let changes = self.key_changes();
        changes.is_some() && census.changes == changes
    }

    fn key_changes(&self) -> Option<u64> {
        self.spaces().map(KeySpace::key_changes).sum()
    }

    /// When the material of a key is going to expire that did when the keys were counted, in milliseconds since the Unix
    /// epoch. None: it no longer will, or is gone by `now`.
    pub async fn still_expires(&self, expiring: &Expiring, now: i64) -> Result<Option<i64>, ApiError> {
        let Some(space) = self.served(&expiring.region) else {
            return Ok(None);
        };
        let key = space.key(expiring.account, expiring.key).await?;
        Ok(key.and_then(|key| key.record.expiry_due()).filter(|at| now < *at))
    }

    /// What was counted of the caches, by what they hold.
    pub fn caches(&self) -> [(&'static str, CacheCounts); 3] {
        let sum = |of: fn(&KeySpace) -> CacheCounts| {
            let counts = self.spaces().map(of);
            counts.fold(CacheCounts::default(), |sum, counts| sum + counts)
        };
        [
            ("keys", sum(KeySpace::cached_keys)),
            ("aliases", sum(KeySpace::cached_aliases)),
            ("grants", sum(|space| space.grants.cached())),
        ]
    }
}

async fn count(space: &KeySpace, census: &mut Census) -> Result<(), ApiError> {
    let region = space.region();
    for state in KeyState::ALL {
        census.keys.insert((region.clone(), state.on_the_wire().as_str()), 0);
    }
    let (mut scheduled, mut expiring, mut after) = (0, Vec::new(), None);
    loop {
        let page = space
            .store
            .range(&Address::<KeyRecord>::new(), after.as_ref(), PAGE)
            .await;
        let page = page.map_err(internal)?;
        for (_, stored) in &page.items {
            let record = &stored.value;
            let state = (region.clone(), record.state.on_the_wire().as_str());
            *census.keys.entry(state).or_default() += 1;
            scheduled += u64::from(record.due().is_some());
            expiring.extend(record.expiry_due().map(|at| Expiring {
                region: region.clone(),
                account: record.account,
                key: record.id,
                at,
            }));
        }
        if expiring.len() > 2 * EXPIRING {
            keep_the_first(&mut expiring);
        }
        after = page.items.into_iter().next_back().map(|(address, _)| address);
        if !page.more {
            break;
        }
        tokio::time::sleep(REST).await;
    }
    keep_the_first(&mut expiring);
    census.scheduled.insert(region.clone(), scheduled);
    census.expiring.append(&mut expiring);
    Ok(())
}

/// Keeps those that expire first, as many as are remembered.
fn keep_the_first(expiring: &mut Vec<Expiring>) {
    expiring.sort_unstable_by_key(|expiring| expiring.at);
    expiring.truncate(EXPIRING);
}
