//! `ConfirmClock`: the operator says that the clock is right, so that what it makes due is done.

use trent_api::shape::Structure;
use trent_api::{ApiError, Empty, FromValue, Input, Shaped, Value};
use trent_service::{Call, Effect, Facts, Operation, Row, Target, action, internal};

use super::{changing, on_the_deployment};
use crate::Operator;

/// The operation.
pub(crate) struct ConfirmClock;

/// It takes nothing.
pub(crate) struct ConfirmClockRequest;

impl Shaped for ConfirmClockRequest {
    const SHAPE: &'static Structure = &Structure {
        name: "ConfirmClockRequest",
        members: &[],
    };
}

impl FromValue for ConfirmClockRequest {
    fn from_value(value: Value<'_>) -> Option<Self> {
        value.into_fields().map(|_| Self)
    }
}

impl Input for ConfirmClockRequest {}

impl Operation for ConfirmClock {
    type Service = Operator;
    type Input = ConfirmClockRequest;
    type Output = Empty;
    type Resolved = ();

    const ROW: &'static Row<()> = &changing("ConfirmClock", action!("trent:ConfirmClock"));

    async fn resolve(_: &Operator, _: &Call, _: &ConfirmClockRequest) -> Result<(), ApiError> {
        Ok(())
    }

    fn targets<'a>(_: &'a Call, _: &'a ConfirmClockRequest, (): &'a ()) -> Vec<Target<'a>> {
        on_the_deployment(Self::ROW)
    }

    async fn prepare(
        operator: &Operator,
        _: &Call,
        _: &ConfirmClockRequest,
        (): &(),
    ) -> Result<Effect<Empty>, ApiError> {
        operator.guard.confirm();
        // Written down before it is acknowledged: a server that is killed now must not ask again.
        operator.guard.mark().await.map_err(internal)?;
        Ok(Effect::reply(Empty))
    }

    fn describe(_: &Call, _: &ConfirmClockRequest, _: Option<&()>) -> Facts {
        Facts::default()
    }
}
