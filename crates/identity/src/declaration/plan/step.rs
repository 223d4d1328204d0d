//! The steps that bring a declared account about: each is small, does one thing, and says what it does.

use std::fmt;

use trent_crypto::Secret;
use trent_names::Region;

use super::super::Path;
use super::change::{Change, Kind};
use crate::access_key::AccessKeyId;
use crate::directory::principals::Tag;
use crate::directory::{Edit, EntityError, Holder, NewPolicy, NewProvider, NewRole, NewUser, Tagged};
use crate::rules;

/// Most operations that one step adds to a transaction: a holder, two managed policies and a link to each of them.
pub(super) const MOST_OPERATIONS: usize = 8;

/// Who holds policies.
#[derive(Clone, Debug)]
pub(super) enum Owner {
    User(String),
    Group(String),
    Role(String),
}

/// What has tags.
#[derive(Clone, Debug)]
pub(super) enum Subject {
    User(String),
    Role(String),
    /// A managed policy, by its ARN.
    Policy(String),
    /// An OIDC provider, by its name.
    Provider(String),
}

/// A step and the field of the declaration that asks for it.
pub(super) struct Placed {
    pub(super) path: Path,
    pub(super) step: Step,
}

/// One step.
pub(super) enum Step {
    CreateAccount(String),
    RenameAccount(String),
    SetAlias(String),
    RemoveAlias(String),
    DisableRegions(Vec<Region>),
    AddRootAccessKey(AccessKeyId, Secret),
    CreatePolicy(NewPolicy),
    AddPolicyVersion {
        arn: String,
        document: String,
    },
    RemovePolicyVersion {
        arn: String,
        number: u32,
    },
    RemovePolicy(String),
    CreateGroup {
        name: String,
        path: String,
    },
    MoveGroup {
        name: String,
        path: String,
    },
    RemoveGroup(String),
    CreateUser(NewUser),
    MoveUser {
        name: String,
        path: String,
    },
    RemoveUser(String),
    CreateRole(NewRole),
    DescribeRole {
        name: String,
        description: String,
    },
    SetLongestSession {
        name: String,
        seconds: u32,
    },
    SetTrustPolicy {
        name: String,
        document: String,
    },
    RemoveRole(String),
    Join {
        user: String,
        group: String,
    },
    Leave {
        user: String,
        group: String,
    },
    AddAccessKey {
        user: String,
        id: AccessKeyId,
        secret: Secret,
    },
    RemoveAccessKey {
        user: String,
        id: String,
    },
    PutInline {
        owner: Owner,
        name: String,
        document: String,
        known: bool,
    },
    RemoveInline {
        owner: Owner,
        name: String,
    },
    Attach {
        owner: Owner,
        arn: String,
    },
    Detach {
        owner: Owner,
        arn: String,
    },
    SetBoundary {
        owner: Owner,
        arn: String,
    },
    RemoveBoundary {
        owner: Owner,
    },
    Tag {
        subject: Subject,
        tags: Vec<Tag>,
    },
    Untag {
        subject: Subject,
        keys: Vec<String>,
    },
    CreateProvider(NewProvider),
    AddClientId {
        provider: String,
        id: String,
    },
    RemoveClientId {
        provider: String,
        id: String,
    },
    SetThumbprints {
        provider: String,
        thumbprints: Vec<String>,
    },
    RemoveProvider(String),
}

impl Owner {
    fn holder(&self) -> Holder<'_> {
        match self {
            Self::User(name) => Holder::User(name),
            Self::Group(name) => Holder::Group(name),
            Self::Role(name) => Holder::Role(name),
        }
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(name) => write!(f, "user {name}"),
            Self::Group(name) => write!(f, "group {name}"),
            Self::Role(name) => write!(f, "role {name}"),
        }
    }
}

impl Subject {
    fn tagged(&self) -> Tagged<'_> {
        match self {
            Self::User(name) => Tagged::User(name),
            Self::Role(name) => Tagged::Role(name),
            Self::Policy(arn) => Tagged::Policy(arn),
            Self::Provider(name) => Tagged::Provider(name),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(name) => write!(f, "user {name}"),
            Self::Role(name) => write!(f, "role {name}"),
            Self::Policy(arn) => write!(f, "policy {}", short(arn)),
            Self::Provider(name) => write!(f, "OIDC provider {name}"),
        }
    }
}

