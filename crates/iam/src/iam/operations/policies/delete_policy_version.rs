//! `DeletePolicyVersion`: deletes a version that is not in force.

use super::{refused_version, version_number};
use crate::iam::prelude::*;

/// The operation.
pub(crate) struct DeletePolicyVersion;

impl IamOperation for DeletePolicyVersion {
    type Input = iam::DeletePolicyVersionRequest;
    type Output = Empty;

    const ROW: &'static Row<()> = &row(
        "DeletePolicyVersion",
        action!("iam:DeletePolicyVersion"),
        Access::PermissionsManagement,
        rows::TAGGED,
    );

    async fn subject(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Subject, ApiError> {
        Subject::managed_policy(tenant, &input.policy_arn).await
    }

    async fn perform(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Effect<Empty>, ApiError> {
        let policy = &input.policy_arn;
        let number = version_number(policy, &input.version_id)?;
        let mut edit = tenant.edit().await?;
        edit.delete_policy_version(policy, number)
            .await
            .map_err(|error| refused_version(policy, error))?;
        Ok(change(edit.plan(Empty)))
    }

    fn parameters(input: &Self::Input) -> Parameters {
        Parameters::default()
            .text("policyArn", input.policy_arn.as_str())
            .text("versionId", input.version_id.as_str())
    }
}
