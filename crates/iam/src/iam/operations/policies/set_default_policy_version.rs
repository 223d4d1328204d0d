//! `SetDefaultPolicyVersion`: puts another version of a managed policy in force, at once for everybody who has it.

use super::{refused_version, version_number};
use crate::iam::prelude::*;

/// The operation.
pub(crate) struct SetDefaultPolicyVersion;

impl IamOperation for SetDefaultPolicyVersion {
    type Input = iam::SetDefaultPolicyVersionRequest;
    type Output = Empty;

    const ROW: &'static Row<()> = &row(
        "SetDefaultPolicyVersion",
        action!("iam:SetDefaultPolicyVersion"),
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
        edit.set_default_policy_version(policy, number)
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