/// The name at the end of an ARN.
fn short(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

impl Step {
    /// Adds the step to a change of its account. An account that is made is made when the change begins.
    pub(super) async fn perform(&self, edit: &mut Edit<'_>) -> Result<(), EntityError> {
        match self {
            Self::CreateAccount(_) => Ok(()),
            Self::RenameAccount(name) => edit.rename_account(name).await,
            Self::SetAlias(alias) => edit.set_account_alias(alias).await,
            Self::RemoveAlias(alias) => edit.delete_account_alias(alias).await,
            Self::DisableRegions(regions) => edit.disable_regions(regions).await,
            Self::AddRootAccessKey(id, secret) => edit.import_root_access_key(id, secret.clone()).await,
            Self::CreatePolicy(new) => edit.create_policy(new.clone()).await.map(drop),
            Self::AddPolicyVersion { arn, document } => edit.create_policy_version(arn, document, true).await.map(drop),
            Self::RemovePolicyVersion { arn, number } => edit.delete_policy_version(arn, *number).await,
            Self::RemovePolicy(arn) => edit.delete_policy(arn).await,
            Self::CreateGroup { name, path } => edit.create_group(name, path).await.map(drop),
            Self::MoveGroup { name, path } => edit.update_group(name, None, Some(path)).await,
            Self::RemoveGroup(name) => edit.delete_group(name).await,
            Self::CreateUser(new) => edit.create_user(new.clone()).await.map(drop),
            Self::MoveUser { name, path } => edit.update_user(name, None, Some(path)).await,
            Self::RemoveUser(name) => edit.delete_user(name).await,
            Self::CreateRole(new) => edit.create_role(new.clone()).await.map(drop),
            Self::DescribeRole { name, description } => edit.update_role(name, Some(description), None).await,
            Self::SetLongestSession { name, seconds } => edit.update_role(name, None, Some(*seconds)).await,
            Self::SetTrustPolicy { name, document } => edit.update_trust_policy(name, document).await,
            Self::RemoveRole(name) => edit.delete_role(name).await,
            Self::Join { user, group } => edit.add_user_to_group(group, user).await,
            Self::Leave { user, group } => edit.remove_user_from_group(group, user).await,
            Self::AddAccessKey { user, id, secret } => edit.import_access_key(user, id, secret.clone()).await,
            Self::RemoveAccessKey { user, id } => edit.delete_access_key(user, id).await,
            _ => self.perform_attribute(edit).await,
        }
    }

    /// The steps that change what several kinds of entities have.
    async fn perform_attribute(&self, edit: &mut Edit<'_>) -> Result<(), EntityError> {
        match self {
            Self::PutInline {
                owner, name, document, ..
            } => edit.put_inline_policy(owner.holder(), name, document).await,
            Self::RemoveInline { owner, name } => edit.delete_inline_policy(owner.holder(), name).await,
            Self::Attach { owner, arn } => edit.attach_policy(owner.holder(), arn).await,
            Self::Detach { owner, arn } => edit.detach_policy(owner.holder(), arn).await,
            Self::SetBoundary { owner, arn } => edit.set_boundary(owner.holder(), arn).await,
            Self::RemoveBoundary { owner } => edit.clear_boundary(owner.holder()).await,
            Self::Tag { subject, tags } => edit.tag(subject.tagged(), tags.clone()).await,
            Self::Untag { subject, keys } => edit.untag(subject.tagged(), keys).await,
            Self::CreateProvider(new) => edit.create_provider(new.clone()).await.map(drop),
            Self::AddClientId { provider, id } => edit.add_client_id(provider, id).await,
            Self::RemoveClientId { provider, id } => edit.remove_client_id(provider, id).await,
            Self::SetThumbprints { provider, thumbprints } => edit.set_thumbprints(provider, thumbprints).await,
            Self::RemoveProvider(provider) => edit.delete_provider(provider).await,
            _ => unreachable!("`perform` does the others"),
        }
    }

    /// About how many bytes the step adds to a transaction.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::CreatePolicy(new) => new.document.len(),
            Self::CreateRole(new) => new.trust_policy.len(),
            Self::AddPolicyVersion { document, .. }
            | Self::SetTrustPolicy { document, .. }
            | Self::PutInline { document, .. } => document.len(),
            _ => 0,
        }
    }

    /// What it does.
    pub(super) fn change(&self) -> Change {
        use Kind::{Add, Alter, Remove};
        let (kind, what) = match self {
            Self::CreateAccount(name) => (Add, format!("account {name}")),
            Self::RenameAccount(name) => (Alter, format!("account: name {name}")),
            Self::SetAlias(alias) => (Alter, format!("account: alias {alias}")),
            Self::RemoveAlias(alias) => (Remove, format!("account: alias {alias}")),
            Self::DisableRegions(regions) if regions.is_empty() => {
                (Alter, "account: enabled in every Region".to_owned())
            }
            Self::DisableRegions(regions) => {
                let names: Vec<_> = regions.iter().map(Region::as_str).collect();
                (Alter, format!("account: not enabled in {}", names.join(", ")))
            }
            Self::AddRootAccessKey(id, _) => (Add, format!("root user: access key {id}")),
            Self::CreatePolicy(new) => (Add, format!("policy {}", new.name)),
            Self::AddPolicyVersion { arn, .. } => (Alter, format!("policy {}: new version", short(arn))),
            Self::RemovePolicyVersion { arn, number } => (Remove, format!("policy {}: version v{number}", short(arn))),
            Self::RemovePolicy(arn) => (Remove, format!("policy {}", short(arn))),
            Self::CreateGroup { name, .. } => (Add, format!("group {name}")),
            Self::MoveGroup { name, path } => (Alter, format!("group {name}: path {path}")),
            Self::RemoveGroup(name) => (Remove, format!("group {name}")),
            Self::CreateUser(new) => (Add, format!("user {}", new.name)),
            Self::MoveUser { name, path } => (Alter, format!("user {name}: path {path}")),
            Self::RemoveUser(name) => (Remove, format!("user {name}")),
            Self::CreateRole(new) => (Add, format!("role {}", new.name)),
            Self::DescribeRole { name, .. } => (Alter, format!("role {name}: description")),
            Self::SetLongestSession { name, seconds } => (Alter, format!("role {name}: sessions of {seconds} seconds")),
            Self::SetTrustPolicy { name, .. } => (Alter, format!("role {name}: trust policy")),
            Self::RemoveRole(name) => (Remove, format!("role {name}")),
            Self::Join { user, group } => (Add, format!("user {user}: group {group}")),
            Self::Leave { user, group } => (Remove, format!("user {user}: group {group}")),
            Self::AddAccessKey { user, id, .. } => (Add, format!("user {user}: access key {id}")),
            Self::RemoveAccessKey { user, id } => (Remove, format!("user {user}: access key {id}")),
            _ => return self.change_of_attribute(),
        };
        Change { kind, what }
    }

    fn change_of_attribute(&self) -> Change {
        use Kind::{Add, Alter, Remove};
        let keys = |tags: &[Tag]| tags.iter().map(|tag| tag.key.as_str()).collect::<Vec<_>>().join(", ");
        let (kind, what) = match self {
            Self::PutInline { owner, name, known, .. } => {
                let kind = if *known { Alter } else { Add };
                (kind, format!("{owner}: inline policy {name}"))
            }
            Self::RemoveInline { owner, name } => (Remove, format!("{owner}: inline policy {name}")),
            Self::Attach { owner, arn } => (Add, format!("{owner}: attached policy {}", short(arn))),
            Self::Detach { owner, arn } => (Remove, format!("{owner}: attached policy {}", short(arn))),
            Self::SetBoundary { owner, arn } => (Alter, format!("{owner}: permissions boundary {}", short(arn))),
            Self::RemoveBoundary { owner } => (Remove, format!("{owner}: permissions boundary")),
            Self::Tag { subject, tags } => (Alter, format!("{subject}: tags {}", keys(tags))),
            Self::Untag { subject, keys } => (Remove, format!("{subject}: tags {}", keys.join(", "))),
            Self::CreateProvider(new) => {
                let name = rules::provider_name(&new.url).unwrap_or(&new.url);
                (Add, format!("OIDC provider {name}"))
            }
            Self::AddClientId { provider, id } => (Add, format!("OIDC provider {provider}: client id {id}")),
            Self::RemoveClientId { provider, id } => (Remove, format!("OIDC provider {provider}: client id {id}")),
            Self::SetThumbprints { provider, .. } => (Alter, format!("OIDC provider {provider}: thumbprints")),
            Self::RemoveProvider(provider) => (Remove, format!("OIDC provider {provider}")),
            _ => unreachable!("`change` describes the others"),
        };
        Change { kind, what }
    }
}
