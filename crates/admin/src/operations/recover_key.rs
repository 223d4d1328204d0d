//! `RecoverKey`: gives a key whose policy nobody can replace any more back to its account.
//!
//! The one way back from a key policy that names only people who are gone. The key gets the default key policy; the
//! operator gets nothing. As long as anybody can replace the policy without further conditions, it is theirs to do.

use trent_api::shape::{Member, Structure};
use trent_api::{ApiError, Empty, ErrorShape, FromValue, Input, Shaped, Value};
use trent_audit::json::Object;
use trent_service::{AuditedResource, Call, Effect, Facts, Located, Operation, Row, Target, action};

use super::explain::NAME;
use super::who_can::{Audience, who_can};
use super::{changing, on_the_deployment};
use crate::Operator;

/// Somebody can manage the key.
const KEY_IS_MANAGEABLE: ErrorShape = ErrorShape::modelled("KeyIsManageableException", 400);

/// The operation.
pub(crate) struct RecoverKey;

/// Which key.
pub(crate) struct RecoverKeyRequest {
    key: String,
}

impl Shaped for RecoverKeyRequest {
    const SHAPE: &'static Structure = &Structure {
        name: "RecoverKeyRequest",
        members: &[Member::required("Key", "key", &NAME)],
    };
}

impl FromValue for RecoverKeyRequest {
    fn from_value(value: Value<'_>) -> Option<Self> {
        let mut fields = value.into_fields()?;
        Some(Self {
            key: fields.required(0)?,
        })
    }
}

impl Input for RecoverKeyRequest {}

impl Operation for RecoverKey {
    type Service = Operator;
    type Input = RecoverKeyRequest;
    type Output = Empty;
    type Resolved = Located;

    const ROW: &'static Row<()> = &changing("RecoverKey", action!("trent:RecoverKey"));

    async fn resolve(operator: &Operator, call: &Call, input: &RecoverKeyRequest) -> Result<Located, ApiError> {
        operator.questions.service.locate(&input.key, None, &call.region).await
    }

    fn targets<'a>(_: &'a Call, _: &'a RecoverKeyRequest, _: &'a Located) -> Vec<Target<'a>> {
        on_the_deployment(Self::ROW)
    }

    async fn prepare(
        operator: &Operator,
        call: &Call,
        _: &RecoverKeyRequest,
        key: &Located,
    ) -> Result<Effect<Empty>, ApiError> {
        // What is found out next is about the key as it is read here: a change in between makes the commit start again.
        let changes = operator.keys.recover(key).await?;
        let questions = &operator.questions;
        let found = questions.service.locate(&key.arn, None, &call.region).await?;
        let access = who_can(questions, call, Some("kms:PutKeyPolicy"), found, Audience::Operator).await?;
        if let Some(principal) = access.unconditional() {
            return Err(KEY_IS_MANAGEABLE.with(format!("{principal} can replace the policy of {}", key.arn)));
        }
        Ok(Effect {
            changes,
            ..Effect::reply(Empty)
        })
    }

    fn describe(_: &Call, input: &RecoverKeyRequest, key: Option<&Located>) -> Facts {
        let mut parameters = Object::new();
        parameters.string("key", &input.key);
        let resources = key.into_iter().map(|key| AuditedResource {
            account: key.owner,
            arn: key.arn.clone(),
        });
        Facts {
            request_parameters: Some(parameters.finish()),
            resources: resources.collect(),
            ..Facts::default()
        }
    }
}
