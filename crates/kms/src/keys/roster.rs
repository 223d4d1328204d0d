//! How many customer managed keys an account has, counted so that no two calls can both take the last place.
//!
//! The count is kept in parts, and each change of it writes one of them. While the quota is far away nobody looks at the
//! others more than now and then. Near it a new key has all parts as its precondition, and the calls of this node take
//! turns.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{Mutex as Turn, OwnedMutexGuard};
use trent_names::{AccountId, KeyId};
use trent_store::{RegionStore, RegionTxn, Revision, StoreError};

use crate::records::rosters::{KeyRoster, PARTS, part_address, part_of, parts_of};
use crate::records::{KeyEntry, Manager, entries_of, key_address};

/// How far from the quota all parts become preconditions: more keys than all nodes together make before they look again.
const NEAR: u64 = 1024;

/// How many keys this node makes before it looks at all parts again.
const LOOK_AGAIN: u64 = 64;

/// How many locks of each kind there are for taking turns.
const TURNS: usize = 64;

/// How many entries of keys are counted in one read.
const PAGE: usize = 512;

/// The counts of one Region.
pub(crate) struct Rosters {
    store: RegionStore,
    /// Keys when all parts were looked at last, and keys made since.
    seen: Mutex<HashMap<AccountId, (u64, u64)>>,
    /// For changing one part.
    part_turns: Vec<Arc<Turn<()>>>,
    /// For looking at all of them; taken after that of a part.
    whole_turns: Vec<Arc<Turn<()>>>,
}

/// The turns of a call that makes a key, kept until the call is over.
#[derive(Default)]
pub(crate) struct Turns(Mutex<Vec<OwnedMutexGuard<()>>>);

/// Whether a new key has a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// It has one, and the transaction counts it.
    Taken,
    /// The account has all that it may have.
    None,
}

/// A part as it was read, which need not be there.
struct Part {
    keys: u64,
    revision: Option<Revision>,
}

impl Rosters {
    pub(crate) fn new(store: RegionStore) -> Self {
        Self {
            store,
            seen: Mutex::default(),
            part_turns: (0..TURNS).map(|_| Arc::default()).collect(),
            whole_turns: (0..TURNS).map(|_| Arc::default()).collect(),
        }
    }

    /// How many customer managed keys an account has.
    pub(crate) async fn keys_of(&self, account: AccountId) -> Result<u64, StoreError> {
        let parts = self.parts(account).await?;
        Ok(parts.iter().map(|part| part.keys).sum())
    }

    /// Counts a new key, if the account may have `most` and has fewer.
    pub(crate) async fn enroll(
        &self,
        txn: &mut RegionTxn,
        (account, id): (AccountId, KeyId),
        most: Option<u64>,
        turns: &Turns,
    ) -> Result<Place, StoreError> {
        let part = part_of(id);
        turns.take(lock(&self.part_turns, account, part)).await;
        if let Some(most) = most {
            if !self.is_known_to_be_far_from(account, most) {
                turns.take(lock(&self.whole_turns, account, 0)).await;
                return self.enroll_looking(txn, account, part, most).await;
            }
        } else {
            self.seen.lock().remove(&account);
        }
        let address = part_address(account, part);
        match self.store.get(&address).await? {
            Some(stored) => {
                let keys = stored.value.keys + 1;
                txn.update(&address, &KeyRoster { part, keys }, stored.revision);
                Ok(Place::Taken)
            }
            // Nobody has counted yet.
            None => self.enroll_looking(txn, account, part, most.unwrap_or(u64::MAX)).await,
        }
    }

    /// Counts a key no more, whose record goes in the same transaction.
    pub(crate) async fn strike(&self, txn: &mut RegionTxn, account: AccountId, id: KeyId) -> Result<(), StoreError> {
        let part = part_of(id);
        let address = part_address(account, part);
        match self.store.get(&address).await? {
            Some(stored) => {
                let keys = stored.value.keys.saturating_sub(1);
                txn.update(&address, &KeyRoster { part, keys }, stored.revision);
            }
            // Whoever counts meanwhile would count this one.
            None => {
                txn.require_absent(&address);
            }
        }
        Ok(())
    }

