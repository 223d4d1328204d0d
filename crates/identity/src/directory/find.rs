//! Looking things up by name and listing them, page by page.

use trent_names::{AccountId, PrincipalArn};
use trent_store::Key;

use super::known::{Live, Party};
use super::principals::{
    GroupRecord, LastUseRecord, LinkRecord, Named, PolicyRecord, PolicyReference, RosterRecord, Usage, UserRecord,
    members_prefix, roster_key, usage_prefix,
};
use super::records::account_key;
use super::{Directory, EntityError};
use crate::rules::PolicyArn;
use crate::unique_id::{IdKind, UniqueId};

/// Records that are read from the store at a time.
const STEP: usize = 200;

/// Where a listing goes on: the last unique id that was listed.
pub type Marker = UniqueId;

/// A page of what is listed, in the order of unique ids, which is no order that means anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing<T> {
    /// What is on it.
    pub items: Vec<(UniqueId, T)>,
    /// Where the next page begins, if there is one.
    pub next: Option<Marker>,
}

impl Directory {
    /// A user, group, role, managed policy or OIDC provider by its name.
    pub async fn find<R: Named>(&self, account: AccountId, name: &str) -> Result<(UniqueId, R), EntityError> {
        let missing = || EntityError::no_such(R::OF.into(), name);
        let key = self.name_key(account, R::OF, name);
        let id = self.store.get(&key).await?.ok_or_else(missing)?.value.id;
        let record = self.by_id::<R>(account, &id).await?.ok_or_else(missing)?;
        if record.name().to_lowercase() != name.to_lowercase() {
            return Err(missing());
        }
        Ok((id, record))
    }

    /// The same by its unique id.
    pub async fn by_id<R: Named>(&self, account: AccountId, id: &UniqueId) -> Result<Option<R>, EntityError> {
        if id.kind() != R::OF {
            return Ok(None);
        }
        let stored = self.store.get(&R::key(account, id)).await?;
        Ok(stored.map(|stored| stored.value))
    }

    /// A managed policy of an account by its ARN, path included.
    pub async fn policy(&self, arn: &str) -> Result<(AccountId, UniqueId, PolicyRecord), EntityError> {
        let parsed = PolicyArn::parse(arn)?;
        let missing = || EntityError::no_such(IdKind::Policy.into(), arn);
        let account = parsed.account.ok_or_else(missing)?;
        let found = self.find::<PolicyRecord>(account, parsed.name).await;
        let (id, record) = found.map_err(|error| match error {
            EntityError::NoSuch { .. } => missing(),
            error => error,
        })?;
        if record.path == parsed.path && record.name == parsed.name {
            Ok((account, id, record))
        } else {
            Err(missing())
        }
    }

    /// At most `limit` of an account's records of one kind whose paths begin with `path_prefix`, behind `after`.
    pub async fn list<R: Named>(
        &self,
        account: AccountId,
        path_prefix: &str,
        after: Option<&Marker>,
        limit: usize,
    ) -> Result<Listing<R>, EntityError> {
        let prefix = Key::<R>::new().part(account.as_str().as_bytes());
        let mut after = after.map(|marker| R::key(account, marker));
        let mut items: Vec<(UniqueId, R)> = Vec::new();
        loop {
            let page = self.store.range(&prefix, after.as_ref(), STEP).await?;
            let more = page.more;
            for (key, stored) in page.items {
                after = Some(key.clone());
                if !stored.value.path().unwrap_or("/").starts_with(path_prefix) {
                    continue;
                }
                if items.len() == limit {
                    let next = items.last().map(|(id, _)| id.clone());
                    return Ok(Listing { items, next });
                }
                items.push((last_id(&key.parts())?, stored.value));
            }
            if !more {
                return Ok(Listing { items, next: None });
            }
        }
    }

    /// The members of a group.
    pub async fn members(
        &self,
        account: AccountId,
        group: &UniqueId,
        after: Option<&Marker>,
        limit: usize,
    ) -> Result<Listing<UserRecord>, EntityError> {
        let page = self.linked(members_prefix(account, group), after, limit).await?;
        let mut items = Vec::new();
        for (id, ()) in page.items {
            let user = self.by_id::<UserRecord>(account, &id).await?;
            // The user's own record decides.
            if let Some(user) = user.filter(|user| user.groups.contains(group)) {
                items.push((id, user));
            }
        }
        Ok(Listing { items, next: page.next })
    }

