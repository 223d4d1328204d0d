//! `UpdateAccessKey`: stops an access key from signing requests, or lets it again.

use trent_api::protocol;

use super::super::whom::Whom;
use super::{change_root, owner, root_key};
use crate::iam::prelude::*;
use crate::iam::refusals::refused_account;

/// The operation.
pub(crate) struct UpdateAccessKey;

impl IamOperation for UpdateAccessKey {
    type Input = iam::UpdateAccessKeyRequest;
    type Output = Empty;

    const ROW: &'static Row<()> = &row(
        "UpdateAccessKey",
        action!("iam:UpdateAccessKey"),
        Access::Write,
        rows::TAGGED,
    );

    async fn subject(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Subject, ApiError> {
        owner(tenant, input.user_name.as_deref()).await
    }

    async fn perform(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Effect<Empty>, ApiError> {
        let active = match input.status {
            iam::StatusType::Active => true,
            iam::StatusType::Inactive => false,
            iam::StatusType::Expired => {
                return Err(protocol::validation("An access key is set Active or Inactive."));
            }
        };
        match Whom::of(tenant.caller, input.user_name.as_deref())? {
            Whom::Root => {
                let mut root = change_root(tenant).await?;
                let id = root_key(&input.access_key_id)?;
                root.set_active(&id, active).map_err(refused_account)?;
                Ok(change(root.plan(Empty)))
            }
            Whom::User(name) => {
                let mut edit = tenant.edit().await?;
                edit.set_access_key_active(name, &input.access_key_id, active)
                    .await
                    .map_err(refused)?;
                Ok(change(edit.plan(Empty)))
            }
        }
    }

    fn parameters(input: &Self::Input) -> Parameters {
        Parameters::default()
            .text("userName", input.user_name.as_deref())
            .text("accessKeyId", input.access_key_id.as_str())
            .text("status", input.status.as_str())
    }
}
