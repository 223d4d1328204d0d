//! The holder of an active access key as a caller.

use trent_names::Region;
use trent_store::StoreError;

use crate::caller::{Caller, Identity, PrincipalKind};
use crate::directory::{Directory, Live, Party};

impl Directory {
    /// Whoever has the access key `id`, calling a service in a Region. `live` is the party as it is now; `None` if
    /// parties of its kind have no access keys.
    pub(crate) async fn holder(
        &self,
        id: &str,
        region: Region,
        service: &str,
        party: &Party,
        live: &Live,
    ) -> Result<Option<Caller>, StoreError> {
        let root = Caller::root(party.account, id, region, service);
        let entitlements = self.entitlements_of(party.account, live).await?;
        let (Live::User(user), Some(unique_id)) = (live, &party.id) else {
            let root = Caller::from(Identity {
                entitlements,
                ..Identity::clone(&root)
            });
            return Ok(matches!(live, Live::Root).then_some(root));
        };
        Ok(Some(Caller::from(Identity {
            principal: user.arn(root.region.partition(), party.account),
            is_root: false,
            kind: PrincipalKind::User,
            unique_id: unique_id.to_string(),
            entitlements,
            ..Identity::clone(&root)
        })))
    }
}
