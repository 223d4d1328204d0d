//! Users, groups, roles, managed policies and OIDC providers as declared, checked as IAM's operations check them.

use std::collections::{BTreeMap, HashSet};

use serde::Deserialize;
use serde_json::Value;
use trent_names::AccountId;
use trent_policy::{Measure, PolicyKind, Rules, VersionRule};

use super::access_keys::{DeclaredAccessKey, RawAccessKey, Surroundings, access_keys, at_most, once};
use super::{Misplaced, Path, Problem, documents};
use crate::directory::builtin;
use crate::directory::principals::Tag;
use crate::rules::{self, InvalidInput, PolicyArn};

/// An inline policy; its size counts together with that of the holder's others.
const INLINE_POLICY: Rules = Rules::written(131_072, Measure::VisibleCharacters, VersionRule::Any);

/// A managed policy as declared.
#[derive(Debug, PartialEq, Eq)]
pub struct DeclaredPolicy {
    /// Its name.
    pub name: String,
    /// Its path.
    pub path: String,
    /// Its description, if the file gives one.
    pub description: Option<String>,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// The document to be in force.
    pub document: String,
}

/// What a declared user, group or role has in common with the others.
#[derive(Debug, PartialEq, Eq)]
pub struct DeclaredHolder {
    /// Its name.
    pub name: String,
    /// Its path, if the file gives one.
    pub path: Option<String>,
    /// Its inline policies by name.
    pub inline: BTreeMap<String, String>,
    /// The ARNs of the managed policies attached to it.
    pub attached: Vec<String>,
}

/// A user as declared.
#[derive(Debug, PartialEq, Eq)]
pub struct DeclaredUser {
    /// Its name and policies.
    pub holder: DeclaredHolder,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// The ARN of its permissions boundary.
    pub boundary: Option<String>,
    /// The names of its groups.
    pub groups: Vec<String>,
    /// Its access keys.
    pub access_keys: Vec<DeclaredAccessKey>,
}

/// A role as declared.
#[derive(Debug, PartialEq, Eq)]
pub struct DeclaredRole {
    /// Its name and policies.
    pub holder: DeclaredHolder,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// The ARN of its permissions boundary.
    pub boundary: Option<String>,
    /// Who may assume it.
    pub trust_policy: String,
    /// Its description, if the file gives one.
    pub description: Option<String>,
    /// Its longest session in seconds, if the file gives one.
    pub max_session_seconds: Option<u32>,
}

