//! `GetContextKeysForPrincipalPolicy`: the condition keys that the policies of a user, group or role ask for.

use trent_policy::PolicyKind;

use super::source::{self, Source, context_keys};
use crate::iam::prelude::*;

/// The operation.
pub(crate) struct GetContextKeysForPrincipalPolicy;

impl IamOperation for GetContextKeysForPrincipalPolicy {
    type Input = iam::GetContextKeysForPrincipalPolicyRequest;
    type Output = iam::GetContextKeysForPolicyResponse;

    const ROW: &'static Row<()> = &row(
        "GetContextKeysForPrincipalPolicy",
        action!("iam:GetContextKeysForPrincipalPolicy"),
        Access::Read,
        rows::NONE,
    );

    async fn subject(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Subject, ApiError> {
        Subject::entity(tenant, &input.policy_source_arn)
    }

    async fn perform(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Effect<Self::Output>, ApiError> {
        let principal = source::principal(tenant, &input.policy_source_arn).await?;
        let more = input.policy_input_list.as_deref();
        let more = Source::brought("PolicyInputList", more, PolicyKind::Identity)?;
        let sources = principal.identity.iter().chain(&principal.boundary).chain(&more);
        Ok(Effect::reply(iam::GetContextKeysForPolicyResponse {
            context_key_names: Some(context_keys(sources.map(Source::policy))),
        }))
    }

    fn parameters(input: &Self::Input) -> Parameters {
        Parameters::default().text("policySourceArn", input.policy_source_arn.as_str())
    }
}
