//! What a request is about, and what that tells policies.

use std::collections::BTreeMap;

use trent_api::{ApiError, iam};
use trent_identity::EntityError;
use trent_identity::directory::Holder;
use trent_identity::directory::principals::{
    GroupRecord, PolicyReference, ProviderRecord, RoleRecord, Tag, UserRecord,
};
use trent_names::AccountId;
use trent_policy::{ConditionKey, Values};
use trent_service::Resource;

use super::arns;
use super::refusals::refused;
use super::tenant::Tenant;

/// A user, group, role, policy or provider that a request is about, there or not; or nothing in particular.
#[derive(Default)]
pub(crate) struct Subject {
    /// The account and the ARNs that must be allowed: none for a request about nothing in particular.
    place: Option<(AccountId, Vec<String>)>,
    tags: BTreeMap<String, String>,
    new_tags: BTreeMap<String, String>,
    boundary: Option<String>,
    policy: Option<String>,
}

impl Subject {
    /// Nothing in particular: IAM's `*`.
    pub(crate) fn nothing() -> Self {
        Self::default()
    }

    /// Something of the caller's account.
    pub(crate) fn at(tenant: &Tenant<'_>, arn: impl Into<String>) -> Self {
        Self {
            place: Some((tenant.account(), vec![arn.into()])),
            ..Self::default()
        }
    }

    /// A user; one that is not there is as one without path, tags and boundary.
    pub(crate) async fn user(tenant: &Tenant<'_>, name: &str) -> Result<Self, ApiError> {
        Ok(match tenant.look_for::<UserRecord>(name).await? {
            Some((_, user)) => Self::at(tenant, user.arn(tenant.partition(), tenant.account()).to_string())
                .tagged(user.tags)
                .bounded(user.boundary),
            None => Self::at(tenant, tenant.arn(&format!("user/{name}"))),
        })
    }

    /// A role, likewise.
    pub(crate) async fn role(tenant: &Tenant<'_>, name: &str) -> Result<Self, ApiError> {
        Ok(match tenant.look_for::<RoleRecord>(name).await? {
            Some((_, role)) => Self::at(tenant, role.arn(tenant.partition(), tenant.account()).to_string())
                .tagged(role.tags)
                .bounded(role.boundary),
            None => Self::at(tenant, tenant.arn(&format!("role/{name}"))),
        })
    }

    /// A group, likewise.
    pub(crate) async fn group(tenant: &Tenant<'_>, name: &str) -> Result<Self, ApiError> {
        Ok(match tenant.look_for::<GroupRecord>(name).await? {
            Some((_, group)) => Self::at(tenant, group.arn(tenant.partition(), tenant.account())),
            None => Self::at(tenant, tenant.arn(&format!("group/{name}"))),
        })
    }

    /// Whoever holds policies.
    pub(crate) async fn holder(tenant: &Tenant<'_>, holder: Holder<'_>) -> Result<Self, ApiError> {
        match holder {
            Holder::User(name) => Self::user(tenant, name).await,
            Holder::Group(name) => Self::group(tenant, name).await,
            Holder::Role(name) => Self::role(tenant, name).await,
        }
    }

    /// A managed policy. One of another account belongs to that account; one that comes with the product to whoever
    /// asks.
    pub(crate) async fn managed_policy(tenant: &Tenant<'_>, arn: &str) -> Result<Self, ApiError> {
        let parsed = arns::policy(tenant, arn)?;
        let owner = parsed.account.unwrap_or(tenant.account());
        let subject = Self {
            place: Some((owner, vec![arn.to_owned()])),
            ..Self::default()
        };
        if parsed.account != Some(tenant.account()) {
            return Ok(subject);
        }
        match tenant.directory.policy(arn).await {
            Ok((_, _, policy)) => Ok(subject.tagged(policy.tags)),
            Err(EntityError::NoSuch { .. }) => Ok(subject),
            Err(error) => Err(refused(error)),
        }
    }

