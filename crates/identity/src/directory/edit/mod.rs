//! Changes to the users, groups, roles, policies and providers of an account: any number of steps, one transaction.
//!
//! An [`Edit`] reads what its steps need, each record once, and changes it in memory; [`Edit::plan`] gives the one
//! transaction that brings it all about, or nothing of it if anybody else changed one of the records meanwhile.

mod access_keys;
mod groups;
mod held;
mod policies;
mod providers;
mod roles;
mod sessions;
mod tags;
mod users;

use std::time::Duration;

use trent_names::{AccountId, Region};
use trent_store::{GlobalStore, Key};

use super::change::milliseconds;
use super::entity_error::{Entity, EntityError, Quota};
use super::principals::{
    AliasRecord, GroupRecord, LinkRecord, NameRecord, Named, PolicyRecord, ProviderRecord, RoleRecord, RosterRecord,
    UserRecord, roster_key,
};
use super::records::{AccessKeyRecord, AccountRecord, account_key};
use super::working::Working;
use super::{Directory, Planned};
use crate::rules;
use crate::unique_id::{IdKind, UniqueId};

pub use held::Holder;
pub use policies::NewPolicy;
pub use providers::NewProvider;
pub use roles::NewRole;
pub use sessions::SessionHolder;
pub use tags::Tagged;
pub use users::NewUser;

/// A change to one account.
pub struct Edit<'d> {
    directory: &'d Directory,
    account: AccountId,
    now: u64,
    accounts: Working<AccountRecord>,
    users: Working<UserRecord>,
    groups: Working<GroupRecord>,
    roles: Working<RoleRecord>,
    policies: Working<PolicyRecord>,
    providers: Working<ProviderRecord>,
    roster: Working<RosterRecord>,
    names: Working<NameRecord>,
    links: Working<LinkRecord>,
    aliases: Working<AliasRecord>,
    access_keys: Working<AccessKeyRecord>,
}

/// A record type that an edit makes, finds and removes by name.
trait Kept: Named {
    const QUOTA: Quota;
    const LIMIT: u64;

    fn working<'e>(edit: &'e mut Edit<'_>) -> &'e mut Working<Self>;

    fn count(roster: &mut RosterRecord) -> &mut u64;
}

macro_rules! kept {
    ($($record:ty, $field:ident, $quota:ident, $limit:ident;)*) => {$(
        impl Kept for $record {
            const QUOTA: Quota = Quota::$quota;
            const LIMIT: u64 = rules::$limit;

            fn working<'e>(edit: &'e mut Edit<'_>) -> &'e mut Working<Self> {
                &mut edit.$field
            }

            fn count(roster: &mut RosterRecord) -> &mut u64 {
                &mut roster.$field
            }
        }
    )*};
}

kept! {
    UserRecord, users, Users, USERS;
    GroupRecord, groups, Groups, GROUPS;
    RoleRecord, roles, Roles, ROLES;
    PolicyRecord, policies, Policies, POLICIES;
    ProviderRecord, providers, Providers, PROVIDERS;
}

impl Directory {
    /// Begins a change to what is in an account. `now` is the time since 1970.
    pub async fn edit(&self, account: AccountId, now: Duration) -> Result<Edit<'_>, EntityError> {
        let mut edit = Edit::of(self, account, now);
        match edit.accounts.get(&self.store, &account_key(account)).await? {
            Some(_) => Ok(edit),
            None => Err(EntityError::NoSuchAccount(account)),
        }
    }

    /// Begins to make an account and what is in it.
    pub async fn edit_new(&self, account: AccountId, name: &str, now: Duration) -> Result<Edit<'_>, EntityError> {
        let mut edit = Edit::of(self, account, now);
        let key = account_key(account);
        if edit.accounts.get(&self.store, &key).await?.is_some() {
            return Err(EntityError::exists(Entity::Account, account.as_str()));
        }
        let record = AccountRecord::new(name, edit.now);
        edit.accounts.set(&self.store, &key, Some(record)).await?;
        Ok(edit)
    }

    /// The key of a name of one kind in an account. Case does not tell names apart.
    pub(super) fn name_key(&self, account: AccountId, kind: IdKind, name: &str) -> Key<NameRecord> {
        let text = format!("{account}/{}/{}", kind.prefix(), name.to_lowercase());
        let blinded = self.store.blind::<NameRecord>(text.as_bytes());
        Key::new().part(account.as_str().as_bytes()).part(&blinded)
    }

    /// The key of an account's alias.
    pub(super) fn alias_key(&self, alias: &str) -> Key<AliasRecord> {
        Key::new().part(&self.store.blind::<AliasRecord>(alias.as_bytes()))
    }

    /// A unique id that nothing has had.
    pub(super) async fn fresh_id(&self, kind: IdKind) -> Result<UniqueId, EntityError> {
        let random = self.keystore.random(UniqueId::ENTROPY).await?;
        let mut entropy = [0; UniqueId::ENTROPY];
        entropy.copy_from_slice(random.expose());
        Ok(UniqueId::from_random_bytes(kind, entropy))
    }
}