    /// Looks at all parts, and writes the one of the new key.
    async fn enroll_looking(
        &self,
        txn: &mut RegionTxn,
        account: AccountId,
        part: u64,
        most: u64,
    ) -> Result<Place, StoreError> {
        let parts = self.parts(account).await?;
        let keys: u64 = parts.iter().map(|part| part.keys).sum();
        if keys >= most {
            return Ok(Place::None);
        }
        self.note(account, keys);
        // Others may be making keys that these counts do not have, but not that many.
        let is_near = keys.saturating_add(NEAR) >= most;
        for (number, read) in (0..PARTS).zip(&parts) {
            let address = part_address(account, number);
            let is_own = number == part;
            let roster = KeyRoster {
                part: number,
                keys: read.keys + u64::from(is_own),
            };
            match read.revision {
                Some(at) if is_own => {
                    txn.update(&address, &roster, at);
                }
                Some(at) if is_near => {
                    txn.require(&address, at);
                }
                Some(_) => {}
                None => {
                    txn.insert(&address, &roster);
                }
            }
        }
        Ok(Place::Taken)
    }

    /// All parts. Those of an account whose keys nobody has counted yet are counted now.
    async fn parts(&self, account: AccountId) -> Result<Vec<Part>, StoreError> {
        let limit = usize::try_from(PARTS).expect("few parts");
        let page = self.store.range(&parts_of(account), None, limit).await?;
        let mut parts: Vec<Part> = (0..PARTS)
            .map(|_| Part {
                keys: 0,
                revision: None,
            })
            .collect();
        if page.items.is_empty() {
            self.count(account, &mut parts).await?;
            return Ok(parts);
        }
        for (_, stored) in page.items {
            let place = usize::try_from(stored.value.part % PARTS).expect("few parts");
            parts[place] = Part {
                keys: stored.value.keys,
                revision: Some(stored.revision),
            };
        }
        Ok(parts)
    }

    async fn count(&self, account: AccountId, parts: &mut [Part]) -> Result<(), StoreError> {
        let mut after = None;
        loop {
            let page = self.store.range(&entries_of(account), after.as_ref(), PAGE).await?;
            for (_, entry) in &page.items {
                let KeyEntry { id } = entry.value;
                let key = self.store.get(&key_address(account, id)).await?;
                if key.is_some_and(|key| key.value.manager == Manager::Customer) {
                    let place = usize::try_from(part_of(id)).expect("few parts");
                    parts[place].keys += 1;
                }
            }
            after = page.items.into_iter().next_back().map(|(address, _)| address);
            if after.is_none() {
                return Ok(());
            }
        }
    }

    /// Whether there is room for many more, as far as was seen of late. Counts a look that was saved.
    fn is_known_to_be_far_from(&self, account: AccountId, most: u64) -> bool {
        let mut seen = self.seen.lock();
        let Some((keys, made)) = seen.get_mut(&account) else {
            return false;
        };
        *made += 1;
        *made < LOOK_AGAIN && keys.saturating_add(*made).saturating_add(NEAR) < most
    }

    fn note(&self, account: AccountId, keys: u64) {
        let mut seen = self.seen.lock();
        if seen.len() >= 10_000 {
            seen.clear();
        }
        seen.insert(account, (keys, 0));
    }
}

/// One of these locks, as the account and the part have it.
fn lock(locks: &[Arc<Turn<()>>], account: AccountId, part: u64) -> Arc<Turn<()>> {
    let account: u64 = account.as_str().parse().expect("twelve digits");
    let place = (account * PARTS + part) % locks.len() as u64;
    Arc::clone(&locks[usize::try_from(place).expect("few locks")])
}

impl Turns {
    /// Waits for a turn. Whoever waits for that of a part has no other yet, so nobody waits for ever.
    async fn take(&self, lock: Arc<Turn<()>>) {
        let turn = lock.lock_owned().await;
        self.0.lock().push(turn);
    }
}
