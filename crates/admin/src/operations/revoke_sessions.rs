//! `RevokeSessions`: ends the sessions of a user, a role or a whole account, at once.
//!
//! For when credentials got into the wrong hands: those that were handed out until now stop working, whatever their
//! policies say. New ones can be begun right after by whoever may.

use trent_api::shape::{Length, Member, Shape, Structure, Text};
use trent_api::{ApiError, Empty, ErrorShape, FromValue, Input, Shaped, Value, protocol};
use trent_audit::json::Object;
use trent_identity::EntityError;
use trent_identity::directory::{Planned, SessionHolder};
use trent_names::AccountId;
use trent_service::{Call, Changes, Effect, Facts, Operation, Row, Target, action, internal};

use super::{changing, on_the_deployment};
use crate::Operator;

/// There is no such account, user or role.
const NO_SUCH_ENTITY: ErrorShape = ErrorShape::modelled("NoSuchEntityException", 400);

/// The operation.
pub(crate) struct RevokeSessions;

/// Whose.
pub(crate) struct RevokeSessionsRequest {
    account: String,
    user: Option<String>,
    role: Option<String>,
}

static NAME: Shape = Shape::Text(Text {
    length: Some(Length { min: 1, max: 64 }),
    pattern: None,
    sensitive: false,
});

impl Shaped for RevokeSessionsRequest {
    const SHAPE: &'static Structure = &Structure {
        name: "RevokeSessionsRequest",
        members: &[
            Member::required("AccountId", "accountId", &NAME),
            Member::optional("UserName", "userName", &NAME),
            Member::optional("RoleName", "roleName", &NAME),
        ],
    };
}

impl FromValue for RevokeSessionsRequest {
    fn from_value(value: Value<'_>) -> Option<Self> {
        let mut fields = value.into_fields()?;
        Some(Self {
            account: fields.required(0)?,
            user: fields.optional(1)?,
            role: fields.optional(2)?,
        })
    }
}

impl Input for RevokeSessionsRequest {}

impl RevokeSessionsRequest {
    fn holder(&self) -> Result<SessionHolder<'_>, ApiError> {
        match (&self.user, &self.role) {
            (None, None) => Ok(SessionHolder::Account),
            (Some(name), None) => Ok(SessionHolder::User(name)),
            (None, Some(name)) => Ok(SessionHolder::Role(name)),
            (Some(_), Some(_)) => Err(protocol::validation("Name a user or a role, not both")),
        }
    }
}

impl Operation for RevokeSessions {
    type Service = Operator;
    type Input = RevokeSessionsRequest;
    type Output = Empty;
    type Resolved = AccountId;

    const ROW: &'static Row<()> = &changing("RevokeSessions", action!("trent:RevokeSessions"));

    async fn resolve(_: &Operator, _: &Call, input: &RevokeSessionsRequest) -> Result<AccountId, ApiError> {
        AccountId::parse(&input.account).map_err(|error| protocol::validation(error.to_string()))
    }

    fn targets<'a>(_: &'a Call, _: &'a RevokeSessionsRequest, _: &'a AccountId) -> Vec<Target<'a>> {
        on_the_deployment(Self::ROW)
    }

    async fn prepare(
        operator: &Operator,
        call: &Call,
        input: &RevokeSessionsRequest,
        account: &AccountId,
    ) -> Result<Effect<Empty>, ApiError> {
        let holder = input.holder()?;
        let mut edit = operator.directory.edit(*account, call.now).await.map_err(refused)?;
        edit.revoke_sessions(holder).await.map_err(refused)?;
        let Planned { transaction, .. } = edit.plan(());
        Ok(Effect {
            changes: Changes::Global(transaction),
            ..Effect::reply(Empty)
        })
    }

    fn describe(_: &Call, input: &RevokeSessionsRequest, _: Option<&AccountId>) -> Facts {
        let mut parameters = Object::new();
        parameters.string("accountId", &input.account);
        if let Some(name) = &input.user {
            parameters.string("userName", name);
        }
        if let Some(name) = &input.role {
            parameters.string("roleName", name);
        }
        Facts {
            request_parameters: Some(parameters.finish()),
            ..Facts::default()
        }
    }
}

fn refused(error: EntityError) -> ApiError {
    match error {
        EntityError::NoSuchAccount(_) | EntityError::NoSuch { .. } => NO_SUCH_ENTITY.with(error.to_string()),
        error => internal(error),
    }
}
