//! `DeletePolicy`: deletes a managed policy that nobody uses and that has one version left.

use crate::iam::prelude::*;

/// The operation.
pub(crate) struct DeletePolicy;

impl IamOperation for DeletePolicy {
    type Input = iam::DeletePolicyRequest;
    type Output = Empty;

    const ROW: &'static Row<()> = &row(
        "DeletePolicy",
        action!("iam:DeletePolicy"),
        Access::PermissionsManagement,
        rows::TAGGED,
    );

    async fn subject(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Subject, ApiError> {
        Subject::managed_policy(tenant, &input.policy_arn).await
    }

    async fn perform(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Effect<Empty>, ApiError> {
        let mut edit = tenant.edit().await?;
        edit.delete_policy(&input.policy_arn).await.map_err(refused)?;
        Ok(change(edit.plan(Empty)))
    }

    fn parameters(input: &Self::Input) -> Parameters {
        Parameters::default().text("policyArn", input.policy_arn.as_str())
    }
}
