//! `DeleteAccountAlias`: takes the account's alias away.

use crate::iam::prelude::*;

/// The operation.
pub(crate) struct DeleteAccountAlias;

impl IamOperation for DeleteAccountAlias {
    type Input = iam::DeleteAccountAliasRequest;
    type Output = Empty;

    const ROW: &'static Row<()> = &row(
        "DeleteAccountAlias",
        action!("iam:DeleteAccountAlias"),
        Access::Write,
        rows::NONE,
    );

    async fn subject(_: &Tenant<'_>, _: &Self::Input) -> Result<Subject, ApiError> {
        Ok(Subject::nothing())
    }

    async fn perform(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Effect<Empty>, ApiError> {
        let mut edit = tenant.edit().await?;
        edit.delete_account_alias(&input.account_alias).await.map_err(refused)?;
        Ok(change(edit.plan(Empty)))
    }

    fn parameters(input: &Self::Input) -> Parameters {
        Parameters::default().text("accountAlias", input.account_alias.as_str())
    }
}
