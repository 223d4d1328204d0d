//! Removing the grants of a key that is deleted: all of them, a few at a time.

use trent_api::ApiError;
use trent_service::internal;
use trent_store::RegionTxn;

use super::space::GrantSpace;
use crate::keys::Key;
use crate::records::grants::{by_id, grantees_of, grants_on, requests_of, roster_address};

/// How many records go in one transaction.
const AT_ONCE: usize = 16;

impl GrantSpace {
    /// Removes some of what there is about the grants of a key. False: there is nothing left.
    pub(crate) async fn clear(&self, txn: &mut RegionTxn, key: &Key) -> Result<bool, ApiError> {
        let (account, id) = (key.record.account, key.record.id);
        let grants = self.store.range(&grants_on(account, id), None, AT_ONCE).await;
        let grants = grants.map_err(internal)?.items;
        if !grants.is_empty() {
            for (address, grant) in grants {
                txn.delete(&address, grant.revision);
                txn.remove(&by_id(account, id, grant.value.id));
                if let Some(retiring) = &grant.value.retiring
                    && let Some(place) = self.pointed_at(&by_id(account, id, grant.value.id)).await?
                {
                    txn.remove(&place.retirable_address(&self.digest(retiring.identity())));
                }
            }
            return Ok(true);
        }
        let requests = self.store.range(&requests_of(account, id), None, AT_ONCE).await;
        let requests = requests.map_err(internal)?.items;
        let grantees = self.store.range(&grantees_of(account, id), None, AT_ONCE).await;
        let grantees = grantees.map_err(internal)?.items;
        let some = !(requests.is_empty() && grantees.is_empty());
        for (address, pointer) in requests {
            txn.delete(&address, pointer.revision);
        }
        for (address, grantee) in grantees {
            txn.delete(&address, grantee.revision);
        }
        if !some {
            txn.remove(&roster_address(account, id));
        }
        Ok(some)
    }
}
