//! Users, groups, roles and policies in memory, and who of them is there now.

use std::sync::Arc;

use trent_names::{AccountId, Partition, PrincipalArn};
use trent_store::{CacheCounts, ObjectCache, Sealed, StoreError, Stored};

use super::builtin::BUILTIN_POLICIES;
use super::principals::{
    GroupRecord, Named, PolicyRecord, PolicyReference, ProviderRecord, RoleRecord, Tag, UserRecord,
};
use super::records::{AccessKeyEntry, AccessKeyStatus, account_key};
use super::{CACHED, Directory, EntityError};
use crate::document::Document;
use crate::entitlements::{Entitlements, Holdings, KnownPolicies};
use crate::rules::PolicyArn;
use crate::trust::TrustPolicy;
use crate::unique_id::{IdKind, UniqueId};

/// The caches of everything that is not an account or an access key.
pub(super) struct Caches {
    users: ObjectCache<UserRecord, KnownUser>,
    groups: ObjectCache<GroupRecord, KnownGroup>,
    roles: ObjectCache<RoleRecord, KnownRole>,
    policies: ObjectCache<PolicyRecord, KnownPolicy>,
    providers: ObjectCache<ProviderRecord, KnownProvider>,
    builtin: Vec<(&'static str, Arc<KnownPolicy>)>,
}

/// A user in memory.
pub(crate) struct KnownUser {
    name: Arc<str>,
    path: Arc<str>,
    policies: KnownPolicies,
    boundary: Option<PolicyReference>,
    groups: Vec<UniqueId>,
    tags: Vec<Tag>,
    access_keys: Vec<AccessKeyEntry>,
    sessions_valid_after: Option<u64>,
}

/// A group in memory.
pub(crate) struct KnownGroup {
    pub(crate) name: Arc<str>,
    pub(crate) policies: KnownPolicies,
}

/// A role in memory.
pub(crate) struct KnownRole {
    name: Arc<str>,
    path: Arc<str>,
    policies: KnownPolicies,
    boundary: Option<PolicyReference>,
    pub(crate) tags: Vec<Tag>,
    pub(crate) trust: TrustPolicy,
    pub(crate) max_session_seconds: u32,
    sessions_valid_after: Option<u64>,
}

/// A managed policy in memory: the version in force.
pub(crate) struct KnownPolicy {
    name: Box<str>,
    path: Box<str>,
    pub(crate) edition: u64,
    pub(crate) document: Arc<Document>,
}

/// An OIDC provider in memory.
pub(crate) struct KnownProvider {
    sessions_valid_after: Option<u64>,
}

/// Somebody by account and unique id: the account's root user if there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// The account.
    pub account: AccountId,
    /// The unique id of a user, a role or an OIDC provider.
    pub id: Option<UniqueId>,
}

/// A party that is there now, in an account that is not suspended.
#[derive(Clone)]
pub(crate) enum Live {
    Root,
    User(Arc<KnownUser>),
    Role(Arc<KnownRole>),
    Provider(Arc<KnownProvider>),
}

impl Caches {
    pub(super) fn new(sealed: &Sealed) -> Self {
        let builtin = BUILTIN_POLICIES.iter().map(|policy| {
            let known = KnownPolicy {
                name: policy.name.into(),
                path: policy.path.into(),
                edition: policy.edition,
                document: Arc::new(Document::new(policy.document)),
            };
            (policy.name, Arc::new(known))
        });
        Self {
            users: ObjectCache::new(sealed, CACHED, |stored: Stored<UserRecord>| {
                let user = stored.value;
                KnownUser {
                    name: user.name.into(),
                    path: user.path.into(),
                    policies: KnownPolicies::new(user.policies),
                    boundary: user.boundary,
                    groups: user.groups,
                    tags: user.tags,
                    access_keys: user.access_keys,
                    sessions_valid_after: user.sessions_valid_after,
                }
            }),
            groups: ObjectCache::new(sealed, CACHED, |stored: Stored<GroupRecord>| KnownGroup {
                name: stored.value.name.into(),
                policies: KnownPolicies::new(stored.value.policies),
            }),
            roles: ObjectCache::new(sealed, CACHED, |stored: Stored<RoleRecord>| {
                let role = stored.value;
                KnownRole {
                    name: role.name.into(),
                    path: role.path.into(),
                    policies: KnownPolicies::new(role.policies),
                    boundary: role.boundary,
                    tags: role.tags,
                    trust: TrustPolicy::new(role.trust_policy, role.trust_bindings),
                    max_session_seconds: role.max_session_seconds,
                    sessions_valid_after: role.sessions_valid_after,
                }
            }),
            policies: ObjectCache::new(sealed, CACHED, |stored: Stored<PolicyRecord>| {
                let policy = stored.value;
                let in_force = policy
                    .in_force()
                    .map(|version| Document::new(version.document.as_str()));
                KnownPolicy {
                    document: Arc::new(in_force.unwrap_or_else(Document::withheld)),
                    name: policy.name.into(),
                    path: policy.path.into(),
                    edition: policy.edition,
                }
            }),
            providers: ObjectCache::new(sealed, CACHED, |stored: Stored<ProviderRecord>| KnownProvider {
                sessions_valid_after: stored.value.sessions_valid_after,
            }),
            builtin: builtin.collect(),
        }
    }

