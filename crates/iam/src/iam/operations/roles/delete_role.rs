//! `DeleteRole`: deletes a role that has no policies any more. Its sessions end with it.

use crate::iam::prelude::*;

/// The operation.
pub(crate) struct DeleteRole;

impl IamOperation for DeleteRole {
    type Input = iam::DeleteRoleRequest;
    type Output = Empty;

    const ROW: &'static Row<()> = &row("DeleteRole", action!("iam:DeleteRole"), Access::Write, rows::TAGGED);

    async fn subject(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Subject, ApiError> {
        Subject::role(tenant, &input.role_name).await
    }

    async fn perform(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Effect<Empty>, ApiError> {
        let mut edit = tenant.edit().await?;
        edit.delete_role(&input.role_name).await.map_err(refused)?;
        Ok(change(edit.plan(Empty)))
    }

    fn parameters(input: &Self::Input) -> Parameters {
        Parameters::default().text("roleName", input.role_name.as_str())
    }
}
