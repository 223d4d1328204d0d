//! `ListKeyPolicies`: the names of the policies of a key; there is one.

use trent_api::{ApiError, kms};
use trent_service::{Access, Call, Effect, Facts, Operation, Row, Target, action};

use crate::Kms;
use crate::conditions;
use crate::facts::Parameters;
use crate::paging::{Limits, Listing};
use crate::policy::POLICY_NAME;
use crate::reference::{self, KeyTarget};
use crate::rules::Rules;
use crate::state::States;

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "ListKeyPolicies",
    action: action!("kms:ListKeyPolicies"),
    access: Access::List,
    across_accounts: false,
    grant: None,
    quota: "ListKeyPolicies",
    condition_keys: conditions::KEY,
    read_only: true,
    dry_run: false,
    rules: Rules::manage(States::Every),
};

const LIMITS: Limits = Limits {
    default: 100,
    most: 1000,
};

/// The operation.
pub struct ListKeyPolicies;

impl Operation for ListKeyPolicies {
    type Service = Kms;
    type Input = kms::ListKeyPoliciesRequest;
    type Output = kms::ListKeyPoliciesResponse;
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
        call: &Call,
        input: &Self::Input,
        key: &KeyTarget,
    ) -> Result<Effect<Self::Output>, ApiError> {
        let key = key.authorized()?;
        ROW.rules.check(ROW.name, key)?;
        let filter = key.record.id.to_string();
        let listing = Listing::new(service, call, &ROW, &filter)?;
        listing.page(LIMITS, input.limit, input.marker.as_deref()).await?;
        Ok(Effect::reply(kms::ListKeyPoliciesResponse {
            policy_names: Some(vec![POLICY_NAME.to_owned()]),
            next_marker: None,
            truncated: Some(false),
        }))
    }

    fn describe(_: &Call, input: &Self::Input, key: Option<&KeyTarget>) -> Facts {
        Parameters::default()
            .text("keyId", input.key_id.as_str())
            .number("limit", input.limit)
            .text("marker", input.marker.as_deref())
            .about(key)
    }
}