    /// Changes to any of it, counted. Each of the counts only grows, so equal sums are equal counts.
    pub(super) fn changes(&self) -> Option<u64> {
        let (users, groups) = (self.users.changes()?, self.groups.changes()?);
        let (roles, policies) = (self.roles.changes()?, self.policies.changes()?);
        Some(users + groups + roles + policies + self.providers.changes()?)
    }

    /// What was counted of the caches.
    pub(super) fn counts(&self) -> CacheCounts {
        let principals = self.users.counts() + self.groups.counts() + self.roles.counts();
        principals + self.policies.counts() + self.providers.counts()
    }
}

impl KnownUser {
    /// Whether one of the user's access keys signs requests.
    pub(crate) fn admits(&self, id: &str, serial: u64) -> bool {
        self.access_keys.iter().any(|entry| entry.admits(id, serial))
    }

    pub(crate) fn arn(&self, partition: Partition, account: AccountId) -> PrincipalArn {
        PrincipalArn::User {
            partition,
            account,
            path: Arc::clone(&self.path),
            name: Arc::clone(&self.name),
        }
    }
}

impl KnownRole {
    pub(crate) fn arn(&self, partition: Partition, account: AccountId) -> PrincipalArn {
        PrincipalArn::Role {
            partition,
            account,
            path: Arc::clone(&self.path),
            name: Arc::clone(&self.name),
        }
    }

    pub(crate) fn session_arn(&self, partition: Partition, account: AccountId, session: &str) -> PrincipalArn {
        PrincipalArn::AssumedRole {
            partition,
            account,
            role: Arc::clone(&self.name),
            session: session.into(),
        }
    }
}

impl Live {
    /// Whether a session that was issued at this time still counts.
    pub(crate) fn accepts(&self, issued_at: u64) -> bool {
        let valid_after = match self {
            // The account's own time says it for everybody.
            Self::Root => None,
            Self::User(user) => user.sessions_valid_after,
            Self::Role(role) => role.sessions_valid_after,
            Self::Provider(provider) => provider.sessions_valid_after,
        };
        valid_after.is_none_or(|valid_after| issued_at >= valid_after)
    }
}

impl Directory {
    /// Whether an account has not ended its sessions of this time.
    pub(crate) async fn account_accepts(&self, account: AccountId, issued_at: u64) -> Result<bool, StoreError> {
        let known = self.accounts.get(&self.store, &account_key(account)).await?;
        let valid_after = known.and_then(|known| known.sessions_valid_after);
        Ok(valid_after.is_none_or(|valid_after| issued_at >= valid_after))
    }

    /// The Regions in which an account is not enabled; none of an account that is not here.
    pub(crate) async fn disabled_regions(&self, account: AccountId) -> Result<Arc<[String]>, StoreError> {
        let known = self.accounts.get(&self.store, &account_key(account)).await?;
        let listed = known.as_ref().and_then(|known| known.disabled_regions.as_deref());
        Ok(listed.unwrap_or_default().into())
    }

