//! `DeleteGroup`: deletes a group that has no members and no policies any more.

use crate::iam::prelude::*;

/// The operation.
pub(crate) struct DeleteGroup;

impl IamOperation for DeleteGroup {
    type Input = iam::DeleteGroupRequest;
    type Output = Empty;

    const ROW: &'static Row<()> = &row("DeleteGroup", action!("iam:DeleteGroup"), Access::Write, rows::NONE);

    async fn subject(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Subject, ApiError> {
        Subject::group(tenant, &input.group_name).await
    }

    async fn perform(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Effect<Empty>, ApiError> {
        let mut edit = tenant.edit().await?;
        edit.delete_group(&input.group_name).await.map_err(refused)?;
        Ok(change(edit.plan(Empty)))
    }

    fn parameters(input: &Self::Input) -> Parameters {
        Parameters::default().text("groupName", input.group_name.as_str())
    }
}