/// An OIDC provider as declared.
#[derive(Debug, PartialEq, Eq)]
pub struct DeclaredProvider {
    /// Its URL.
    pub url: String,
    /// The audiences that it is trusted for.
    pub client_ids: Vec<String>,
    /// Thumbprints of its certificates, in lower case.
    pub thumbprints: Vec<String>,
    /// Its tags.
    pub tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPolicy {
    name: String,
    path: Option<String>,
    description: Option<String>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    document: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawGroup {
    name: String,
    path: Option<String>,
    #[serde(default)]
    inline_policies: BTreeMap<String, Value>,
    #[serde(default)]
    attached_policies: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawUser {
    name: String,
    path: Option<String>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    #[serde(default)]
    groups: Vec<String>,
    permissions_boundary: Option<String>,
    #[serde(default)]
    inline_policies: BTreeMap<String, Value>,
    #[serde(default)]
    attached_policies: Vec<String>,
    #[serde(default)]
    access_keys: Vec<RawAccessKey>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRole {
    name: String,
    path: Option<String>,
    description: Option<String>,
    max_session_seconds: Option<u32>,
    trust_policy: Value,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    permissions_boundary: Option<String>,
    #[serde(default)]
    inline_policies: BTreeMap<String, Value>,
    #[serde(default)]
    attached_policies: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawProvider {
    url: String,
    #[serde(default)]
    client_ids: Vec<String>,
    #[serde(default)]
    thumbprints: Vec<String>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

/// The policies of a holder as the file has them.
struct Held {
    inline: BTreeMap<String, Value>,
    attached: Vec<String>,
    size: usize,
}

pub(super) fn policy(path: &Path, raw: RawPolicy, around: &mut Surroundings<'_>) -> Result<DeclaredPolicy, Misplaced> {
    placed(&path.field("name"), rules::policy_name(&raw.name))?;
    if let Some(description) = &raw.description {
        placed(&path.field("description"), rules::description(description))?;
    }
    let (at, kind) = (path.field("document"), PolicyKind::Identity);
    Ok(DeclaredPolicy {
        path: entity_path(path, raw.path)?.unwrap_or_else(|| "/".to_owned()),
        tags: tags(path, raw.tags)?,
        document: documents::policy(&at, raw.document, kind, &Rules::MANAGED_POLICY, around.files)?,
        description: raw.description,
        name: raw.name,
    })
}

pub(super) fn group(path: &Path, raw: RawGroup, around: &mut Surroundings<'_>) -> Result<DeclaredHolder, Misplaced> {
    placed(&path.field("name"), rules::group_name(&raw.name))?;
    let held = Held {
        inline: raw.inline_policies,
        attached: raw.attached_policies,
        size: rules::GROUP_POLICY_SIZE,
    };
    holder(path, raw.name, raw.path, held, around)
}

pub(super) fn user(path: &Path, raw: RawUser, around: &mut Surroundings<'_>) -> Result<DeclaredUser, Misplaced> {
    placed(&path.field("name"), rules::user_name(&raw.name))?;
    let groups = path.field("groups");
    at_most(&groups, "groups", rules::GROUPS_OF_A_USER, raw.groups.len())?;
    let mut seen = HashSet::new();
    for (at, name) in raw.groups.iter().enumerate() {
        placed(&groups.item(at), rules::group_name(name))?;
        once(&groups.item(at), &mut seen, name)?;
    }
    let held = Held {
        inline: raw.inline_policies,
        attached: raw.attached_policies,
        size: rules::USER_POLICY_SIZE,
    };
    Ok(DeclaredUser {
        access_keys: access_keys(path, raw.access_keys, around.rules, around.access_key_ids)?,
        holder: holder(path, raw.name, raw.path, held, around)?,
        tags: tags(path, raw.tags)?,
        boundary: boundary(path, raw.permissions_boundary, around.account)?,
        groups: raw.groups,
    })
}

pub(super) fn role(path: &Path, raw: RawRole, around: &mut Surroundings<'_>) -> Result<DeclaredRole, Misplaced> {
    placed(&path.field("name"), rules::role_name(&raw.name))?;
    if let Some(description) = &raw.description {
        placed(&path.field("description"), rules::description(description))?;
    }
    if let Some(seconds) = raw
        .max_session_seconds
        .filter(|seconds| !rules::SESSION_SECONDS.contains(seconds))
    {
        let at = path.field("max_session_seconds");
        return Err(at.error(InvalidInput::SessionSeconds(seconds)));
    }
    let (at, kind) = (path.field("trust_policy"), PolicyKind::Trust);
    let trust_policy = documents::policy(&at, raw.trust_policy, kind, &Rules::TRUST_POLICY, around.files)?;
    let held = Held {
        inline: raw.inline_policies,
        attached: raw.attached_policies,
        size: rules::ROLE_POLICY_SIZE,
    };
    Ok(DeclaredRole {
        holder: holder(path, raw.name, raw.path, held, around)?,
        tags: tags(path, raw.tags)?,
        boundary: boundary(path, raw.permissions_boundary, around.account)?,
        trust_policy,
        description: raw.description,
        max_session_seconds: raw.max_session_seconds,
    })
}

pub(super) fn provider(path: &Path, raw: RawProvider) -> Result<DeclaredProvider, Misplaced> {
    placed(&path.field("url"), rules::provider_name(&raw.url).map(|_| ()))?;
    let ids = path.field("client_ids");
    at_most(&ids, "client ids", rules::CLIENT_IDS, raw.client_ids.len())?;
    for (at, id) in raw.client_ids.iter().enumerate() {
        placed(&ids.item(at), rules::client_id(id))?;
    }
    let thumbprints = path.field("thumbprints");
    at_most(&thumbprints, "thumbprints", rules::THUMBPRINTS, raw.thumbprints.len())?;
    for (at, thumbprint) in raw.thumbprints.iter().enumerate() {
        placed(&thumbprints.item(at), rules::thumbprint(thumbprint))?;
    }
    Ok(DeclaredProvider {
        tags: tags(path, raw.tags)?,
        url: raw.url,
        client_ids: raw.client_ids,
        thumbprints: raw.thumbprints.iter().map(|text| text.to_ascii_lowercase()).collect(),
    })
}

fn holder(
    path: &Path,
    name: String,
    at: Option<String>,
    held: Held,
    around: &Surroundings<'_>,
) -> Result<DeclaredHolder, Misplaced> {
    let place = path.field("inline_policies");
    let mut inline = BTreeMap::new();
    for (name, declared) in held.inline {
        let place = place.field(&name);
        placed(&place, rules::policy_name(&name))?;
        let text = documents::policy(&place, declared, PolicyKind::Identity, &INLINE_POLICY, around.files)?;
        inline.insert(name, text);
    }
    let size = inline.values().map(|text| rules::policy_size(text)).sum();
    at_most(&place, "characters of inline policies", held.size, size)?;
    let place = path.field("attached_policies");
    at_most(
        &place,
        "attached policies",
        rules::ATTACHED_POLICIES,
        held.attached.len(),
    )?;
    let mut seen = HashSet::new();
    for (at, arn) in held.attached.iter().enumerate() {
        managed(&place.item(at), arn, around.account)?;
        once(&place.item(at), &mut seen, arn)?;
    }
    Ok(DeclaredHolder {
        name,
        path: entity_path(path, at)?,
        inline,
        attached: held.attached,
    })
}

/// The ARN of a managed policy that the account may use.
fn managed(path: &Path, arn: &str, account: AccountId) -> Result<(), Misplaced> {
    let parsed = PolicyArn::parse(arn).map_err(|error| path.error(error))?;
    let usable = match parsed.account {
        Some(owner) => owner == account,
        None => builtin::find(arn).is_some_and(builtin::BuiltinPolicy::is_attachable),
    };
    if usable {
        Ok(())
    } else {
        Err(path.error(Problem::UnusablePolicy(arn.to_owned())))
    }
}

fn boundary(path: &Path, arn: Option<String>, account: AccountId) -> Result<Option<String>, Misplaced> {
    if let Some(arn) = &arn {
        managed(&path.field("permissions_boundary"), arn, account)?;
    }
    Ok(arn)
}

fn entity_path(path: &Path, text: Option<String>) -> Result<Option<String>, Misplaced> {
    if let Some(text) = &text {
        placed(&path.field("path"), rules::path(text))?;
    }
    Ok(text)
}

fn tags(path: &Path, tags: BTreeMap<String, String>) -> Result<Vec<Tag>, Misplaced> {
    let path = path.field("tags");
    at_most(&path, "tags", rules::TAGS, tags.len())?;
    placed(
        &path,
        rules::tags(tags.iter().map(|(key, value)| (key.as_str(), value.as_str()))),
    )?;
    Ok(tags.into_iter().map(|(key, value)| Tag { key, value }).collect())
}

fn placed(path: &Path, checked: Result<(), InvalidInput>) -> Result<(), Misplaced> {
    checked.map_err(|error| path.error(error))
}