    /// The party, if it is there now and its account is not suspended.
    pub(crate) async fn live(&self, party: &Party) -> Result<Option<Live>, StoreError> {
        let account = party.account;
        let known = self.accounts.get(&self.store, &account_key(account)).await?;
        if known.is_none_or(|known| known.suspended_at.is_some()) {
            return Ok(None);
        }
        let Some(id) = &party.id else {
            return Ok(Some(Live::Root));
        };
        let (store, caches) = (&self.store, &self.caches);
        Ok(match id.kind() {
            IdKind::User => caches
                .users
                .get(store, &UserRecord::key(account, id))
                .await?
                .map(Live::User),
            IdKind::Role => caches
                .roles
                .get(store, &RoleRecord::key(account, id))
                .await?
                .map(Live::Role),
            IdKind::Provider => {
                let provider = caches.providers.get(store, &ProviderRecord::key(account, id)).await?;
                provider.map(Live::Provider)
            }
            IdKind::Group | IdKind::Policy => None,
        })
    }

    /// What the stored records give a user or a role outside any session; `None` if there is no such principal. The
    /// root user has nothing, which is not how it comes by its power.
    pub async fn entitlements(&self, party: &Party) -> Result<Option<Entitlements>, StoreError> {
        match self.live(party).await? {
            Some(live) => self.entitlements_of(party.account, &live).await.map(Some),
            None => Ok(None),
        }
    }

    pub(crate) async fn entitlements_of(&self, account: AccountId, live: &Live) -> Result<Entitlements, StoreError> {
        let holdings = match live {
            Live::User(user) => Holdings {
                policies: &user.policies,
                groups: &user.groups,
                boundary: user.boundary.as_ref(),
                tags: &user.tags,
            },
            Live::Role(role) => Holdings {
                policies: &role.policies,
                groups: &[],
                boundary: role.boundary.as_ref(),
                tags: &role.tags,
            },
            Live::Root | Live::Provider(_) => {
                return self.entitlements_of_account(account).await;
            }
        };
        self.gather(account, holdings).await
    }

    /// The ARN of a role, its path included, if the party is one.
    pub(crate) async fn arn_of_role(
        &self,
        party: &Party,
        partition: Partition,
    ) -> Result<Option<PrincipalArn>, StoreError> {
        Ok(match self.live(party).await? {
            Some(Live::Role(role)) => Some(role.arn(partition, party.account)),
            _ => None,
        })
    }

    pub(crate) async fn known_group(
        &self,
        account: AccountId,
        id: &UniqueId,
    ) -> Result<Option<Arc<KnownGroup>>, StoreError> {
        self.caches
            .groups
            .get(&self.store, &GroupRecord::key(account, id))
            .await
    }

    /// A managed policy by ARN and unique id, which must agree.
    pub(crate) async fn known_policy(&self, arn: &str, id: &UniqueId) -> Result<Option<Arc<KnownPolicy>>, StoreError> {
        let Ok(PolicyArn {
            account: Some(account),
            path,
            name,
        }) = PolicyArn::parse(arn)
        else {
            return Ok(None);
        };
        let known = self
            .caches
            .policies
            .get(&self.store, &PolicyRecord::key(account, id))
            .await?;
        Ok(known.filter(|known| *known.name == *name && *known.path == *path))
    }

    pub(crate) fn builtin(&self, name: &str) -> Option<Arc<KnownPolicy>> {
        let mut all = self.caches.builtin.iter();
        all.find(|(known, _)| *known == name)
            .map(|(_, policy)| Arc::clone(policy))
    }

    /// Whose access key this is: the account, and the user if it is not the root user's. For live keys only.
    pub async fn access_key_owner(&self, id: &str) -> Result<Option<Party>, EntityError> {
        let key = self.access_keys.get(&self.store, &self.access_key_key(id)).await?;
        let Some((account, key)) = key.and_then(|key| Some((key.account?, key))) else {
            return Ok(None);
        };
        let id_of = |entry: &AccessKeyEntry| entry.id == id && entry.status != AccessKeyStatus::Retired;
        let party = Party {
            account,
            id: key.user.clone(),
        };
        let listed = match self.live(&party).await? {
            Some(Live::User(user)) => user.access_keys.iter().any(id_of),
            Some(Live::Root) => {
                let record = self.accounts.get(&self.store, &account_key(account)).await?;
                record.is_some_and(|record| record.root_access_keys.iter().any(id_of))
            }
            _ => false,
        };
        Ok(listed.then_some(party))
    }
}
