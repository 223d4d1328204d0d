//! `DeleteAccessKey`: deletes an access key and its secret. Requests that it signs are refused from then on.

use super::super::whom::Whom;
use super::{change_root, owner, root_key};
use crate::iam::prelude::*;
use crate::iam::refusals::refused_account;

/// The operation.
pub(crate) struct DeleteAccessKey;

impl IamOperation for DeleteAccessKey {
    type Input = iam::DeleteAccessKeyRequest;
    type Output = Empty;

    const ROW: &'static Row<()> = &row(
        "DeleteAccessKey",
        action!("iam:DeleteAccessKey"),
        Access::Write,
        rows::TAGGED,
    );

    async fn subject(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Subject, ApiError> {
        owner(tenant, input.user_name.as_deref()).await
    }

    async fn perform(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Effect<Empty>, ApiError> {
        match Whom::of(tenant.caller, input.user_name.as_deref())? {
            Whom::Root => {
                let mut root = change_root(tenant).await?;
                root.retire(&root_key(&input.access_key_id)?).map_err(refused_account)?;
                Ok(change(root.plan(Empty)))
            }
            Whom::User(name) => {
                let mut edit = tenant.edit().await?;
                edit.delete_access_key(name, &input.access_key_id)
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
    }
}
