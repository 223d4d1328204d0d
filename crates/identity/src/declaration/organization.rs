//! An organization as declared: its units, the accounts in them, and the policies that limit them.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde::Deserialize;
use serde_json::Value;
use trent_names::AccountId;
use trent_policy::{Effect, Measure, Policy, PolicyKind, Rules, VersionRule};

use super::access_keys::{at_most, length, once};
use super::documents::{self, ReadFile};
use super::{Misplaced, Path, Problem};
use crate::organization::placement::{FULL_ACCESS, RESOURCE_FULL_ACCESS};
use crate::organization::records::ControlKind;

/// Characters of a service or resource control policy (AWS Organizations quotas).
const CONTROL_POLICY: Rules = Rules::written(5_120, Measure::VisibleCharacters, VersionRule::Current);

/// Policies of one kind attached to one target, the one that gives full access included.
const ATTACHED: usize = 5;

/// Units below one another.
const NESTED: usize = 5;

/// The longest name of a unit or a policy.
const LONGEST_NAME: usize = 128;

/// An organization as declared. It is declared whole: what of it is stored and not declared goes.
#[derive(Debug, PartialEq, Eq)]
pub struct DeclaredOrganization {
    /// Its id.
    pub id: String,
    /// The id of its root.
    pub root: String,
    /// The account that its policies do not limit.
    pub management_account: AccountId,
    /// Its units by id, with their names and what is above them.
    pub units: Vec<DeclaredUnit>,
    /// The accounts in it, with the ids of their units or of the root.
    pub accounts: Vec<(AccountId, String)>,
    /// Its policies.
    pub policies: Vec<DeclaredControl>,
    /// Targets that `FullAWSAccess` is not attached to.
    pub without_full_access: BTreeSet<String>,
}

/// A unit as declared.
#[derive(Debug, PartialEq, Eq)]
pub struct DeclaredUnit {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The unit above it, or the root.
    pub parent: String,
}

