//! `CreateAccountAlias`: gives the account an alias, in the place of the one that it has.

use crate::iam::prelude::*;

/// The operation.
pub(crate) struct CreateAccountAlias;

impl IamOperation for CreateAccountAlias {
    type Input = iam::CreateAccountAliasRequest;
    type Output = Empty;

    const ROW: &'static Row<()> = &row(
        "CreateAccountAlias",
        action!("iam:CreateAccountAlias"),
        Access::Write,
        rows::NONE,
    );

    async fn subject(_: &Tenant<'_>, _: &Self::Input) -> Result<Subject, ApiError> {
        Ok(Subject::nothing())
    }

    async fn perform(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Effect<Empty>, ApiError> {
        let mut edit = tenant.edit().await?;
        edit.set_account_alias(&input.account_alias).await.map_err(refused)?;
        Ok(change(edit.plan(Empty)))
    }

    fn parameters(input: &Self::Input) -> Parameters {
        Parameters::default().text("accountAlias", input.account_alias.as_str())
    }
}
