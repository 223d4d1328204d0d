//! The policies that a rehearsal asks, and where each comes from.

use std::collections::BTreeSet;
use std::sync::Arc;

use trent_api::iam::{PolicyIdentifierPolicyType as Excluded, PolicySourceType};
use trent_api::{ApiError, iam};
use trent_identity::directory::Entity;
use trent_identity::directory::principals::{GroupRecord, PolicyReference};
use trent_identity::entitlements::{AppliedPolicy, PolicySource};
use trent_identity::rules::PolicyArn;
use trent_identity::{Document, Entitlements};
use trent_names::PrincipalArn;
use trent_policy::{Policy, PolicyKind, Rules};
use trent_service::internal;

use super::super::policies::{self, Managed};
use crate::iam::refusals::no_such;
use crate::iam::tenant::Tenant;

/// A policy with the name and the kind of place that results give it.
pub(super) struct Source {
    /// Where it comes from, in words.
    pub(super) id: String,
    /// What it is attached to.
    pub(super) kind: PolicySourceType,
    /// Its own name, or its ARN if it is managed.
    name: String,
    held: Held,
}

enum Held {
    /// A stored policy, as it applies.
    Applied(AppliedPolicy),
    /// One that the request brings.
    Brought(Policy),
}

impl Source {
    /// The policy.
    pub(super) fn policy(&self) -> &Policy {
        match &self.held {
            Held::Applied(applied) => applied.policy(),
            Held::Brought(policy) => policy,
        }
    }

    /// Policies that the request brings in a list of that name.
    pub(super) fn brought(list: &str, texts: Option<&[String]>, kind: PolicyKind) -> Result<Vec<Self>, ApiError> {
        let texts = texts.unwrap_or_default().iter().enumerate();
        let sources = texts.map(|(index, text)| {
            let policy = Policy::parse(text, kind, &Rules::SCENARIO)
                .map_err(|error| iam::error::invalid_input(error.service_message(kind)))?;
            let id = format!("{list}.{}", index + 1);
            Ok(Self {
                name: id.clone(),
                id,
                kind: match kind {
                    PolicyKind::Resource => PolicySourceType::Resource,
                    _ => PolicySourceType::None,
                },
                held: Held::Brought(policy),
            })
        });
        sources.collect()
    }

    fn applied(owner: &Owner<'_>, applied: AppliedPolicy) -> Self {
        let name = applied.name.to_string();
        let own = match owner {
            Owner::User(name) => (PolicySourceType::User, *name),
            Owner::Group(name) => (PolicySourceType::Group, *name),
            Owner::Role(name) => (PolicySourceType::Role, *name),
        };
        let (kind, id) = match &applied.source {
            PolicySource::Inline => (own.0, format!("{}_{}_{name}", own.0.as_str(), own.1)),
            PolicySource::GroupInline(group) => (PolicySourceType::Group, format!("group_{group}_{name}")),
            _ => match PolicyArn::parse(&name) {
                Ok(arn) if arn.account.is_some() => (PolicySourceType::UserManaged, arn.name.to_owned()),
                Ok(arn) => (PolicySourceType::AwsManaged, arn.name.to_owned()),
                Err(_) => (PolicySourceType::None, name.clone()),
            },
        };
        let held = Held::Applied(applied);
        Self { id, kind, name, held }
    }

    /// Whether a rehearsal is to leave it out: it is named, or all of its type are.
    pub(super) fn is_excluded(&self, list: Option<&[iam::PolicyIdentifier]>) -> bool {
        list.unwrap_or_default().iter().any(|excluded| match excluded {
            iam::PolicyIdentifier {
                inline_policy_identifier: Some(inline),
                ..
            } => {
                let place = inline.attachment_type.as_str();
                self.id == format!("{place}_{}_{}", inline.attachment_name, inline.policy_name)
            }
            iam::PolicyIdentifier {
                policy_arn: Some(arn), ..
            } => *arn == self.name,
            iam::PolicyIdentifier { policy_type, .. } => policy_type.is_some_and(|kind| self.is_of_type(kind)),
        })
    }

    fn is_of_type(&self, kind: Excluded) -> bool {
        let bounds = matches!(&self.held, Held::Applied(policy) if policy.source == PolicySource::Boundary);
        match kind {
            Excluded::PermissionBoundary => bounds,
            Excluded::AwsManaged => !bounds && self.kind == PolicySourceType::AwsManaged,
            Excluded::UserManaged => !bounds && self.kind == PolicySourceType::UserManaged,
            Excluded::Inline => matches!(
                self.kind,
                PolicySourceType::User | PolicySourceType::Group | PolicySourceType::Role
            ),
            // None of an organization is asked.
            Excluded::Scp | Excluded::Rcp => false,
        }
    }
}

