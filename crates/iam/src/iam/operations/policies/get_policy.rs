//! `GetPolicy`: a managed policy, without its document.

use super::find;
use crate::iam::prelude::*;

/// The operation.
pub(crate) struct GetPolicy;

impl IamOperation for GetPolicy {
    type Input = iam::GetPolicyRequest;
    type Output = iam::GetPolicyResponse;

    const ROW: &'static Row<()> = &row("GetPolicy", action!("iam:GetPolicy"), Access::Read, rows::TAGGED);

    async fn subject(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Subject, ApiError> {
        Subject::managed_policy(tenant, &input.policy_arn).await
    }

    async fn perform(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Effect<Self::Output>, ApiError> {
        let policy = find(tenant, &input.policy_arn).await?;
        Ok(Effect::reply(iam::GetPolicyResponse {
            policy: Some(policy.shown(tenant).await?),
        }))
    }

    fn parameters(input: &Self::Input) -> Parameters {
        Parameters::default().text("policyArn", input.policy_arn.as_str())
    }
}
