//! `GetRole`: a role, and when it was used last.

use super::{last_used, shown};
use crate::iam::prelude::*;

/// The operation.
pub(crate) struct GetRole;

impl IamOperation for GetRole {
    type Input = iam::GetRoleRequest;
    type Output = iam::GetRoleResponse;

    const ROW: &'static Row<()> = &row("GetRole", action!("iam:GetRole"), Access::Read, rows::TAGGED);

    async fn subject(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Subject, ApiError> {
        Subject::role(tenant, &input.role_name).await
    }

    async fn perform(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Effect<Self::Output>, ApiError> {
        let (id, record) = tenant.find(&input.role_name).await?;
        let role = iam::Role {
            role_last_used: Some(last_used(tenant, &id).await?),
            ..shown(tenant, &id, &record)
        };
        Ok(Effect::reply(iam::GetRoleResponse { role }))
    }

    fn parameters(input: &Self::Input) -> Parameters {
        Parameters::default().text("roleName", input.role_name.as_str())
    }
}
