//! A managed policy of the account, or one that comes with the product: one thing to whoever reads them.

use trent_api::query::percent_encoded;
use trent_api::{ApiError, iam};
use trent_identity::UniqueId;
use trent_identity::directory::Entity;
use trent_identity::directory::builtin::{self, BuiltinPolicy};
use trent_identity::directory::principals::{PolicyRecord, PolicyReference, Tag, Usage};

use super::super::replies::{at, tags};
use crate::iam::arns;
use crate::iam::refusals::{no_such, outside, refused};
use crate::iam::tenant::Tenant;

/// Users of a policy that are counted at a time.
const STEP: usize = 1_000;

/// A managed policy.
pub(crate) enum Managed {
    /// One of the account's.
    Own(UniqueId, Box<PolicyRecord>),
    /// One that comes with the product.
    Builtin(&'static BuiltinPolicy),
}

/// The managed policy that an ARN names.
pub(crate) async fn find(tenant: &Tenant<'_>, arn: &str) -> Result<Managed, ApiError> {
    let parsed = arns::policy(tenant, arn)?;
    match parsed.account {
        None => builtin::find(arn)
            .map(Managed::Builtin)
            .ok_or_else(|| no_such(Entity::Policy, arn)),
        Some(account) if account == tenant.account() => {
            let (_, id, record) = tenant.directory.policy(arn).await.map_err(refused)?;
            Ok(Managed::Own(id, Box::new(record)))
        }
        Some(_) => Err(outside()),
    }
}

impl Managed {
    /// Its ARN.
    pub(crate) fn arn(&self, tenant: &Tenant<'_>) -> String {
        match self {
            Self::Own(_, record) => record.arn(tenant.partition(), tenant.account()),
            Self::Builtin(policy) => {
                format!(
                    "arn:{}:iam::aws:policy{}{}",
                    tenant.partition(),
                    policy.path,
                    policy.name
                )
            }
        }
    }

    /// Its tags.
    pub(crate) fn into_tags(self) -> Vec<Tag> {
        match self {
            Self::Own(_, record) => record.tags,
            Self::Builtin(_) => Vec::new(),
        }
    }

    /// As those know it who use it.
    pub(crate) fn reference(&self, tenant: &Tenant<'_>) -> PolicyReference {
        let (id, edition) = match self {
            Self::Own(id, record) => (Some(id.clone()), record.edition),
            Self::Builtin(policy) => (None, policy.edition),
        };
        let arn = self.arn(tenant);
        PolicyReference { arn, id, edition }
    }

    /// How many users, groups and roles of the account use it so.
    pub(crate) async fn count(&self, tenant: &Tenant<'_>, usage: Usage) -> Result<u64, ApiError> {
        match self {
            Self::Own(_, record) => Ok(match usage {
                Usage::Attached => record.attachments,
                Usage::Boundary => record.boundaries,
            }),
            Self::Builtin(_) => Ok(self.users(tenant, usage).await?.len() as u64),
        }
    }

    /// The users, groups and roles of the account that use it so.
    pub(crate) async fn users(&self, tenant: &Tenant<'_>, usage: Usage) -> Result<Vec<UniqueId>, ApiError> {
        let reference = self.reference(tenant);
        let mut users = Vec::new();
        let mut after = None;
        loop {
            let page = tenant
                .directory
                .users_of_policy(tenant.account(), &reference, usage, after.as_ref(), STEP)
                .await
                .map_err(refused)?;
            users.extend(page.items.into_iter().map(|(id, ())| id));
            after = page.next;
            if after.is_none() {
                return Ok(users);
            }
        }
    }

    /// The policy as lists show it: without description and tags.
    pub(crate) async fn listed(&self, tenant: &Tenant<'_>) -> Result<iam::Policy, ApiError> {
        let counted = |count: u64| i32::try_from(count).ok();
        let common = iam::Policy {
            arn: Some(self.arn(tenant)),
            attachment_count: counted(self.count(tenant, Usage::Attached).await?),
            permissions_boundary_usage_count: counted(self.count(tenant, Usage::Boundary).await?),
            is_attachable: Some(match self {
                Self::Own(..) => true,
                Self::Builtin(policy) => policy.is_attachable(),
            }),
            ..iam::Policy::default()
        };
        Ok(match self {
            Self::Own(id, record) => iam::Policy {
                policy_name: Some(record.name.clone()),
                policy_id: Some(id.to_string()),
                path: Some(record.path.clone()),
                default_version_id: Some(format!("v{}", record.default_version)),
                create_date: Some(at(record.created_at)),
                update_date: Some(at(record.updated_at)),
                ..common
            },
            Self::Builtin(policy) => iam::Policy {
                policy_name: Some(policy.name.to_owned()),
                path: Some(policy.path.to_owned()),
                default_version_id: Some(format!("v{}", policy.edition)),
                ..common
            },
        })
    }

    /// The policy, whole.
    pub(crate) async fn shown(&self, tenant: &Tenant<'_>) -> Result<iam::Policy, ApiError> {
        let (description, tags) = match self {
            Self::Own(_, record) => (record.description.as_str(), tags(&record.tags)),
            Self::Builtin(policy) => (policy.description, None),
        };
        Ok(iam::Policy {
            description: Some(description.to_owned()).filter(|text| !text.is_empty()),
            tags,
            ..self.listed(tenant).await?
        })
    }

    /// Its versions with their numbers, newest first; with their documents if `whole`.
    pub(crate) fn versions(&self, whole: bool) -> Vec<(u32, iam::PolicyVersion)> {
        let document = |text: &str| whole.then(|| percent_encoded(text));
        match self {
            Self::Own(_, record) => {
                let versions = record.versions.iter().rev().map(|version| {
                    let shown = iam::PolicyVersion {
                        document: document(&version.document),
                        version_id: Some(format!("v{}", version.number)),
                        is_default_version: Some(version.number == record.default_version),
                        create_date: Some(at(version.created_at)),
                    };
                    (version.number, shown)
                });
                versions.collect()
            }
            Self::Builtin(policy) => {
                let number = u32::try_from(policy.edition).unwrap_or(u32::MAX);
                let shown = iam::PolicyVersion {
                    document: document(policy.document),
                    version_id: Some(format!("v{number}")),
                    is_default_version: Some(true),
                    create_date: None,
                };
                vec![(number, shown)]
            }
        }
    }
}
