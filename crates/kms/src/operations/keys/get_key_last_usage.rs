//! `GetKeyLastUsage`: when and for what a key was last used.

use trent_api::{ApiError, kms};
use trent_service::{Access, Call, Guarded, Row, Target, action};

use crate::Kms;
use crate::conditions;
use crate::reference::{self, KeyTarget};
use crate::rules::Rules;
use crate::state::States;

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "GetKeyLastUsage",
    action: action!("kms:GetKeyLastUsage"),
    access: Access::Read,
    across_accounts: false,
    grant: None,
    quota: "GetKeyLastUsage",
    condition_keys: conditions::KEY,
    read_only: true,
    dry_run: false,
    rules: Rules::manage(States::Every),
};

/// The operation.
pub struct GetKeyLastUsage;

impl Guarded for GetKeyLastUsage {
    type Service = Kms;
    type Input = kms::GetKeyLastUsageRequest;
    type Resolved = KeyTarget;

    const ROW: &'static Row<Rules> = &ROW;

    async fn resolve(service: &Kms, call: &Call, input: &Self::Input) -> Result<KeyTarget, ApiError> {
        reference::resolve(service, call, &ROW, &input.key_id).await
    }

    fn targets<'a>(_: &'a Call, _: &'a Self::Input, key: &'a KeyTarget) -> Vec<Target<'a>> {
        vec![key.target(&ROW)]
    }
}
