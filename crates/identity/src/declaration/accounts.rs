//! The part that both files share: accounts, the access keys of their root users, and what is in them.

use std::collections::HashSet;

use serde::Deserialize;
use trent_names::{AccountId, Region};

use super::access_keys::{DeclaredAccessKey, RawAccessKey, Rules, Surroundings, access_keys, length, once};
use super::documents::ReadFile;
use super::entities::{
    self, DeclaredHolder, DeclaredPolicy, DeclaredProvider, DeclaredRole, DeclaredUser, RawGroup, RawPolicy,
    RawProvider, RawRole, RawUser,
};
use super::{Misplaced, Path, Problem};

/// An account as declared.
#[derive(Debug, PartialEq, Eq)]
pub struct DeclaredAccount {
    /// Its id.
    pub id: AccountId,
    /// Its name, if the file gives one.
    pub name: Option<String>,
    /// Its alias, if the file gives one.
    pub alias: Option<String>,
    /// The Regions in which it is not enabled, if the file says.
    pub disabled_regions: Option<Vec<Region>>,
    /// Whether what the file does not declare is to go.
    pub prune: bool,
    /// Its root user's access keys.
    pub access_keys: Vec<DeclaredAccessKey>,
    /// Its managed policies.
    pub policies: Vec<DeclaredPolicy>,
    /// Its groups.
    pub groups: Vec<DeclaredHolder>,
    /// Its users.
    pub users: Vec<DeclaredUser>,
    /// Its roles.
    pub roles: Vec<DeclaredRole>,
    /// Its OIDC providers.
    pub providers: Vec<DeclaredProvider>,
}

/// Characters of an account's name.
const LONGEST_NAME: usize = 128;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAccount {
    id: String,
    name: Option<String>,
    alias: Option<String>,
    disabled_regions: Option<Vec<String>>,
    #[serde(default)]
    prune: bool,
    #[serde(default)]
    access_keys: Vec<RawAccessKey>,
    #[serde(default)]
    policies: Vec<RawPolicy>,
    #[serde(default)]
    groups: Vec<RawGroup>,
    #[serde(default)]
    users: Vec<RawUser>,
    #[serde(default)]
    roles: Vec<RawRole>,
    #[serde(default)]
    oidc_providers: Vec<RawProvider>,
}

/// Checks the accounts of a file, which stand in its field `accounts`.
pub(super) fn validate(
    raw: Vec<RawAccount>,
    rules: Rules,
    files: ReadFile<'_>,
) -> Result<Vec<DeclaredAccount>, Misplaced> {
    let accounts = Path::default().field("accounts");
    let (mut ids, mut aliases, mut access_key_ids) = (HashSet::new(), HashSet::new(), HashSet::new());
    raw.into_iter()
        .enumerate()
        .map(|(at, raw)| {
            let path = accounts.item(at);
            let id = AccountId::parse(&raw.id).map_err(|error| path.field("id").error(error))?;
            if !ids.insert(id) {
                return Err(path.field("id").error(Problem::Twice(raw.id)));
            }
            if let Some(alias) = &raw.alias {
                let path = path.field("alias");
                crate::rules::account_alias(alias).map_err(|error| path.error(error))?;
                once(&path, &mut aliases, alias)?;
            }
            let mut around = Surroundings {
                account: id,
                files,
                rules,
                access_key_ids: &mut access_key_ids,
            };
            account(&path, id, raw, &mut around)
        })
        .collect()
}

fn account(
    path: &Path,
    id: AccountId,
    raw: RawAccount,
    around: &mut Surroundings<'_>,
) -> Result<DeclaredAccount, Misplaced> {
    if let Some(name) = &raw.name {
        length(&path.field("name"), name, 1, LONGEST_NAME)?;
    }
    let disabled_regions = raw.disabled_regions.map(|names| regions(path, names));
    let declared = DeclaredAccount {
        id,
        name: raw.name,
        alias: raw.alias,
        disabled_regions: disabled_regions.transpose()?,
        prune: raw.prune,
        access_keys: access_keys(path, raw.access_keys, around.rules, around.access_key_ids)?,
        policies: each(path, "policies", raw.policies, |path, raw| {
            entities::policy(path, raw, around)
        })?,
        groups: each(path, "groups", raw.groups, |path, raw| {
            entities::group(path, raw, around)
        })?,
        users: each(path, "users", raw.users, |path, raw| entities::user(path, raw, around))?,
        roles: each(path, "roles", raw.roles, |path, raw| entities::role(path, raw, around))?,
        providers: each(path, "oidc_providers", raw.oidc_providers, entities::provider)?,
    };
    let policies = declared.policies.iter().map(|policy| policy.name.as_str());
    distinct(&path.field("policies"), "name", policies)?;
    distinct(
        &path.field("groups"),
        "name",
        declared.groups.iter().map(|group| group.name.as_str()),
    )?;
    distinct(
        &path.field("users"),
        "name",
        declared.users.iter().map(|user| user.holder.name.as_str()),
    )?;
    distinct(
        &path.field("roles"),
        "name",
        declared.roles.iter().map(|role| role.holder.name.as_str()),
    )?;
    let providers = declared
        .providers
        .iter()
        .map(|provider| provider.url.trim_end_matches('/'));
    distinct(&path.field("oidc_providers"), "url", providers)?;
    Ok(declared)
}

/// Regions to disable, each named once, in order of their names.
fn regions(path: &Path, names: Vec<String>) -> Result<Vec<Region>, Misplaced> {
    let path = path.field("disabled_regions");
    let mut regions = Vec::new();
    for (at, name) in names.into_iter().enumerate() {
        let region = Region::parse(&name).map_err(|error| path.item(at).error(error))?;
        if region == region.partition().global_region() {
            return Err(path.item(at).error(Problem::GlobalRegion(region)));
        }
        if regions.contains(&region) {
            return Err(path.item(at).error(Problem::Twice(name)));
        }
        regions.push(region);
    }
    regions.sort_unstable_by(|one, other| one.as_str().cmp(other.as_str()));
    Ok(regions)
}

fn each<R, D>(
    path: &Path,
    field: &str,
    raw: Vec<R>,
    mut check: impl FnMut(&Path, R) -> Result<D, Misplaced>,
) -> Result<Vec<D>, Misplaced> {
    let path = path.field(field);
    raw.into_iter()
        .enumerate()
        .map(|(at, raw)| check(&path.item(at), raw))
        .collect()
}

fn distinct<'n>(path: &Path, field: &str, names: impl Iterator<Item = &'n str>) -> Result<(), Misplaced> {
    let mut seen = HashSet::new();
    for (at, name) in names.enumerate() {
        once(&path.item(at).field(field), &mut seen, name)?;
    }
    Ok(())
}
