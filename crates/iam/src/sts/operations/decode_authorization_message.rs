//! `DecodeAuthorizationMessage`: what an encoded refusal says.
//!
//! No service here encodes its refusals: they say in clear why they refuse. So no message is one of this deployment's.

use trent_api::sts::error;
use trent_api::{ApiError, sts};
use trent_service::{Access, Call, Effect, Facts, Operation, Resource, Row, Target, action};

use super::row;
use crate::Sts;

/// What is fixed about the operation.
pub(crate) static ROW: Row<()> = row(
    "DecodeAuthorizationMessage",
    action!("sts:DecodeAuthorizationMessage"),
    Access::Write,
    &[],
);

/// The operation.
pub(crate) struct DecodeAuthorizationMessage;

impl Operation for DecodeAuthorizationMessage {
    type Service = Sts;
    type Input = sts::DecodeAuthorizationMessageRequest;
    type Output = sts::DecodeAuthorizationMessageResponse;
    type Resolved = ();

    const ROW: &'static Row<()> = &ROW;

    async fn resolve(_: &Sts, _: &Call, _: &Self::Input) -> Result<(), ApiError> {
        Ok(())
    }

    fn targets<'a>(_: &'a Call, _: &'a Self::Input, (): &'a ()) -> Vec<Target<'a>> {
        vec![ROW.on(Resource::Any)]
    }

    async fn prepare(_: &Sts, _: &Call, _: &Self::Input, (): &()) -> Result<Effect<Self::Output>, ApiError> {
        Err(error::invalid_authorization_message("Message is not valid"))
    }

    fn describe(_: &Call, _: &Self::Input, _: Option<&()>) -> Facts {
        Facts::default()
    }
}