impl<'d> Edit<'d> {
    fn of(directory: &'d Directory, account: AccountId, now: Duration) -> Self {
        Self {
            directory,
            account,
            now: milliseconds(now),
            accounts: Working::default(),
            users: Working::default(),
            groups: Working::default(),
            roles: Working::default(),
            policies: Working::default(),
            providers: Working::default(),
            roster: Working::default(),
            names: Working::default(),
            links: Working::default(),
            aliases: Working::default(),
            access_keys: Working::default(),
        }
    }
}

impl Edit<'_> {
    /// How many operations the transaction will have.
    pub fn operations(&self) -> usize {
        let principals = self.users.writes() + self.groups.writes() + self.roles.writes();
        let others = self.policies.writes() + self.providers.writes() + self.roster.writes() + self.aliases.writes();
        // The account is required if it is not written.
        1 + principals + others + self.names.writes() + self.links.writes() + self.access_keys.writes()
    }

    /// The whole change as one transaction.
    pub fn plan<T>(self, output: T) -> Planned<T> {
        let mut transaction = self.directory.store.txn();
        self.accounts.require(&mut transaction);
        self.accounts.write(&mut transaction);
        self.users.write(&mut transaction);
        self.groups.write(&mut transaction);
        self.roles.write(&mut transaction);
        self.policies.write(&mut transaction);
        self.providers.write(&mut transaction);
        self.roster.write(&mut transaction);
        self.names.write(&mut transaction);
        self.links.write(&mut transaction);
        self.aliases.write(&mut transaction);
        self.access_keys.write(&mut transaction);
        Planned { transaction, output }
    }

    /// Gives the account another name, which is for its operator alone.
    pub async fn rename_account(&mut self, name: &str) -> Result<(), EntityError> {
        name.clone_into(&mut self.account_record().await?.name);
        Ok(())
    }

    /// Says in which Regions nobody of the account is let do anything, in the place of what was said before.
    pub async fn disable_regions(&mut self, regions: &[Region]) -> Result<(), EntityError> {
        let names: Vec<_> = regions.iter().map(ToString::to_string).collect();
        self.account_record().await?.disabled_regions = Some(names).filter(|names| !names.is_empty());
        Ok(())
    }

    /// Gives the account an alias, in the place of the one that it has.
    pub async fn set_account_alias(&mut self, alias: &str) -> Result<(), EntityError> {
        rules::account_alias(alias)?;
        let store = self.store();
        let key = self.directory.alias_key(alias);
        if self.aliases.get(store, &key).await?.is_some() {
            return Err(EntityError::exists(Entity::AccountAlias, alias));
        }
        let before = self.account_record().await?.alias.replace(alias.to_owned());
        if let Some(before) = before {
            let key = self.directory.alias_key(&before);
            self.aliases.set(store, &key, None).await?;
        }
        let account = self.account.as_str().to_owned();
        self.aliases.set(store, &key, Some(AliasRecord { account })).await?;
        Ok(())
    }

    /// Takes the account's alias away.
    pub async fn delete_account_alias(&mut self, alias: &str) -> Result<(), EntityError> {
        let store = self.store();
        let record = self.account_record().await?;
        if record.alias.as_deref() != Some(alias) {
            return Err(EntityError::no_such(Entity::AccountAlias, alias));
        }
        record.alias = None;
        let key = self.directory.alias_key(alias);
        Ok(self.aliases.set(store, &key, None).await?)
    }

    /// Suspends the account, of which nobody is admitted then, or lets it work again.
    pub async fn set_suspended(&mut self, suspended: bool) -> Result<(), EntityError> {
        let now = self.now;
        self.account_record().await?.suspended_at = suspended.then_some(now);
        Ok(())
    }

    fn store<'s>(&self) -> &'s GlobalStore
    where
        Self: 's,
    {
        &self.directory.store
    }

    async fn account_record(&mut self) -> Result<&mut AccountRecord, EntityError> {
        let account = self.account;
        let store = &self.directory.store;
        let record = self.accounts.edit(store, &account_key(account)).await?;
        record.ok_or(EntityError::NoSuchAccount(account))
    }

    /// The unique id of what has a name; the record itself must agree.
    async fn find<R: Kept>(&mut self, name: &str) -> Result<UniqueId, EntityError> {
        let store = &self.directory.store;
        let missing = || EntityError::no_such(R::OF.into(), name);
        let key = self.directory.name_key(self.account, R::OF, name);
        let id = self.names.get(store, &key).await?.ok_or_else(missing)?.id.clone();
        let key = R::key(self.account, &id);
        let record = R::working(self).get(store, &key).await?.ok_or_else(missing)?;
        if record.name().to_lowercase() != name.to_lowercase() {
            return Err(missing());
        }
        Ok(id)
    }

    /// A record that was found, to be changed.
    async fn record<R: Kept>(&mut self, id: &UniqueId) -> Result<&mut R, EntityError> {
        let store = &self.directory.store;
        let key = R::key(self.account, id);
        let record = R::working(self).edit(store, &key).await?;
        record.ok_or_else(|| EntityError::no_such(R::OF.into(), id.as_str()))
    }

    /// A record by its name, to be read.
    async fn read<R: Kept>(&mut self, name: &str) -> Result<(UniqueId, &R), EntityError> {
        let id = self.find::<R>(name).await?;
        let store = &self.directory.store;
        let key = R::key(self.account, &id);
        let record = R::working(self).get(store, &key).await?;
        let record = record.ok_or_else(|| EntityError::no_such(R::OF.into(), name))?;
        Ok((id, record))
    }

    /// A record by its name, to be changed.
    async fn named<R: Kept>(&mut self, name: &str) -> Result<(UniqueId, &mut R), EntityError> {
        let id = self.find::<R>(name).await?;
        let record = self.record::<R>(&id).await?;
        Ok((id, record))
    }

    /// Makes a record with a name that nothing of its kind has, if the account may have one more.
    async fn make<R: Kept>(&mut self, record: R) -> Result<UniqueId, EntityError> {
        self.claim::<R>(record.name()).await?;
        if *R::count(self.roster_record().await?) >= R::LIMIT {
            return Err(EntityError::LimitExceeded {
                quota: R::QUOTA,
                limit: R::LIMIT,
            });
        }
        self.make_beyond_quota(record).await
    }

    /// The same however many there are.
    async fn make_beyond_quota<R: Kept>(&mut self, record: R) -> Result<UniqueId, EntityError> {
        let store = &self.directory.store;
        self.claim::<R>(record.name()).await?;
        *R::count(self.roster_record().await?) += 1;
        let id = self.directory.fresh_id(R::OF).await?;
        let name = self.directory.name_key(self.account, R::OF, record.name());
        self.names
            .set(store, &name, Some(NameRecord { id: id.clone() }))
            .await?;
        let key = R::key(self.account, &id);
        R::working(self).set(store, &key, Some(record)).await?;
        Ok(id)
    }

    /// Checks that nothing has a name.
    async fn claim<R: Kept>(&mut self, name: &str) -> Result<(), EntityError> {
        let store = &self.directory.store;
        let key = self.directory.name_key(self.account, R::OF, name);
        match self.names.get(store, &key).await? {
            Some(_) => Err(EntityError::exists(R::OF.into(), name)),
            None => Ok(()),
        }
    }

    /// Moves a name to another.
    async fn rename<R: Kept>(&mut self, id: &UniqueId, from: &str, to: &str) -> Result<(), EntityError> {
        let store = &self.directory.store;
        if from.to_lowercase() == to.to_lowercase() {
            return Ok(());
        }
        self.claim::<R>(to).await?;
        let from = self.directory.name_key(self.account, R::OF, from);
        let to = self.directory.name_key(self.account, R::OF, to);
        self.names.set(store, &from, None).await?;
        self.names.set(store, &to, Some(NameRecord { id: id.clone() })).await?;
        Ok(())
    }

    /// Removes a record and its name.
    async fn unmake<R: Kept>(&mut self, id: &UniqueId, name: &str) -> Result<(), EntityError> {
        let store = &self.directory.store;
        let count = R::count(self.roster_record().await?);
        *count = count.saturating_sub(1);
        let key = self.directory.name_key(self.account, R::OF, name);
        self.names.set(store, &key, None).await?;
        let key = R::key(self.account, id);
        R::working(self).set(store, &key, None).await?;
        Ok(())
    }

    async fn roster_record(&mut self) -> Result<&mut RosterRecord, EntityError> {
        let store = &self.directory.store;
        let key = roster_key(self.account);
        if self.roster.get(store, &key).await?.is_none() {
            self.roster.set(store, &key, Some(RosterRecord::default())).await?;
        }
        let roster = self.roster.edit(store, &key).await?;
        roster.ok_or_else(|| EntityError::Damaged("an account has no roster".to_owned()))
    }
}
