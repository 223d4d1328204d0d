//! The grants of one Region: what of them is kept in memory, and how they are found.
//!
//! For a key without grants a request asks one cache at most, and remembers with the key that there are none. For any other it asks one more for each way in which
//! its caller may be a grantee, and holds on to what there is.

use std::sync::Arc;

use quick_cache::sync::Cache;
use smallvec::SmallVec;
use tokio::sync::{Mutex, OwnedMutexGuard};
use trent_api::ApiError;
use trent_keystore::Keystore;
use trent_names::{AccountId, KeyId};
use trent_service::internal;
use trent_store::{CacheCounts, Key, ObjectCache, RegionStore, Sealed, Seen, Stored};

use super::holdings::Holdings;
use super::id::GrantId;
use super::party::Form;
use super::token;
use super::usable::{Lent, Usable};
use crate::records::grants::{
    GrantPlace, GrantPointer, GrantRecord, GrantRoster, GranteeRecord, by_id, roster_address,
};

/// How many grantees a Region keeps in memory.
const CACHED: usize = 16_384;

/// How many changes of grants can be under way at once, those of one key one after the other.
const TURNS: usize = 64;

/// A grant, and where it is.
pub struct Found {
    /// Where.
    pub(crate) place: GrantPlace,
    /// The grant.
    pub(crate) grant: Stored<GrantRecord>,
}

/// The grants of a Region.
pub struct GrantSpace {
    pub(super) store: RegionStore,
    rosters: ObjectCache<GrantRoster, GrantRoster>,
    grantees: ObjectCache<GranteeRecord, GranteeRecord>,
    holdings: Cache<Vec<u8>, Arc<Holdings>>,
    /// The digests of principals that asked of late: making one takes longer than all else about a caller without grants.
    digests: Cache<String, [u8; 32]>,
    turns: Vec<Arc<Mutex<()>>>,
}

impl GrantSpace {
    /// The grants in the store of a Region.
    pub(crate) fn new(sealed: &Sealed, store: RegionStore) -> Self {
        Self {
            store,
            // One for each key that is kept: most are known to have no grants.
            rosters: ObjectCache::new(sealed, crate::keys::CACHED, |stored: Stored<GrantRoster>| stored.value),
            grantees: ObjectCache::new(sealed, CACHED, |stored: Stored<GranteeRecord>| stored.value),
            holdings: Cache::new(CACHED),
            digests: Cache::new(CACHED),
            turns: (0..TURNS).map(|_| Arc::default()).collect(),
        }
    }

    /// What was counted of the caches of who has grants.
    pub(crate) fn cached(&self) -> CacheCounts {
        self.rosters.counts() + self.grantees.counts()
    }

    /// The digest that a principal's grants are kept under.
    pub(crate) fn digest(&self, identity: &str) -> [u8; 32] {
        if let Some(digest) = self.digests.get(identity) {
            return digest;
        }
        let digest = self.store.blind::<GrantRecord>(identity.as_bytes());
        self.digests.insert(identity.to_owned(), digest);
        digest
    }

    /// The grants on a key that a caller of these forms has, as this node knows them. The forms are asked for only if the
    /// key has grants at all; that it has none is remembered with the key, in `ungranted`.
    pub(crate) async fn usable<F: AsRef<[Form]>>(
        &self,
        account: AccountId,
        key: KeyId,
        ungranted: &Seen,
        forms: impl FnOnce() -> F,
    ) -> Result<Usable, ApiError> {
        // Before the roster is looked for: a change in between makes what is remembered of it worthless at once.
        let changes = self.rosters.changes();
        if ungranted.holds(changes) {
            return Ok(Usable::default());
        }
        let roster = self.rosters.get(&self.store, &roster_address(account, key)).await;
        if roster.map_err(internal)?.is_none_or(|roster| roster.grants == 0) {
            ungranted.at(changes);
            return Ok(Usable::default());
        }
        let mut lent = SmallVec::new();
        for form in forms().as_ref() {
            let place = GrantPlace {
                account,
                key,
                grantee: self.digest(&form.identity).into(),
                number: 0,
            };
            let address = place.grantee_address();
            let Some(grantee) = self.grantees.get(&self.store, &address).await.map_err(internal)? else {
                continue;
            };
            let holdings = self.holdings_of(&address);
            holdings.fill(&self.store, &place, &grantee).await.map_err(internal)?;
            lent.push(Lent {
                grantee: form.grantee,
                holdings,
                limit: grantee.last,
            });
        }
        Ok(Usable::of(lent))
    }

    fn holdings_of(&self, address: &Key<GranteeRecord>) -> Arc<Holdings> {
        let made = self
            .holdings
            .get_or_insert_with(address.as_bytes(), || Ok::<_, std::convert::Infallible>(Arc::default()));
        made.unwrap_or_else(|never| match never {})
    }

    /// The grant with this id on a key, as the store has it now.
    pub(crate) async fn by_id(&self, account: AccountId, key: KeyId, id: GrantId) -> Result<Option<Found>, ApiError> {
        match self.pointed_at(&by_id(account, key, id)).await? {
            Some(place) => self.at(place, id).await,
            None => Ok(None),
        }
    }

    /// Where a pointer leads, if it is there.
    pub(super) async fn pointed_at(&self, pointer: &Key<GrantPointer>) -> Result<Option<GrantPlace>, ApiError> {
        let pointer = self.store.get(pointer).await.map_err(internal)?;
        Ok(pointer.map(|pointer| pointer.value.place))
    }

    /// The grant of a token, as the store has it now. One that was removed is gone whatever token comes.
    pub(crate) async fn of_token(&self, keystore: &dyn Keystore, token: &str) -> Result<Found, ApiError> {
        let (place, id) = token::open(keystore, self.store.region(), token).await?;
        self.at(place, id).await?.ok_or_else(token::invalid)
    }

    /// The grant that is at a place, if it is the one that is meant.
    async fn at(&self, place: GrantPlace, id: GrantId) -> Result<Option<Found>, ApiError> {
        let stored = self.store.get(&place.address()).await.map_err(internal)?;
        let grant = stored.filter(|stored| stored.value.id == id);
        Ok(grant.map(|grant| Found { place, grant }))
    }

    /// Waits until no other change of a key's grants is under way on this node: each writes the key's roster, so they
    /// would only undo each other's work.
    pub(crate) async fn turn(&self, key: KeyId) -> OwnedMutexGuard<()> {
        let [.., last] = key.as_bytes();
        Arc::clone(&self.turns[usize::from(last) % TURNS]).lock_owned().await
    }
}
