//! `GetCallerIdentity`: who the caller is.
//!
//! Needs no permission, and no policy takes it away: whoever was admitted is told what a refusal would tell anyway.

use trent_api::{ApiError, sts};
use trent_service::{Access, Call, Effect, Facts, Operation, Row, Target, action};

use super::row;
use crate::Sts;
use crate::sts::asking::caller;

/// What is fixed about the operation.
pub(crate) static ROW: Row<()> = row("GetCallerIdentity", action!("sts:GetCallerIdentity"), Access::Read, &[]);

/// The operation.
pub(crate) struct GetCallerIdentity;

impl Operation for GetCallerIdentity {
    type Service = Sts;
    type Input = sts::GetCallerIdentityRequest;
    type Output = sts::GetCallerIdentityResponse;
    type Resolved = ();

    const ROW: &'static Row<()> = &ROW;

    async fn resolve(_: &Sts, _: &Call, _: &Self::Input) -> Result<(), ApiError> {
        Ok(())
    }

    fn targets<'a>(_: &'a Call, _: &'a Self::Input, (): &'a ()) -> Vec<Target<'a>> {
        Vec::new()
    }

    async fn prepare(_: &Sts, call: &Call, _: &Self::Input, (): &()) -> Result<Effect<Self::Output>, ApiError> {
        let caller = caller(call)?;
        Ok(Effect::reply(sts::GetCallerIdentityResponse {
            user_id: Some(caller.unique_id.clone()),
            account: Some(caller.account.to_string()),
            arn: Some(caller.principal.to_string()),
        }))
    }

    fn describe(_: &Call, _: &Self::Input, _: Option<&()>) -> Facts {
        Facts::default()
    }
}
