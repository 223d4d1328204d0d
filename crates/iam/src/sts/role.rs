//! The role that a request names, here or not.

use std::time::Duration;

use trent_api::{ApiError, protocol, sts};
use trent_audit::json::Object;
use trent_identity::session::LONGEST_CHAINED;
use trent_identity::{AssumableRole, UniqueId};
use trent_names::{AccountId, Partition, PrincipalArn};
use trent_policy::{ConditionKey, Context, Values};
use trent_service::{AuditedResource, Call, Resource, internal};

use super::Sts;

/// How long a role's session lasts if nobody says.
const USUAL: Duration = Duration::from_hours(1);

/// What a role tells policies about itself.
pub(crate) const CONDITION_KEYS: [&str; 2] = ["aws:ResourceTag/${TagKey}", "iam:ResourceTag/${TagKey}"];

/// A role by the ARN that a request gives.
pub(crate) struct NamedRole {
    arn: String,
    name: Box<str>,
    partition: Partition,
    account: AccountId,
    found: Option<AssumableRole>,
}

impl NamedRole {
    /// Finds a role. One that is not here, or whose account is not, is refused later, in the words of one that does not
    /// trust the caller.
    pub(crate) async fn find(service: &Sts, call: &Call, arn: &str) -> Result<Self, ApiError> {
        let invalid = || protocol::validation("Request ARN is invalid");
        let principal = PrincipalArn::parse(arn).map_err(|_| invalid())?;
        let PrincipalArn::Role {
            partition,
            account,
            ref name,
            ..
        } = principal
        else {
            return Err(invalid());
        };
        if partition != call.region.partition() {
            return Err(invalid());
        }
        Ok(Self {
            arn: arn.to_owned(),
            name: (&**name).into(),
            partition,
            account,
            found: service.directory().assumable_role(&principal).await.map_err(internal)?,
        })
    }

    /// The account that the ARN names.
    pub(crate) fn account(&self) -> AccountId {
        self.account
    }

    /// The partition that the ARN names.
    pub(crate) fn partition(&self) -> Partition {
        self.partition
    }

    /// The ARN as it was given.
    pub(crate) fn arn(&self) -> &str {
        &self.arn
    }

    /// The role as something to be assumed; by somebody for whom `provider` vouches, if nobody else knows them.
    pub(crate) fn resource<'a>(&'a self, provider: Option<&'a str>) -> Resource<'a> {
        Resource::Role {
            arn: &self.arn,
            account: self.account,
            trust: self.found.as_ref().map(AssumableRole::trust_policy),
            attributes: self,
            provider,
        }
    }

    /// The role, once somebody was found to be allowed to assume it.
    pub(crate) fn authorized(&self) -> Result<&AssumableRole, ApiError> {
        let found = self.found.as_ref();
        found.ok_or_else(|| internal("a role that is not here was allowed to be assumed"))
    }

    /// How long a session lasts. `chained`: it is begun from another role's session.
    pub(crate) fn lifetime(&self, seconds: Option<i32>, chained: bool) -> Result<Duration, ApiError> {
        let longest = self.authorized()?.max_session();
        let Some(seconds) = seconds else {
            return Ok(USUAL.min(longest));
        };
        let wanted = Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
        if wanted > longest {
            return Err(protocol::validation(
                "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
            ));
        }
        if chained && wanted > LONGEST_CHAINED {
            return Err(protocol::validation(
                "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
            ));
        }
        Ok(wanted)
    }

    /// The session's holder as the reply names it.
    pub(crate) fn assumed(&self, session: &str) -> Result<sts::AssumedRoleUser, ApiError> {
        let id = self.authorized()?.party().id.as_ref().map(UniqueId::as_str);
        let arn = PrincipalArn::AssumedRole {
            partition: self.partition,
            account: self.account,
            role: (&*self.name).into(),
            session: session.into(),
        };
        Ok(sts::AssumedRoleUser {
            assumed_role_id: format!("{}:{session}", id.unwrap_or_default()),
            arn: arn.to_string(),
        })
    }

    /// The role as the record has it.
    pub(crate) fn audited(&self) -> AuditedResource {
        AuditedResource {
            account: self.account,
            arn: self.arn.clone(),
        }
    }
}

/// The session's holder as the record has it.
pub(crate) fn record_assumed(recorded: &mut Object, user: &sts::AssumedRoleUser) {
    let mut object = Object::new();
    object
        .string("assumedRoleId", &user.assumed_role_id)
        .string("arn", &user.arn);
    recorded.object("assumedRoleUser", object);
}

/// The role's tags.
impl Context for NamedRole {
    fn lookup<'a>(&'a self, key: &'a ConditionKey) -> Values<'a> {
        let prefixes = ["aws:resourcetag/", "iam:resourcetag/"];
        let name = prefixes.iter().find_map(|prefix| key.suffix(prefix));
        let (Some(name), Some(role)) = (name, &self.found) else {
            return Values::Absent;
        };
        let mut tags = role.tags().iter();
        let tag = tags.find(|tag| tag.key.to_lowercase() == name);
        Values::optional(tag.map(|tag| tag.value.as_str()))
    }
}
