//! `ListInstanceProfilesForRole`: no role has any, for there are no instances here. Clients that delete a role ask.

use trent_identity::directory::principals::RoleRecord;

use crate::iam::prelude::*;

/// The operation.
pub(crate) struct ListInstanceProfilesForRole;

impl IamOperation for ListInstanceProfilesForRole {
    type Input = iam::ListInstanceProfilesForRoleRequest;
    type Output = iam::ListInstanceProfilesForRoleResponse;

    const ROW: &'static Row<()> = &row(
        "ListInstanceProfilesForRole",
        action!("iam:ListInstanceProfilesForRole"),
        Access::List,
        rows::TAGGED,
    );

    async fn subject(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Subject, ApiError> {
        Subject::role(tenant, &input.role_name).await
    }

    async fn perform(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Effect<Self::Output>, ApiError> {
        tenant.find::<RoleRecord>(&input.role_name).await?;
        Ok(Effect::reply(iam::ListInstanceProfilesForRoleResponse {
            instance_profiles: Vec::new(),
            is_truncated: Some(false),
            marker: None,
        }))
    }

    fn parameters(input: &Self::Input) -> Parameters {
        Parameters::default()
            .text("roleName", input.role_name.as_str())
            .page(input.marker.as_deref(), input.max_items)
    }
}