    /// An OIDC provider by its ARN. One of another account belongs to that account.
    pub(crate) async fn provider(tenant: &Tenant<'_>, arn: &str) -> Result<Self, ApiError> {
        let (owner, name) = arns::provider(tenant, arn)?;
        let found = if owner == tenant.account() {
            tenant.look_for::<ProviderRecord>(name).await?
        } else {
            None
        };
        Ok(match found {
            // Its name is found in whatever case; its ARN has one.
            Some((_, provider)) => {
                let arn = provider.arn(tenant.partition(), tenant.account());
                Self::at(tenant, arn).tagged(provider.tags)
            }
            None => Self {
                place: Some((owner, vec![arn.to_owned()])),
                ..Self::default()
            },
        })
    }

    /// A user, group or role by its ARN, for those who only ask about it. One of another account belongs to that
    /// account.
    pub(crate) fn entity(tenant: &Tenant<'_>, arn: &str) -> Result<Self, ApiError> {
        let owner = arns::owner(tenant, arn)?;
        Ok(Self {
            place: Some((owner, vec![arn.to_owned()])),
            ..Self::default()
        })
    }

    /// Also what this would become, if it is to have another ARN.
    pub(crate) fn becoming(mut self, arn: String) -> Self {
        if let Some((_, arns)) = &mut self.place
            && !arns.contains(&arn)
        {
            arns.push(arn);
        }
        self
    }

    /// With the tags that the request brings.
    pub(crate) fn with_new_tags(mut self, tags: Option<&[iam::Tag]>) -> Self {
        let tags = tags.unwrap_or_default().iter();
        self.new_tags = tags.map(|tag| (tag.key.clone(), tag.value.clone())).collect();
        self
    }

    /// With the keys of tags that the request names.
    pub(crate) fn with_tag_keys(mut self, keys: &[String]) -> Self {
        self.new_tags = keys.iter().map(|key| (key.clone(), String::new())).collect();
        self
    }

    /// With the permissions boundary that the request brings.
    pub(crate) fn with_new_boundary(mut self, tenant: &Tenant<'_>, arn: Option<&str>) -> Result<Self, ApiError> {
        arn.map(|arn| arns::policy(tenant, arn)).transpose()?;
        self.boundary = arn.map(str::to_owned);
        Ok(self)
    }

    /// With the managed policy that the request names.
    pub(crate) fn with_policy(mut self, tenant: &Tenant<'_>, arn: &str) -> Result<Self, ApiError> {
        arns::policy(tenant, arn)?;
        self.policy = Some(arn.to_owned());
        Ok(self)
    }

    fn tagged(mut self, tags: Vec<Tag>) -> Self {
        self.tags = tags.into_iter().map(|tag| (tag.key, tag.value)).collect();
        self
    }

    fn bounded(mut self, boundary: Option<PolicyReference>) -> Self {
        self.boundary = boundary.map(|policy| policy.arn);
        self
    }

    /// Whether the request brings tags.
    pub(crate) fn brings_tags(&self) -> bool {
        !self.new_tags.is_empty()
    }

    /// What must be allowed.
    pub(crate) fn resources(&self) -> impl Iterator<Item = Resource<'_>> {
        let nothing = self.place.is_none().then_some(Resource::Any);
        let places = self
            .place
            .iter()
            .flat_map(|(account, arns)| arns.iter().map(|arn| Resource::Other { arn, account: *account }));
        nothing.into_iter().chain(places)
    }

    /// The values of a condition key of IAM (Service Authorization Reference, "AWS Identity and Access Management").
    pub(crate) fn values<'a>(&'a self, key: &'a ConditionKey) -> Values<'a> {
        match key.lower() {
            "iam:permissionsboundary" => Values::optional(self.boundary.as_deref()),
            "iam:policyarn" => Values::optional(self.policy.as_deref()),
            "aws:tagkeys" if self.brings_tags() => Values::Names(&self.new_tags),
            _ => {
                let of = |prefix: &str| key.suffix(prefix);
                if let Some(name) = of("aws:requesttag/") {
                    return Values::Under {
                        map: &self.new_tags,
                        name,
                    };
                }
                match of("aws:resourcetag/").or_else(|| of("iam:resourcetag/")) {
                    Some(name) => Values::Under { map: &self.tags, name },
                    None => Values::Absent,
                }
            }
        }
    }
}
