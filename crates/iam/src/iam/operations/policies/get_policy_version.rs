//! `GetPolicyVersion`: a version of a managed policy, its document included.

use super::{find, no_version, version_number};
use crate::iam::prelude::*;

/// The operation.
pub(crate) struct GetPolicyVersion;

impl IamOperation for GetPolicyVersion {
    type Input = iam::GetPolicyVersionRequest;
    type Output = iam::GetPolicyVersionResponse;

    const ROW: &'static Row<()> = &row(
        "GetPolicyVersion",
        action!("iam:GetPolicyVersion"),
        Access::Read,
        rows::TAGGED,
    );

    async fn subject(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Subject, ApiError> {
        Subject::managed_policy(tenant, &input.policy_arn).await
    }

    async fn perform(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Effect<Self::Output>, ApiError> {
        let policy = find(tenant, &input.policy_arn).await?;
        let number = version_number(&input.policy_arn, &input.version_id)?;
        let version = policy.versions(true).into_iter().find(|(known, _)| *known == number);
        let (_, version) = version.ok_or_else(|| no_version(&input.policy_arn, &input.version_id))?;
        Ok(Effect::reply(iam::GetPolicyVersionResponse {
            policy_version: Some(version),
        }))
    }

    fn parameters(input: &Self::Input) -> Parameters {
        Parameters::default()
            .text("policyArn", input.policy_arn.as_str())
            .text("versionId", input.version_id.as_str())
    }
}
