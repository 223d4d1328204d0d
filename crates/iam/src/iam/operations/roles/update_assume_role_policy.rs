//! `UpdateAssumeRolePolicy`: says anew who may assume a role.

use crate::iam::documents;
use crate::iam::prelude::*;

/// The operation.
pub(crate) struct UpdateAssumeRolePolicy;

impl IamOperation for UpdateAssumeRolePolicy {
    type Input = iam::UpdateAssumeRolePolicyRequest;
    type Output = Empty;

    const ROW: &'static Row<()> = &row(
        "UpdateAssumeRolePolicy",
        action!("iam:UpdateAssumeRolePolicy"),
        Access::PermissionsManagement,
        rows::TAGGED,
    );

    async fn subject(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Subject, ApiError> {
        Subject::role(tenant, &input.role_name).await
    }

    async fn perform(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Effect<Empty>, ApiError> {
        documents::check_trust(tenant, &input.policy_document).await?;
        let mut edit = tenant.edit().await?;
        edit.update_trust_policy(&input.role_name, &input.policy_document)
            .await
            .map_err(refused)?;
        Ok(change(edit.plan(Empty)))
    }

    fn parameters(input: &Self::Input) -> Parameters {
        Parameters::default()
            .text("roleName", input.role_name.as_str())
            .document("policyDocument", input.policy_document.as_str())
    }
}
