//! `AssumeRole`: a session of a role, for whom the role's trust policy lets and, unless that names the caller itself,
//! whom its own policies let.
//!
//! A session begun from a role's session is chained: it lasts an hour at most, and takes over the source identity and
//! the transitive tags of the session before it. Passing tags or a source identity on takes the permissions
//! `sts:TagSession` and `sts:SetSourceIdentity` as setting them does.

use trent_api::{ApiError, protocol, sts};
use trent_audit::json::Object;
use trent_identity::session::{NewSession, SessionKind};
use trent_identity::{Caller, PrincipalKind};
use trent_policy::{Action, ConditionKey, Values};
use trent_service::{Access, Call, Effect, Facts, Operation, Row, Target, action};

use super::row;
use crate::Sts;
use crate::sts::asking::{caller, party, without_mfa};
use crate::sts::beginning::{self, SessionPolicies, begin};
use crate::sts::role::{self, NamedRole, record_assumed};
use crate::sts::tagging::{self, SessionTags, TAG_SESSION};

/// What setting a source identity takes, besides the permission for the session itself.
pub(crate) static SET_SOURCE_IDENTITY: Action = action!("sts:SetSourceIdentity");

/// What is fixed about the operation.
pub(crate) static ROW: Row<()> = row(
    "AssumeRole",
    action!("sts:AssumeRole"),
    Access::Write,
    &[
        "sts:ExternalId",
        "sts:RoleSessionName",
        "sts:SourceIdentity",
        "sts:TransitiveTagKeys",
        tagging::CONDITION_KEYS[0],
        tagging::CONDITION_KEYS[1],
        role::CONDITION_KEYS[0],
        role::CONDITION_KEYS[1],
    ],
);

/// The operation.
pub(crate) struct AssumeRole;

/// The session that is asked for.
pub(crate) struct Assumption {
    role: NamedRole,
    tags: SessionTags,
    source_identity: Option<String>,
}

impl Operation for AssumeRole {
    type Service = Sts;
    type Input = sts::AssumeRoleRequest;
    type Output = sts::AssumeRoleResponse;
    type Resolved = Assumption;

    const ROW: &'static Row<()> = &ROW;

    async fn resolve(service: &Sts, call: &Call, input: &Self::Input) -> Result<Assumption, ApiError> {
        let caller = caller(call)?;
        let role = NamedRole::find(service, call, &input.role_arn).await?;
        may_ask(caller, &role)?;
        if input.provided_contexts.is_some() {
            return Err(protocol::validation(
                "ProvidedContexts is not supported: no context provider is registered",
            ));
        }
        let session = caller.session.as_ref();
        Ok(Assumption {
            role,
            tags: SessionTags::new(input.tags.as_deref(), input.transitive_tag_keys.as_deref(), session),
            source_identity: source_identity(input.source_identity.as_deref(), caller)?,
        })
    }

    fn targets<'a>(_: &'a Call, _: &'a Self::Input, asked: &'a Assumption) -> Vec<Target<'a>> {
        let target = ROW.on(asked.role.resource(None));
        let further = [
            (asked.tags.any(), &TAG_SESSION),
            (asked.source_identity.is_some(), &SET_SOURCE_IDENTITY),
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
            "sts:externalid" => Values::optional(input.external_id.as_deref()),
            "sts:rolesessionname" => Values::One(&input.role_session_name),
            "sts:sourceidentity" => Values::optional(asked.source_identity.as_deref()),
            _ => asked.tags.condition(key),
        }
    }

    async fn prepare(
        service: &Sts,
        call: &Call,
        input: &Self::Input,
        asked: &Assumption,
    ) -> Result<Effect<Self::Output>, ApiError> {
        let caller = caller(call)?;
        without_mfa(input.serial_number.as_deref(), input.token_code.as_deref())?;
        let policies = SessionPolicies::new(input.policy.as_deref(), input.policy_arns.as_deref())?;
        asked.tags.check()?;
        let chained = caller.kind == PrincipalKind::AssumedRole;
        let (tags, transitive_tag_keys) = asked.tags.of_session();
        let mut begun = begin(
            service,
            call,
            NewSession {
                kind: SessionKind::Role,
                principal: asked.role.authorized()?.party().clone(),
                issuer: party(caller)?,
                name: Some(input.role_session_name.clone()),
                source_identity: asked.source_identity.clone(),
                policies: policies.documents,
                policy_arns: policies.arns,
                tags,
                transitive_tag_keys,
                federated_provider: None,
                claims: Vec::new(),
                lifetime: asked.role.lifetime(input.duration_seconds, chained)?,
            },
        )
        .await?;
        let user = asked.role.assumed(&input.role_session_name)?;
        record_assumed(&mut begun.recorded, &user);
        Ok(Effect {
            response_elements: Some(begun.recorded.finish()),
            ..Effect::reply(sts::AssumeRoleResponse {
                credentials: Some(begun.credentials),
                assumed_role_user: Some(user),
                packed_policy_size: begun.packed_percent,
                source_identity: asked.source_identity.clone(),
                ..sts::AssumeRoleResponse::default()
            })
        })
    }

    fn describe(_: &Call, input: &Self::Input, asked: Option<&Assumption>) -> Facts {
        let mut parameters = Object::new();
        parameters
            .string("roleArn", &input.role_arn)
            .string("roleSessionName", &input.role_session_name);
        if let Some(id) = &input.external_id {
            parameters.string("externalId", id);
        }
        if let Some(identity) = &input.source_identity {
            parameters.string("sourceIdentity", identity);
        }
        beginning::record(
            &mut parameters,
            input.policy.as_deref(),
            input.policy_arns.as_deref(),
            input.duration_seconds,
        );
        let mut further = Object::new();
        if let Some(asked) = asked {
            asked.tags.record(&mut parameters);
            asked.tags.record_inherited(&mut further);
        }
        Facts {
            request_parameters: Some(parameters.finish()),
            additional_event_data: (!further.is_empty()).then(|| further.finish()),
            tells_of_keys: false,
            resources: asked.map(|asked| asked.role.audited()).into_iter().collect(),
        }
    }
}

/// Root users assume no roles, and neither do federated users (IAM User Guide, "Compare AWS STS credentials").
fn may_ask(caller: &Caller, role: &NamedRole) -> Result<(), ApiError> {
    match caller.kind {
        PrincipalKind::Account => Err(protocol::access_denied("Roles may not be assumed by root accounts.")),
        PrincipalKind::FederatedUser => Err(protocol::access_denied(format!(
            "User: {} is not authorized to perform: {} on resource: {}",
            caller.principal,
            ROW.action,
            role.arn()
        ))),
        PrincipalKind::User | PrincipalKind::AssumedRole => Ok(()),
    }
}

/// The source identity of the session: once set it stays the same through every further session.
fn source_identity(wanted: Option<&str>, caller: &Caller) -> Result<Option<String>, ApiError> {
    let session = caller.session.as_ref();
    let present = session.and_then(|session| session.source_identity.as_deref());
    match (present, wanted) {
        (Some(present), Some(wanted)) if present != wanted => Err(protocol::access_denied(
            "The source identity of the calling session cannot be changed.",
        )),
        (present, wanted) => Ok(present.or(wanted).map(str::to_owned)),
    }
}
