//! `CancelKeyDeletion`: ends the waiting period of a key and leaves the key disabled.

use trent_api::{ApiError, kms};
use trent_service::{Access, Call, Guarded, Row, Target, action};

use crate::Kms;
use crate::conditions;
use crate::reference::{self, KeyTarget};
use crate::rules::Rules;
use crate::state::States;

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "CancelKeyDeletion",
    action: action!("kms:CancelKeyDeletion"),
    access: Access::Write,
    across_accounts: false,
    grant: None,
    quota: "CancelKeyDeletion",
    condition_keys: conditions::KEY,
    read_only: false,
    dry_run: false,
    rules: Rules::manage(States::PendingDeletion),
};

/// The operation.
pub struct CancelKeyDeletion;

impl Guarded for CancelKeyDeletion {
    type Service = Kms;
    type Input = kms::CancelKeyDeletionRequest;
    type Resolved = KeyTarget;

    const ROW: &'static Row<Rules> = &ROW;

    async fn resolve(service: &Kms, call: &Call, input: &Self::Input) -> Result<KeyTarget, ApiError> {
        reference::resolve(service, call, &ROW, &input.key_id).await
    }

    fn targets<'a>(_: &'a Call, _: &'a Self::Input, key: &'a KeyTarget) -> Vec<Target<'a>> {
        vec![key.target(&ROW)]
    }
}
