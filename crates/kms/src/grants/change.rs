//! Making and removing grants: which records are written, and the quota.

use minicbor::Encode;
use tokio::sync::OwnedMutexGuard;
use trent_api::{ApiError, kms};
use trent_names::{AccountId, KeyId};
use trent_service::internal;
use trent_store::{RegionTxn, Stored};

use super::id::GrantId;
use super::space::{Found, GrantSpace};
use crate::records::grants::{
    Constraints, GrantPlace, GrantPointer, GrantRecord, GrantRoster, GranteeRecord, PartyRecord, Removal,
    RetirableGrant, by_id, by_request, roster_address,
};

/// How many removals a grantee's record lists.
const LISTED: usize = 64;

/// The turn of a call that changes grants, kept until the call is over.
#[derive(Default)]
pub(crate) struct Turn(std::sync::OnceLock<OwnedMutexGuard<()>>);

impl Turn {
    /// Waits for the turn to change a key's grants.
    pub(crate) async fn take(&self, space: &GrantSpace, key: KeyId) {
        // Once a call has the turn it keeps it.
        let _ = self.0.set(space.turn(key).await);
    }
}

/// What makes two requests the same: everything about the grant but its id, its time and its parent.
#[derive(Encode)]
struct Request<'a> {
    #[b(0)]
    name: &'a str,
    #[b(1)]
    grantee: &'a PartyRecord,
    #[b(2)]
    retiring: &'a Option<PartyRecord>,
    #[b(3)]
    issuer: &'a str,
    #[b(4)]
    operations: Vec<&'a str>,
    #[b(5)]
    constraints: &'a Constraints,
}

impl GrantSpace {
    /// The grant that the request for `grant` has made already, if it has a name.
    pub(crate) async fn same(
        &self,
        account: AccountId,
        key: KeyId,
        grant: &GrantRecord,
    ) -> Result<Option<(GrantPlace, GrantId)>, ApiError> {
        let Some(request) = self.request(grant) else {
            return Ok(None);
        };
        let Some(place) = self.pointed_at(&by_request(account, key, &request)).await? else {
            return Ok(None);
        };
        let made = self.store.get(&place.address()).await.map_err(internal)?;
        Ok(made.map(|made| (place, made.value.id)))
    }

    /// Writes a new grant, if the key may have one more; gives its place.
    pub(crate) async fn insert(
        &self,
        txn: &mut RegionTxn,
        (account, key): (AccountId, KeyId),
        grant: &GrantRecord,
        most: Option<u64>,
    ) -> Result<GrantPlace, ApiError> {
        let address = roster_address(account, key);
        let stored = self.store.get(&address).await.map_err(internal)?;
        let before = stored.as_ref().map(|stored| stored.value.clone()).unwrap_or_default();
        if most.is_some_and(|most| before.grants >= most) {
            return Err(kms::error::limit_exceeded(format!(
                "The key has the maximum of {} grants.",
                before.grants
            )));
        }
        let roster = GrantRoster {
            grants: before.grants + 1,
            changes: before.changes + 1,
        };
        match stored {
            Some(stored) => txn.update(&address, &roster, stored.revision),
            None => txn.insert(&address, &roster),
        };
        let place = GrantPlace {
            account,
            key,
            grantee: self.digest(grant.grantee.identity()).into(),
            number: roster.changes,
        };
        self.add_to_grantee(txn, &place).await?;
        txn.insert(&place.address(), grant);
        txn.insert(&by_id(account, key, grant.id), &GrantPointer { place });
        if let Some(request) = self.request(grant) {
            // A pointer that is left behind leads nowhere.
            txn.put(&by_request(account, key, &request), &GrantPointer { place });
        }
        if let Some(retiring) = &grant.retiring {
            let address = place.retirable_address(&self.digest(retiring.identity()));
            txn.insert(&address, &RetirableGrant { place });
        }
        Ok(place)
    }

    async fn add_to_grantee(&self, txn: &mut RegionTxn, place: &GrantPlace) -> Result<(), ApiError> {
        let address = place.grantee_address();
        if let Some(stored) = self.store.get(&address).await.map_err(internal)? {
            let grantee = GranteeRecord {
                grants: stored.value.grants + 1,
                last: place.number,
                ..stored.value
            };
            txn.update(&address, &grantee, stored.revision);
        } else {
            let grantee = GranteeRecord {
                grants: 1,
                last: place.number,
                removed: Vec::new(),
                forgotten: place.number - 1,
            };
            txn.insert(&address, &grantee);
        }
        Ok(())
    }

    /// Removes a grant with all that finds it.
    pub(crate) async fn remove(&self, txn: &mut RegionTxn, found: &Found) -> Result<(), ApiError> {
        let Found { place, grant } = found;
        let (account, key) = (place.account, place.key);
        let address = roster_address(account, key);
        let stored = self.store.get(&address).await.map_err(internal)?;
        let Some(stored) = stored else {
            return Err(internal("a key has a grant and no roster"));
        };
        let roster = GrantRoster {
            grants: stored.value.grants.saturating_sub(1),
            changes: stored.value.changes + 1,
        };
        txn.update(&address, &roster, stored.revision);
        self.remove_from_grantee(txn, place, roster.changes).await?;
        txn.delete(&place.address(), grant.revision);
        txn.remove(&by_id(account, key, grant.value.id));
        if let Some(request) = self.request(&grant.value) {
            txn.remove(&by_request(account, key, &request));
        }
        if let Some(retiring) = &grant.value.retiring {
            txn.remove(&place.retirable_address(&self.digest(retiring.identity())));
        }
        Ok(())
    }

    async fn remove_from_grantee(&self, txn: &mut RegionTxn, place: &GrantPlace, change: u64) -> Result<(), ApiError> {
        let address = place.grantee_address();
        let stored = self.store.get(&address).await.map_err(internal)?;
        let Some(Stored {
            mut value, revision, ..
        }) = stored
        else {
            return Err(internal("a principal has a grant and no record of having any"));
        };
        value.grants = value.grants.saturating_sub(1);
        if value.grants == 0 {
            txn.delete(&address, revision);
            return Ok(());
        }
        value.last = change;
        value.removed.push(Removal {
            change,
            grant: place.number,
        });
        if value.removed.len() > LISTED {
            value.forgotten = value.removed.remove(0).change;
        }
        txn.update(&address, &value, revision);
        Ok(())
    }

    /// The digest of the request that makes a grant; none without a name, when every request makes one.
    fn request(&self, grant: &GrantRecord) -> Option<[u8; 32]> {
        let request = Request {
            name: grant.name.as_deref()?,
            grantee: &grant.grantee,
            retiring: &grant.retiring,
            issuer: grant.issuer.as_str(),
            operations: grant.operations.iter().map(|operation| operation.as_str()).collect(),
            constraints: &grant.constraints,
        };
        let request = minicbor::to_vec(request).expect("encoding derived values into memory cannot fail");
        Some(self.store.blind::<GrantPointer>(&request))
    }
}