    /// The groups that a user is in.
    pub async fn groups_of(
        &self,
        account: AccountId,
        user: &UserRecord,
    ) -> Result<Vec<(UniqueId, GroupRecord)>, EntityError> {
        let mut groups = Vec::new();
        for id in &user.groups {
            if let Some(group) = self.by_id::<GroupRecord>(account, id).await? {
                groups.push((id.clone(), group));
            }
        }
        Ok(groups)
    }

    /// The users, groups and roles of an account that use a managed policy.
    pub async fn users_of_policy(
        &self,
        account: AccountId,
        policy: &PolicyReference,
        usage: Usage,
        after: Option<&Marker>,
        limit: usize,
    ) -> Result<Listing<()>, EntityError> {
        self.linked(usage_prefix(account, policy, usage), after, limit).await
    }

    async fn linked(
        &self,
        prefix: Key<LinkRecord>,
        after: Option<&Marker>,
        limit: usize,
    ) -> Result<Listing<()>, EntityError> {
        let after = after.map(|marker| prefix.clone().part(marker.as_str().as_bytes()));
        let page = self.store.range(&prefix, after.as_ref(), limit).await?;
        let ids = page.items.iter().map(|(key, _)| Ok((last_id(&key.parts())?, ())));
        let items = ids.collect::<Result<Vec<_>, EntityError>>()?;
        let next = items.last().filter(|_| page.more).map(|(id, ())| id.clone());
        Ok(Listing { items, next })
    }

    /// How many users, groups, roles, policies and providers an account has.
    pub async fn roster(&self, account: AccountId) -> Result<RosterRecord, EntityError> {
        let stored = self.store.get(&roster_key(account)).await?;
        Ok(stored.map(|stored| stored.value).unwrap_or_default())
    }

    /// The account that has an alias.
    pub async fn account_of_alias(&self, alias: &str) -> Result<Option<AccountId>, EntityError> {
        let Some(stored) = self.store.get(&self.alias_key(alias)).await? else {
            return Ok(None);
        };
        let account = AccountId::parse(&stored.value.account);
        let account = account.map_err(|error| EntityError::Damaged(error.to_string()))?;
        let record = self.store.get(&account_key(account)).await?;
        let agrees = record.is_some_and(|record| record.value.alias.as_deref() == Some(alias));
        Ok(agrees.then_some(account))
    }

    /// When an access key or a role was used last, as far as that has been written down.
    pub async fn last_use(&self, subject: &str) -> Result<Option<LastUseRecord>, EntityError> {
        let stored = self.store.get(&self.last_use_key(subject)).await?;
        Ok(stored.map(|stored| stored.value))
    }

    /// Who a principal's ARN stands for now: a user or role by its unique id, the account for its root user, the role of
    /// a role session. `None` if there is nobody; a path must be the principal's.
    pub async fn party_of(&self, principal: &PrincipalArn) -> Result<Option<Party>, EntityError> {
        let account = principal.account();
        let (kind, name, path) = match principal {
            PrincipalArn::Root { .. } | PrincipalArn::FederatedUser { .. } => {
                let root = Party { account, id: None };
                return Ok(self.live(&root).await?.map(|_| root));
            }
            PrincipalArn::User { name, path, .. } => (IdKind::User, name, Some(path)),
            PrincipalArn::Role { name, path, .. } => (IdKind::Role, name, Some(path)),
            PrincipalArn::AssumedRole { role, .. } => (IdKind::Role, role, None),
        };
        let Some(stored) = self.store.get(&self.name_key(account, kind, name)).await? else {
            return Ok(None);
        };
        let party = Party {
            account,
            id: Some(stored.value.id),
        };
        let arn = match self.live(&party).await? {
            Some(Live::User(user)) => user.arn(principal.partition(), account),
            Some(Live::Role(role)) => role.arn(principal.partition(), account),
            _ => return Ok(None),
        };
        let same = match (&arn, path) {
            (_, Some(_)) => arn == *principal,
            (PrincipalArn::Role { name: found, .. }, None) => found == name,
            _ => false,
        };
        Ok(same.then_some(party))
    }
}

fn last_id(parts: &[Vec<u8>]) -> Result<UniqueId, EntityError> {
    let text = parts.last().and_then(|part| str::from_utf8(part).ok());
    let id = text.and_then(|text| UniqueId::parse(text).ok());
    id.ok_or_else(|| EntityError::Damaged("a key ends in no unique id".to_owned()))
}
