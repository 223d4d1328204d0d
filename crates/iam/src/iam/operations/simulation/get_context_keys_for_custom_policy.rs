//! `GetContextKeysForCustomPolicy`: the condition keys that policies ask for, so that a rehearsal can give them.

use trent_policy::PolicyKind;

use super::source::{Source, context_keys};
use crate::iam::prelude::*;

/// The operation.
pub(crate) struct GetContextKeysForCustomPolicy;

impl IamOperation for GetContextKeysForCustomPolicy {
    type Input = iam::GetContextKeysForCustomPolicyRequest;
    type Output = iam::GetContextKeysForPolicyResponse;

    const ROW: &'static Row<()> = &row(
        "GetContextKeysForCustomPolicy",
        action!("iam:GetContextKeysForCustomPolicy"),
        Access::Read,
        rows::NONE,
    );

    async fn subject(_: &Tenant<'_>, _: &Self::Input) -> Result<Subject, ApiError> {
        Ok(Subject::nothing())
    }

    async fn perform(_: &Tenant<'_>, input: &Self::Input) -> Result<Effect<Self::Output>, ApiError> {
        let sources = Source::brought("PolicyInputList", Some(&input.policy_input_list), PolicyKind::Identity)?;
        Ok(Effect::reply(iam::GetContextKeysForPolicyResponse {
            context_key_names: Some(context_keys(sources.iter().map(Source::policy))),
        }))
    }

    fn parameters(_: &Self::Input) -> Parameters {
        Parameters::default()
    }
}
