//! `UpdateRole`: gives a role another description or another longest session.

use crate::iam::prelude::*;

/// The operation.
pub(crate) struct UpdateRole;

impl IamOperation for UpdateRole {
    type Input = iam::UpdateRoleRequest;
    type Output = iam::UpdateRoleResponse;

    const ROW: &'static Row<()> = &row("UpdateRole", action!("iam:UpdateRole"), Access::Write, rows::TAGGED);

    async fn subject(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Subject, ApiError> {
        Subject::role(tenant, &input.role_name).await
    }

    async fn perform(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Effect<Self::Output>, ApiError> {
        let seconds = input
            .max_session_duration
            .and_then(|seconds| u32::try_from(seconds).ok());
        let mut edit = tenant.edit().await?;
        edit.update_role(&input.role_name, input.description.as_deref(), seconds)
            .await
            .map_err(refused)?;
        Ok(change(edit.plan(iam::UpdateRoleResponse {})))
    }

    fn parameters(input: &Self::Input) -> Parameters {
        Parameters::default()
            .text("roleName", input.role_name.as_str())
            .text("description", input.description.as_deref())
            .number("maxSessionDuration", input.max_session_duration)
    }
}
