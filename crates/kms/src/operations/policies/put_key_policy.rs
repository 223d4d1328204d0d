//! `PutKeyPolicy`: replaces the policy of a key.
//!
//! Unless the caller asks to go without, the new policy must let the caller replace it again.

use trent_api::{ApiError, Empty, kms, protocol};
use trent_policy::{ConditionKey, Values};
use trent_service::{Access, Call, Effect, Facts, Named, NoGrants, Operation, Row, Target, action};

use crate::facts::Parameters;
use crate::keys::Key;
use crate::policy::{self, KeyPolicy, POLICY_NAME};
use crate::records::KeyRecord;
use crate::reference::{self, KeyTarget};
use crate::rules::Rules;
use crate::state::States;
use crate::{Kms, conditions, lint, lockout};

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "PutKeyPolicy",
    action: action!("kms:PutKeyPolicy"),
    access: Access::PermissionsManagement,
    across_accounts: false,
    grant: None,
    quota: "PutKeyPolicy",
    condition_keys: conditions::PUT_POLICY,
    read_only: false,
    dry_run: false,
    rules: Rules::manage(States::Every),
};

/// Replacing the policy of a key, by what policies alone allow.
pub(crate) fn replacing(key: &Key) -> Target<'_> {
    ROW.on(key.resource(Named::Itself, &NoGrants))
}

/// The operation.
pub struct PutKeyPolicy;

impl Operation for PutKeyPolicy {
    type Service = Kms;
    type Input = kms::PutKeyPolicyRequest;
    type Output = Empty;
    type Resolved = KeyTarget;

    const ROW: &'static Row<Rules> = &ROW;

    async fn resolve(service: &Kms, call: &Call, input: &Self::Input) -> Result<KeyTarget, ApiError> {
        if input.policy_name.as_deref().is_some_and(|name| name != POLICY_NAME) {
            return Err(protocol::validation("The policy name must be default"));
        }
        reference::resolve(service, call, &ROW, &input.key_id).await
    }

    fn targets<'a>(_: &'a Call, _: &'a Self::Input, key: &'a KeyTarget) -> Vec<Target<'a>> {
        vec![key.target(&ROW)]
    }

    fn condition<'a>(input: &'a Self::Input, _: &'a KeyTarget, _: &Target<'_>, key: &'a ConditionKey) -> Values<'a> {
        conditions::lockout_check(input.bypass_policy_lockout_safety_check, key)
    }

    async fn prepare(
        service: &Kms,
        call: &Call,
        input: &Self::Input,
        named: &KeyTarget,
    ) -> Result<Effect<Self::Output>, ApiError> {
        let key = named.authorized()?;
        ROW.rules.check(ROW.name, key)?;
        let KeyPolicy { text, principals } = policy::accept(service, &input.policy).await?;
        let space = service.space(&call.region)?;
        let mut txn = space.store.txn();
        let record = KeyRecord {
            policy: text.into(),
            policy_principals: principals,
            ..key.record.clone()
        };
        if input.bypass_policy_lockout_safety_check != Some(true) {
            let planned = space.planned(record.clone());
            lockout::check::<Self>(call, input, named, &replacing(&planned))?;
        }
        space.update(&mut txn, key, &record);
        Ok(Effect::change(txn, Empty))
    }

    fn describe(call: &Call, input: &Self::Input, key: Option<&KeyTarget>) -> Facts {
        Parameters::default()
            .beside(lint::of_key_policy(&input.policy, call.account()))
            .text("keyId", input.key_id.as_str())
            .text("policyName", input.policy_name.as_deref().unwrap_or(POLICY_NAME))
            .document("policy", Some(&input.policy))
            .flag(
                "bypassPolicyLockoutSafetyCheck",
                Some(input.bypass_policy_lockout_safety_check.unwrap_or(false)),
            )
            .about(key)
    }
}
