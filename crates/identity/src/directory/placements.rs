//! The places of accounts in their organization, put together from records that are in memory.

use std::sync::Arc;

use quick_cache::sync::Cache;
use trent_names::AccountId;
use trent_store::{CacheCounts, ObjectCache, Sealed, StoreError, Stored};

use super::records::account_key;
use super::{CACHED, Directory, State};
use crate::document::Document;
use crate::organization::placement::{FULL_ACCESS, MOST_UNITS, RESOURCE_FULL_ACCESS};
use crate::organization::records::{
    AttachedControls, ControlKind, ControlPolicyRecord, ControlReference, Membership, UnitRecord, policy_key, unit_key,
};
use crate::organization::{ControlLevel, ControlPolicy, Placement};

/// The document of `FullAWSAccess`.
const EVERYTHING: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;

/// The document of `RCPFullAWSAccess`.
const EVERYBODY: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#;

/// What is in memory of organizations.
pub(super) struct Placements {
    units: ObjectCache<UnitRecord, UnitRecord>,
    policies: ObjectCache<ControlPolicyRecord, KnownControl>,
    /// Places as they were put together, each good for the state of the directory that it was read in.
    places: Cache<AccountId, (State, Arc<Placement>)>,
    full_access: ControlPolicy,
    resource_full_access: ControlPolicy,
}

/// A control policy in memory.
struct KnownControl {
    edition: u64,
    document: Arc<Document>,
}

impl Placements {
    pub(super) fn new(sealed: &Sealed) -> Self {
        let builtin = |name: &str, kind, text: &str| ControlPolicy {
            name: name.into(),
            kind,
            document: Arc::new(Document::new(text)),
        };
        Self {
            units: ObjectCache::new(sealed, CACHED, |stored: Stored<UnitRecord>| stored.value),
            policies: ObjectCache::new(sealed, CACHED, |stored: Stored<ControlPolicyRecord>| KnownControl {
                edition: stored.value.edition,
                document: Arc::new(Document::new(stored.value.document)),
            }),
            places: Cache::new(CACHED),
            full_access: builtin(FULL_ACCESS, ControlKind::Service, EVERYTHING),
            resource_full_access: builtin(RESOURCE_FULL_ACCESS, ControlKind::Resource, EVERYBODY),
        }
    }

    /// Changes to any of it, counted.
    pub(super) fn changes(&self) -> Option<u64> {
        Some(self.units.changes()? + self.policies.changes()?)
    }

    /// What was counted of the caches.
    pub(super) fn counts(&self) -> CacheCounts {
        self.units.counts() + self.policies.counts()
    }
}

impl Directory {
    /// Where an account stands in its organization; `None` if it is in none.
    pub async fn placement(&self, account: AccountId) -> Result<Option<Arc<Placement>>, StoreError> {
        // Read before anything else is: what is put together now is good for this state.
        let state = self.state();
        let known = self.accounts.get(&self.store, &account_key(account)).await?;
        let Some(membership) = known.as_ref().and_then(|known| known.membership.as_ref()) else {
            return Ok(None);
        };
        let kept = self.placements.places.get(&account);
        if let (Some((then, place)), Some(now)) = (kept, state)
            && then == now
        {
            return Ok(Some(place));
        }
        let place = Arc::new(self.place(account, membership).await?);
        if let Some(state) = state {
            self.placements.places.insert(account, (state, Arc::clone(&place)));
        }
        Ok(Some(place))
    }

    async fn place(&self, account: AccountId, membership: &Membership) -> Result<Placement, StoreError> {
        let mut levels = Levels::default();
        self.level(&mut levels, account.as_str(), &membership.attached).await?;
        let (mut above, mut ids) = (Some(membership.parent.clone()), Vec::new());
        while let Some(id) = above.take() {
            let unit = self.placements.units.get(&self.store, &unit_key(&id)).await?;
            let unit = unit.filter(|unit| unit.organization == membership.organization && ids.len() < MOST_UNITS);
            let Some(unit) = unit else {
                levels.withhold(&id);
                break;
            };
            self.level(&mut levels, &id, &unit.attached).await?;
            ids.push(id);
            above.clone_from(&unit.parent);
        }
        ids.reverse();
        levels.service.reverse();
        levels.resource.reverse();
        if membership.management {
            levels = Levels::default();
        }
        let path = format!("{}/{}/", membership.organization, ids.join("/"));
        Ok(Placement {
            paths: [path],
            organization: membership.organization.clone(),
            service_control: levels.service,
            resource_control: levels.resource,
        })
    }

    async fn level(&self, levels: &mut Levels, target: &str, attached: &AttachedControls) -> Result<(), StoreError> {
        let mut service = Vec::new();
        if attached.full_access {
            service.push(self.placements.full_access.clone());
        }
        let mut resource = vec![self.placements.resource_full_access.clone()];
        for (kind, policies) in [
            (ControlKind::Service, &mut service),
            (ControlKind::Resource, &mut resource),
        ] {
            for reference in attached.of(kind) {
                policies.push(self.control(kind, reference).await?);
            }
        }
        let level = |policies| ControlLevel {
            target: target.to_owned(),
            policies,
        };
        levels.service.push(level(service));
        levels.resource.push(level(resource));
        Ok(())
    }

    /// The policy that a reference names, or one that denies everything.
    async fn control(&self, kind: ControlKind, reference: &ControlReference) -> Result<ControlPolicy, StoreError> {
        let name = reference.name.as_str();
        let key = policy_key(&self.store, kind, name);
        let known = self.placements.policies.get(&self.store, &key).await?;
        let known = known.filter(|known| known.edition >= reference.edition);
        Ok(known.map_or_else(
            || ControlPolicy::withheld(kind, name),
            |known| ControlPolicy {
                name: name.into(),
                kind,
                document: Arc::clone(&known.document),
            },
        ))
    }
}

/// Levels from the account upwards.
#[derive(Default)]
struct Levels {
    service: Vec<ControlLevel>,
    resource: Vec<ControlLevel>,
}

impl Levels {
    /// In the place of a unit that is listed and that the store does not give.
    fn withhold(&mut self, target: &str) {
        for (kind, levels) in [
            (ControlKind::Service, &mut self.service),
            (ControlKind::Resource, &mut self.resource),
        ] {
            levels.push(ControlLevel {
                target: target.to_owned(),
                policies: vec![ControlPolicy::withheld(kind, target)],
            });
        }
    }
}
