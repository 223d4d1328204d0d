//! `AddUserToGroup`: puts a user into a group, whose policies it has from then on.

use crate::iam::prelude::*;

/// The operation.
pub(crate) struct AddUserToGroup;

impl IamOperation for AddUserToGroup {
    type Input = iam::AddUserToGroupRequest;
    type Output = Empty;

    const ROW: &'static Row<()> = &row(
        "AddUserToGroup",
        action!("iam:AddUserToGroup"),
        Access::Write,
        rows::NONE,
    );

    async fn subject(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Subject, ApiError> {
        Subject::group(tenant, &input.group_name).await
    }

    async fn perform(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Effect<Empty>, ApiError> {
        let mut edit = tenant.edit().await?;
        edit.add_user_to_group(&input.group_name, &input.user_name)
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
