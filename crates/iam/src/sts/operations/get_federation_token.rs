//! `GetFederationToken`: a session for somebody whom the caller, a user or the root user, vouches for.
//!
//! It has what the caller has within its session policies, and without any nothing but what a resource's policy gives
//! it by name.

use trent_api::{ApiError, sts};
use trent_audit::json::Object;
use trent_identity::session::{NewSession, SessionKind};
use trent_names::PrincipalArn;
use trent_policy::{ConditionKey, Values};
use trent_service::{Access, Call, Effect, Facts, Operation, Resource, Row, Target, action};

use super::get_session_token::lifetime;
use super::row;
use crate::Sts;
use crate::sts::asking::{party, with_long_term_credentials};
use crate::sts::beginning::{self, SessionPolicies, begin};
use crate::sts::tagging::{self, SessionTags, TAG_SESSION};

/// What is fixed about the operation.
pub(crate) static ROW: Row<()> = row(
    "GetFederationToken",
    action!("sts:GetFederationToken"),
    Access::Read,
    &tagging::CONDITION_KEYS,
);

/// The operation.
pub(crate) struct GetFederationToken;

/// The federated user that is asked for.
pub(crate) struct Federation {
    arn: String,
    tags: SessionTags,
}

impl Operation for GetFederationToken {
    type Service = Sts;
    type Input = sts::GetFederationTokenRequest;
    type Output = sts::GetFederationTokenResponse;
    type Resolved = Federation;

    const ROW: &'static Row<()> = &ROW;

    async fn resolve(_: &Sts, call: &Call, input: &Self::Input) -> Result<Federation, ApiError> {
        let caller = with_long_term_credentials(call, ROW.name)?;
        let arn = PrincipalArn::FederatedUser {
            partition: call.region.partition(),
            account: caller.account,
            name: input.name.as_str().into(),
        };
        Ok(Federation {
            arn: arn.to_string(),
            tags: SessionTags::new(input.tags.as_deref(), None, None),
        })
    }

    fn targets<'a>(call: &'a Call, _: &'a Self::Input, asked: &'a Federation) -> Vec<Target<'a>> {
        let Some(account) = call.account() else {
            return vec![ROW.on(Resource::Any)];
        };
        let target = ROW.on(Resource::Other {
            arn: &asked.arn,
            account,
        });
        let mut targets = vec![target];
        if asked.tags.any() {
            targets.push(Target {
                action: &TAG_SESSION,
                ..target
            });
        }
        targets
    }

    fn condition<'a>(_: &'a Self::Input, asked: &'a Federation, _: &Target<'_>, key: &'a ConditionKey) -> Values<'a> {
        asked.tags.condition(key)
    }

    async fn prepare(
        service: &Sts,
        call: &Call,
        input: &Self::Input,
        asked: &Federation,
    ) -> Result<Effect<Self::Output>, ApiError> {
        let caller = with_long_term_credentials(call, ROW.name)?;
        let party = party(caller)?;
        let policies = SessionPolicies::new(input.policy.as_deref(), input.policy_arns.as_deref())?;
        let user = sts::FederatedUser {
            federated_user_id: format!("{}:{}", caller.account, input.name),
            arn: asked.arn.clone(),
        };
        let (tags, transitive_tag_keys) = asked.tags.of_session();
        let mut begun = begin(
            service,
            call,
            NewSession {
                kind: SessionKind::Federated,
                principal: party.clone(),
                issuer: party,
                name: Some(input.name.clone()),
                source_identity: None,
                policies: policies.documents,
                policy_arns: policies.arns,
                tags,
                transitive_tag_keys,
                federated_provider: None,
                claims: Vec::new(),
                lifetime: lifetime(input.duration_seconds, caller.is_root),
            },
        )
        .await?;
        let mut recorded = Object::new();
        recorded
            .string("federatedUserId", &user.federated_user_id)
            .string("arn", &user.arn);
        begun.recorded.object("federatedUser", recorded);
        Ok(Effect {
            response_elements: Some(begun.recorded.finish()),
            ..Effect::reply(sts::GetFederationTokenResponse {
                credentials: Some(begun.credentials),
                federated_user: Some(user),
                packed_policy_size: begun.packed_percent,
                ..sts::GetFederationTokenResponse::default()
            })
        })
    }

    fn describe(_: &Call, input: &Self::Input, asked: Option<&Federation>) -> Facts {
        let mut parameters = Object::new();
        parameters.string("name", &input.name);
        beginning::record(
            &mut parameters,
            input.policy.as_deref(),
            input.policy_arns.as_deref(),
            input.duration_seconds,
        );
        if let Some(asked) = asked {
            asked.tags.record(&mut parameters);
        }
        Facts {
            request_parameters: Some(parameters.finish()),
            ..Facts::default()
        }
    }
}
