//! `SealStatus`: what protects the keyring, and what each root generation still protects.

use trent_api::shape::Structure;
use trent_api::{ApiError, FromValue, Input, Output, Shaped, Value};
use trent_service::{Call, Effect, Facts, Operation, Row, Target, action};

use super::{on_the_deployment, reading};
use crate::Operator;
use crate::seal::SealState;

/// The operation.
pub(crate) struct SealStatus;

/// It takes nothing.
pub(crate) struct SealStatusRequest;

/// What it answers.
pub(crate) struct SealStatusResponse(SealState);

impl Shaped for SealStatusRequest {
    const SHAPE: &'static Structure = &Structure {
        name: "SealStatusRequest",
        members: &[],
    };
}

impl FromValue for SealStatusRequest {
    fn from_value(value: Value<'_>) -> Option<Self> {
        value.into_fields().map(|_| Self)
    }
}

impl Input for SealStatusRequest {}

impl Output for SealStatusResponse {
    fn write(&self, out: &mut Vec<u8>) {
        // Writing into memory cannot fail.
        let _ = serde_json::to_writer(out, &self.0);
    }
}

impl Operation for SealStatus {
    type Service = Operator;
    type Input = SealStatusRequest;
    type Output = SealStatusResponse;
    type Resolved = ();

    const ROW: &'static Row<()> = &reading("SealStatus", action!("trent:SealStatus"));

    async fn resolve(_: &Operator, _: &Call, _: &SealStatusRequest) -> Result<(), ApiError> {
        Ok(())
    }

    fn targets<'a>(_: &'a Call, _: &'a SealStatusRequest, (): &'a ()) -> Vec<Target<'a>> {
        on_the_deployment(Self::ROW)
    }

    async fn prepare(
        operator: &Operator,
        _: &Call,
        _: &SealStatusRequest,
        (): &(),
    ) -> Result<Effect<SealStatusResponse>, ApiError> {
        let state = operator.seal.state().await?;
        Ok(Effect::reply(SealStatusResponse(state)))
    }

    fn describe(_: &Call, _: &SealStatusRequest, _: Option<&()>) -> Facts {
        Facts::default()
    }
}
