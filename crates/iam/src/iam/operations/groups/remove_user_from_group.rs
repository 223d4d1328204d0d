//! `RemoveUserFromGroup`: takes a user out of a group.

use crate::iam::prelude::*;

/// The operation.
pub(crate) struct RemoveUserFromGroup;

impl IamOperation for RemoveUserFromGroup {
    type Input = iam::RemoveUserFromGroupRequest;
    type Output = Empty;

    const ROW: &'static Row<()> = &row(
        "RemoveUserFromGroup",
        action!("iam:RemoveUserFromGroup"),
        Access::Write,
        rows::NONE,
    );

    async fn subject(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Subject, ApiError> {
        Subject::group(tenant, &input.group_name).await
    }

    async fn perform(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Effect<Empty>, ApiError> {
        let mut edit = tenant.edit().await?;
        edit.remove_user_from_group(&input.group_name, &input.user_name)
            .await
            .map_err(refused)?;
        Ok(change(edit.plan(Empty)))
    }

    fn parameters(input: &Self::Input) -> Parameters {
        Parameters::default()
            .text("groupName", input.group_name.as_str())
            .text("userName", input.user_name.as_str())
    }
}