enum Owner<'a> {
    User(&'a str),
    Group(&'a str),
    Role(&'a str),
}

/// A principal whose policies are rehearsed.
pub(super) struct Principal {
    /// Its ARN; none for a group, which is no principal.
    pub(super) arn: Option<PrincipalArn>,
    /// Its unique id.
    pub(super) id: String,
    /// Its tags.
    pub(super) tags: Vec<(String, String)>,
    /// Its identity policies, with those of its groups.
    pub(super) identity: Vec<Source>,
    /// Its permissions boundary.
    pub(super) boundary: Vec<Source>,
}

/// A user, group or role of the caller's account, by its ARN.
pub(super) async fn principal(tenant: &Tenant<'_>, arn: &str) -> Result<Principal, ApiError> {
    if let Some(name) = group_name(arn) {
        return group(tenant, arn, name).await;
    }
    let parsed = PrincipalArn::parse(arn).map_err(|_| invalid(arn))?;
    let (entity, name) = match &parsed {
        PrincipalArn::User { name, .. } => (Entity::User, name),
        PrincipalArn::Role { name, .. } => (Entity::Role, name),
        _ => return Err(invalid(arn)),
    };
    let missing = || no_such(entity, name);
    let party = tenant.directory.party_of(&parsed).await.map_err(internal)?;
    let party = party.ok_or_else(missing)?;
    let entitlements = tenant.directory.entitlements(&party).await.map_err(internal)?;
    let Entitlements {
        policies,
        boundary,
        tags,
        ..
    } = entitlements.ok_or_else(missing)?;
    let owner = match entity {
        Entity::Role => Owner::Role(name),
        _ => Owner::User(name),
    };
    let source = |applied| Source::applied(&owner, applied);
    Ok(Principal {
        id: party.id.map(|id| id.to_string()).unwrap_or_default(),
        tags: tags.into_iter().map(|tag| (tag.key, tag.value)).collect(),
        identity: policies.into_iter().map(source).collect(),
        boundary: boundary.into_iter().map(source).collect(),
        arn: Some(parsed.clone()),
    })
}

/// The name that `arn:aws:iam::111122223333:group/path/name` ends in.
fn group_name(arn: &str) -> Option<&str> {
    let resource = arn.splitn(6, ':').nth(5)?;
    resource.strip_prefix("group/")?.rsplit('/').next()
}

async fn group(tenant: &Tenant<'_>, arn: &str, name: &str) -> Result<Principal, ApiError> {
    let (id, group) = tenant.find::<GroupRecord>(name).await?;
    if group.arn(tenant.partition(), tenant.account()) != arn {
        return Err(no_such(Entity::Group, name));
    }
    let mut applied = Vec::new();
    for policy in group.policies.inline {
        applied.push(AppliedPolicy {
            name: policy.name.into(),
            source: PolicySource::Inline,
            document: Arc::new(Document::new(policy.document)),
        });
    }
    for reference in group.policies.attached {
        applied.push(AppliedPolicy {
            document: Arc::new(in_force(tenant, &reference).await?),
            name: reference.arn.into(),
            source: PolicySource::Attached,
        });
    }
    let owner = Owner::Group(&group.name);
    Ok(Principal {
        arn: None,
        id: id.to_string(),
        tags: Vec::new(),
        identity: applied
            .into_iter()
            .map(|policy| Source::applied(&owner, policy))
            .collect(),
        boundary: Vec::new(),
    })
}

async fn in_force(tenant: &Tenant<'_>, reference: &PolicyReference) -> Result<Document, ApiError> {
    Ok(match policies::find(tenant, &reference.arn).await? {
        Managed::Own(_, record) => record
            .in_force()
            .map_or_else(Document::withheld, |version| Document::new(version.document.as_str())),
        Managed::Builtin(policy) => Document::new(policy.document),
    })
}

/// That an ARN is of nobody who could be rehearsed.
pub(super) fn invalid(arn: &str) -> ApiError {
    iam::error::invalid_input(format!(
        "Invalid Entity Arn: {arn} does not clearly define entity type and name."
    ))
}

/// The condition keys that policies ask for, each once, as they are written, by name.
pub(super) fn context_keys<'a>(policies: impl IntoIterator<Item = &'a Policy>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut names = Vec::new();
    for policy in policies {
        policy.condition_keys(|key| {
            if seen.insert(key.lower().to_owned()) {
                names.push(key.as_str().to_owned());
            }
        });
    }
    names.sort();
    names
}
