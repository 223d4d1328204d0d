//! `GetAccessKeyInfo`: the account that an access key belongs to, whoever's it is.
//!
//! Sessions are stored nowhere, so of a temporary access key only its own holder can be told.

use trent_api::{ApiError, protocol, sts};
use trent_audit::json::Object;
use trent_names::AccountId;
use trent_service::{Access, Call, Effect, Facts, Operation, Resource, Row, Target, action, internal};

use super::row;
use crate::Sts;
use crate::sts::asking::caller;

/// What is fixed about the operation.
pub(crate) static ROW: Row<()> = row("GetAccessKeyInfo", action!("sts:GetAccessKeyInfo"), Access::Read, &[]);

/// The operation.
pub(crate) struct GetAccessKeyInfo;

impl Operation for GetAccessKeyInfo {
    type Service = Sts;
    type Input = sts::GetAccessKeyInfoRequest;
    type Output = sts::GetAccessKeyInfoResponse;
    type Resolved = ();

    const ROW: &'static Row<()> = &ROW;

    async fn resolve(_: &Sts, _: &Call, _: &Self::Input) -> Result<(), ApiError> {
        Ok(())
    }

    fn targets<'a>(_: &'a Call, _: &'a Self::Input, (): &'a ()) -> Vec<Target<'a>> {
        vec![ROW.on(Resource::Any)]
    }

    async fn prepare(
        service: &Sts,
        call: &Call,
        input: &Self::Input,
        (): &(),
    ) -> Result<Effect<Self::Output>, ApiError> {
        let account = account_of(service, call, &input.access_key_id).await?;
        Ok(Effect::reply(sts::GetAccessKeyInfoResponse {
            account: Some(account.to_string()),
        }))
    }

    fn describe(_: &Call, input: &Self::Input, _: Option<&()>) -> Facts {
        let mut parameters = Object::new();
        parameters.string("accessKeyId", &input.access_key_id);
        Facts {
            request_parameters: Some(parameters.finish()),
            ..Facts::default()
        }
    }
}

async fn account_of(service: &Sts, call: &Call, id: &str) -> Result<AccountId, ApiError> {
    let caller = caller(call)?;
    if caller.access_key_id == id {
        return Ok(caller.account);
    }
    let owner = service.directory().access_key_owner(id).await.map_err(internal)?;
    let missing = || protocol::validation(format!("Access key id {id} does not exist"));
    Ok(owner.ok_or_else(missing)?.account)
}
