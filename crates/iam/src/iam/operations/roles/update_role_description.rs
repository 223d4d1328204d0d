//! `UpdateRoleDescription`: gives a role another description, and shows the role.

use trent_identity::directory::principals::RoleRecord;

use super::shown;
use crate::iam::prelude::*;

/// The operation.
pub(crate) struct UpdateRoleDescription;

impl IamOperation for UpdateRoleDescription {
    type Input = iam::UpdateRoleDescriptionRequest;
    type Output = iam::UpdateRoleDescriptionResponse;

    const ROW: &'static Row<()> = &row(
        "UpdateRoleDescription",
        action!("iam:UpdateRoleDescription"),
        Access::Write,
        rows::TAGGED,
    );

    async fn subject(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Subject, ApiError> {
        Subject::role(tenant, &input.role_name).await
    }

    async fn perform(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Effect<Self::Output>, ApiError> {
        let (id, before) = tenant.find::<RoleRecord>(&input.role_name).await?;
        let mut edit = tenant.edit().await?;
        edit.update_role(&input.role_name, Some(&input.description), None)
            .await
            .map_err(refused)?;
        let after = RoleRecord {
            description: input.description.clone(),
            ..before
        };
        Ok(change(edit.plan(iam::UpdateRoleDescriptionResponse {
            role: Some(shown(tenant, &id, &after)),
        })))
    }

    fn parameters(input: &Self::Input) -> Parameters {
        Parameters::default()
            .text("roleName", input.role_name.as_str())
            .text("description", input.description.as_str())
    }
}