/// A service or resource control policy as declared.
#[derive(Debug, PartialEq, Eq)]
pub struct DeclaredControl {
    /// Which it is.
    pub kind: ControlKind,
    /// Its name.
    pub name: String,
    /// The document.
    pub document: String,
    /// What it is attached to: ids of the root, of units and of accounts.
    pub targets: BTreeSet<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawOrganization {
    id: String,
    root: String,
    management_account: String,
    #[serde(default)]
    units: Vec<RawUnit>,
    #[serde(default)]
    accounts: Vec<RawMember>,
    #[serde(default)]
    service_control_policies: Vec<RawControl>,
    #[serde(default)]
    resource_control_policies: Vec<RawControl>,
    #[serde(default)]
    without_full_access: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawUnit {
    id: String,
    name: String,
    parent: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMember {
    id: String,
    parent: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawControl {
    name: String,
    #[serde(default)]
    targets: Vec<String>,
    document: Value,
}

/// Checks the organization of a file, which stands in its field `organization`.
pub(super) fn validate(raw: RawOrganization, files: ReadFile<'_>) -> Result<DeclaredOrganization, Misplaced> {
    let path = Path::default().field("organization");
    id(&path.field("id"), &raw.id, "o-", 10)?;
    id(&path.field("root"), &raw.root, "r-", 4)?;
    let management = account(&path.field("management_account"), &raw.management_account)?;
    let units = units(&path.field("units"), raw.units, &raw.root)?;
    let mut targets: HashSet<String> = units.iter().map(|unit| unit.id.clone()).collect();
    targets.insert(raw.root.clone());
    let accounts = members(&path.field("accounts"), raw.accounts, management, &raw.root, &targets)?;
    targets.extend(accounts.iter().map(|(id, _)| id.to_string()));
    let mut policies = Vec::new();
    let mut counts = BTreeMap::new();
    for (kind, field, raw) in [
        (
            ControlKind::Service,
            "service_control_policies",
            raw.service_control_policies,
        ),
        (
            ControlKind::Resource,
            "resource_control_policies",
            raw.resource_control_policies,
        ),
    ] {
        let mut names = HashSet::new();
        for (at, raw) in raw.into_iter().enumerate() {
            let path = path.field(field).item(at);
            once(&path.field("name"), &mut names, &raw.name)?;
            let policy = control(&path, kind, raw, &targets, files)?;
            for target in &policy.targets {
                let count = counts.entry((kind, target.clone())).or_insert(1);
                *count += 1;
                at_most(
                    &path.field("targets"),
                    "policies of one kind on one target",
                    ATTACHED,
                    *count,
                )?;
            }
            policies.push(policy);
        }
    }
    Ok(DeclaredOrganization {
        without_full_access: known(&path.field("without_full_access"), raw.without_full_access, &targets)?,
        id: raw.id,
        root: raw.root,
        management_account: management,
        units,
        accounts,
        policies,
    })
}

/// Units, each under one that is declared before it.
fn units(path: &Path, raw: Vec<RawUnit>, root: &str) -> Result<Vec<DeclaredUnit>, Misplaced> {
    let stem = format!("ou-{}-", root.trim_start_matches("r-"));
    let mut depths = BTreeMap::from([(root.to_owned(), 0_usize)]);
    raw.into_iter()
        .enumerate()
        .map(|(at, raw)| {
            let path = path.item(at);
            id(&path.field("id"), &raw.id, &stem, 8)?;
            length(&path.field("name"), &raw.name, 1, LONGEST_NAME)?;
            let parent = raw.parent.unwrap_or_else(|| root.to_owned());
            let Some(above) = depths.get(&parent) else {
                return Err(path.field("parent").error(Problem::Target(parent)));
            };
            let depth = above + 1;
            at_most(&path.field("parent"), "units below one another", NESTED, depth)?;
            if depths.insert(raw.id.clone(), depth).is_some() {
                return Err(path.field("id").error(Problem::Twice(raw.id)));
            }
            Ok(DeclaredUnit {
                id: raw.id,
                name: raw.name,
                parent,
            })
        })
        .collect()
}

fn members(
    path: &Path,
    raw: Vec<RawMember>,
    management: AccountId,
    root: &str,
    targets: &HashSet<String>,
) -> Result<Vec<(AccountId, String)>, Misplaced> {
    let mut seen = HashSet::new();
    let mut accounts = Vec::new();
    for (at, raw) in raw.into_iter().enumerate() {
        let path = path.item(at);
        let id = account(&path.field("id"), &raw.id)?;
        once(&path.field("id"), &mut seen, &raw.id)?;
        let parent = raw.parent.unwrap_or_else(|| root.to_owned());
        if !targets.contains(&parent) {
            return Err(path.field("parent").error(Problem::Target(parent)));
        }
        accounts.push((id, parent));
    }
    if !accounts.iter().any(|(id, _)| *id == management) {
        accounts.push((management, root.to_owned()));
    }
    Ok(accounts)
}

fn control(
    path: &Path,
    kind: ControlKind,
    raw: RawControl,
    targets: &HashSet<String>,
    files: ReadFile<'_>,
) -> Result<DeclaredControl, Misplaced> {
    length(&path.field("name"), &raw.name, 1, LONGEST_NAME)?;
    if [FULL_ACCESS, RESOURCE_FULL_ACCESS].contains(&raw.name.as_str()) {
        return Err(path.field("name").error(Problem::Twice(raw.name)));
    }
    let language = match kind {
        ControlKind::Service => PolicyKind::ServiceControl,
        ControlKind::Resource => PolicyKind::ResourceControl,
    };
    let at = path.field("document");
    let document = documents::policy(&at, raw.document, language, &CONTROL_POLICY, files)?;
    let parsed = Policy::parse(&document, language, &CONTROL_POLICY);
    let allows = parsed.is_ok_and(|policy| policy.statements().iter().any(|one| one.effect() == Effect::Allow));
    if kind == ControlKind::Resource && allows {
        return Err(at.error(Problem::AllowingResourceControl));
    }
    Ok(DeclaredControl {
        kind,
        name: raw.name,
        document,
        targets: known(&path.field("targets"), raw.targets, targets)?,
    })
}

fn known(path: &Path, names: Vec<String>, targets: &HashSet<String>) -> Result<BTreeSet<String>, Misplaced> {
    let mut found = BTreeSet::new();
    for (at, name) in names.into_iter().enumerate() {
        if !targets.contains(&name) {
            return Err(path.item(at).error(Problem::Target(name)));
        }
        if !found.insert(name.clone()) {
            return Err(path.item(at).error(Problem::Twice(name)));
        }
    }
    Ok(found)
}

fn account(path: &Path, text: &str) -> Result<AccountId, Misplaced> {
    AccountId::parse(text).map_err(|error| path.error(error))
}

/// An id: its beginning, then at least `shortest` and at most 32 lower-case letters and digits.
fn id(path: &Path, text: &str, beginning: &str, shortest: usize) -> Result<(), Misplaced> {
    let rest = text.strip_prefix(beginning).unwrap_or_default();
    let letters = rest
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    if letters && (shortest..=32).contains(&rest.len()) {
        return Ok(());
    }
    Err(path.error(Problem::OrganizationId {
        value: text.to_owned(),
        beginning: beginning.to_owned(),
        shortest,
    }))
}
