//! `AssumeRoleWithWebIdentity`: a session of a role for somebody whom an OIDC provider vouches for, and whom the role's
//! trust policy lets.
//!
//! The request is not signed: the token is what proves who calls. What may have been signed of it counts for nothing.

use trent_api::{ApiError, protocol, sts};
use trent_audit::json::Object;
use trent_identity::session::{NewSession, SessionKind};
use trent_policy::{ConditionKey, Values};
use trent_service::{Access, Call, Effect, Facts, Operation, Row, Target, action};

use super::assume_role::SET_SOURCE_IDENTITY;
use super::row;
use crate::Sts;
use crate::sts::beginning::{self, SessionPolicies, begin};
use crate::sts::role::{self, NamedRole, record_assumed};
use crate::sts::tagging::{self, TAG_SESSION};
use crate::sts::web_identity::Vouched;

/// What is fixed about the operation. Any key may be a claim: their names begin with the provider's.
pub(crate) static ROW: Row<()> = row(
    "AssumeRoleWithWebIdentity",
    action!("sts:AssumeRoleWithWebIdentity"),
    Access::Write,
    &[
        "sts:RoleSessionName",
        "sts:SourceIdentity",
        "sts:TransitiveTagKeys",
        "aws:FederatedProvider",
        tagging::CONDITION_KEYS[0],
        tagging::CONDITION_KEYS[1],
        role::CONDITION_KEYS[0],
        role::CONDITION_KEYS[1],
        "${Provider}:${Claim}",
    ],
);

/// The operation.
pub(crate) struct AssumeRoleWithWebIdentity;

/// The session that is asked for, and by whom.
pub(crate) struct Assumption {
    role: NamedRole,
    vouched: Vouched,
}

impl Operation for AssumeRoleWithWebIdentity {
    type Service = Sts;
    type Input = sts::AssumeRoleWithWebIdentityRequest;
    type Output = sts::AssumeRoleWithWebIdentityResponse;
    type Resolved = Assumption;

    const ROW: &'static Row<()> = &ROW;

    async fn resolve(service: &Sts, call: &Call, input: &Self::Input) -> Result<Assumption, ApiError> {
        let role = NamedRole::find(service, call, &input.role_arn).await?;
        if input.provider_id.is_some() {
            return Err(protocol::validation(
                "ProviderId names a provider of OAuth 2.0 access tokens, and ID tokens are accepted only",
            ));
        }
        let vouched = Vouched::by_token(service, call, &role, input.web_identity_token.expose()).await?;
        Ok(Assumption { role, vouched })
    }

    fn targets<'a>(_: &'a Call, _: &'a Self::Input, asked: &'a Assumption) -> Vec<Target<'a>> {
        let target = ROW.on(asked.role.resource(Some(&asked.vouched.provider_arn)));
        let further = [
            (asked.vouched.tags.any(), &TAG_SESSION),
            (asked.vouched.source_identity.is_some(), &SET_SOURCE_IDENTITY),
        ];
        let further = further.into_iter().filter(|(needed, _)| *needed);
        let further = further.map(|(_, action)| Target { action, ..target });
        std::iter::once(target).chain(further).collect()
    }

    fn condition<'a>(
        input: &'a Self::Input,
        asked: &'a Assumption,
        _: &Target<'_>,
        key: &'a ConditionKey,
    ) -> Values<'a> {
        match key.lower() {
            "sts:rolesessionname" => Values::One(&input.role_session_name),
            _ => asked.vouched.condition(key),
        }
    }

    async fn prepare(
        service: &Sts,
        call: &Call,
        input: &Self::Input,
        asked: &Assumption,
    ) -> Result<Effect<Self::Output>, ApiError> {
        let policies = SessionPolicies::new(input.policy.as_deref(), input.policy_arns.as_deref())?;
        let vouched = &asked.vouched;
        let (tags, transitive_tag_keys) = vouched.tags.of_session();
        let mut begun = begin(
            service,
            call,
            NewSession {
                kind: SessionKind::Role,
                principal: asked.role.authorized()?.party().clone(),
                issuer: vouched.provider.clone(),
                name: Some(input.role_session_name.clone()),
                source_identity: vouched.source_identity.clone(),
                policies: policies.documents,
                policy_arns: policies.arns,
                tags,
                transitive_tag_keys,
                federated_provider: Some(vouched.provider_arn.clone()),
                claims: vouched.claims.clone(),
                lifetime: asked.role.lifetime(input.duration_seconds, false)?,
            },
        )
        .await?;
        let user = asked.role.assumed(&input.role_session_name)?;
        begun
            .recorded
            .string("subjectFromWebIdentityToken", &vouched.subject)
            .string("provider", &vouched.provider_arn)
            .string("audience", &vouched.audience);
        record_assumed(&mut begun.recorded, &user);
        Ok(Effect {
            response_elements: Some(begun.recorded.finish()),
            ..Effect::reply(sts::AssumeRoleWithWebIdentityResponse {
                credentials: Some(begun.credentials),
                subject_from_web_identity_token: Some(vouched.subject.clone()),
                assumed_role_user: Some(user),
                packed_policy_size: begun.packed_percent,
                provider: Some(vouched.provider_arn.clone()),
                audience: Some(vouched.audience.clone()),
                source_identity: vouched.source_identity.clone(),
                ..sts::AssumeRoleWithWebIdentityResponse::default()
            })
        })
    }

    fn describe(_: &Call, input: &Self::Input, asked: Option<&Assumption>) -> Facts {
        let mut parameters = Object::new();
        parameters
            .string("roleArn", &input.role_arn)
            .string("roleSessionName", &input.role_session_name);
        beginning::record(
            &mut parameters,
            input.policy.as_deref(),
            input.policy_arns.as_deref(),
            input.duration_seconds,
        );
        // The caller is known to nobody but the issuer, so its record says who that says it is.
        let identity = asked.map(|asked| {
            let mut identity = Object::new();
            identity
                .string("identityProvider", &asked.vouched.issuer)
                .string("subject", &asked.vouched.subject)
                .string("audience", &asked.vouched.audience);
            let mut further = Object::new();
            further.object("webIdentity", identity);
            further.finish()
        });
        Facts {
            request_parameters: Some(parameters.finish()),
            additional_event_data: identity,
            tells_of_keys: false,
            resources: asked.map(|asked| asked.role.audited()).into_iter().collect(),
        }
    }
}
