//! `GetKeyPolicy`: the policy of a key, as it was stored.

use trent_api::{ApiError, kms};
use trent_service::{Access, Call, Effect, Facts, Operation, Row, Target, action};

use crate::Kms;
use crate::conditions;
use crate::facts::Parameters;
use crate::policy::{self, POLICY_NAME};
use crate::reference::{self, KeyTarget};
use crate::rules::Rules;
use crate::state::States;

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "GetKeyPolicy",
    action: action!("kms:GetKeyPolicy"),
    access: Access::Read,
    across_accounts: false,
    grant: None,
    quota: "GetKeyPolicy",
    condition_keys: conditions::KEY,
    read_only: true,
    dry_run: false,
    rules: Rules::manage(States::Every),
};

/// The operation.
pub struct GetKeyPolicy;

impl Operation for GetKeyPolicy {
    type Service = Kms;
    type Input = kms::GetKeyPolicyRequest;
    type Output = kms::GetKeyPolicyResponse;
    type Resolved = KeyTarget;

    const ROW: &'static Row<Rules> = &ROW;

    async fn resolve(service: &Kms, call: &Call, input: &Self::Input) -> Result<KeyTarget, ApiError> {
        reference::resolve(service, call, &ROW, &input.key_id).await
    }

    fn targets<'a>(_: &'a Call, _: &'a Self::Input, key: &'a KeyTarget) -> Vec<Target<'a>> {
        vec![key.target(&ROW)]
    }

    async fn prepare(
        service: &Kms,
        _: &Call,
        input: &Self::Input,
        key: &KeyTarget,
    ) -> Result<Effect<Self::Output>, ApiError> {
        let key = key.authorized()?;
        ROW.rules.check(ROW.name, key)?;
        if input.policy_name.as_deref().is_some_and(|name| name != POLICY_NAME) {
            return Err(kms::error::not_found("No such policy exists"));
        }
        Ok(Effect::reply(kms::GetKeyPolicyResponse {
            policy: Some(policy::shown(service, &key.record).await?),
            policy_name: Some(POLICY_NAME.to_owned()),
        }))
    }

    fn describe(_: &Call, input: &Self::Input, key: Option<&KeyTarget>) -> Facts {
        Parameters::default()
            .text("keyId", input.key_id.as_str())
            .text("policyName", input.policy_name.as_deref().unwrap_or(POLICY_NAME))
            .about(key)
    }
}
