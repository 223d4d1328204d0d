//! `CancelKeyDeletion`: ends the waiting period of a key and leaves the key disabled.

use trent_api::{ApiError, kms};
use trent_names::{AccountId, KeyId};
use trent_service::{Access, Call, Effect, Facts, Operation, Row, Target, action};

use crate::Kms;
use crate::charges;
use crate::conditions;
use crate::facts::{Parameters, key_changed};
use crate::keys::Key;
use crate::records::KeyRecord;
use crate::reference::{self, KeyTarget};
use crate::rules::Rules;
use crate::state::{KeyState, States};

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

impl Operation for CancelKeyDeletion {
    type Service = Kms;
    type Input = kms::CancelKeyDeletionRequest;
    type Output = kms::CancelKeyDeletionResponse;
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
        _: &Self::Input,
        key: &KeyTarget,
    ) -> Result<Effect<Self::Output>, ApiError> {
        let key = key.authorized()?;
        ROW.rules.check(ROW.name, key)?;
        check_in_time(key, call.now_millis())?;
        let space = service.space(&call.region)?;
        let mut txn = space.store.txn();
        let record = KeyRecord {
            // A key that waits for material waits for it again.
            state: key.record.unless_lacking(KeyState::Disabled),
            deletion: None,
            ..key.record.clone()
        };
        space.update(&mut txn, key, &record);
        let output = kms::CancelKeyDeletionResponse {
            key_id: Some(key.arn.as_str().to_owned()),
        };
        Ok(Effect {
            response_elements: Some(key_changed(key)),
            ..Effect::change(txn, output)
        })
    }

    fn changes_state_of(key: &KeyTarget) -> Option<(AccountId, KeyId)> {
        charges::owned(key)
    }

    fn describe(_: &Call, input: &Self::Input, key: Option<&KeyTarget>) -> Facts {
        Parameters::default().text("keyId", input.key_id.as_str()).about(key)
    }
}

/// Once its waiting period is over a key is as good as gone, whether it has been removed yet or not.
fn check_in_time(key: &Key, now: i64) -> Result<(), ApiError> {
    match key.record.deletion_due() {
        Some(at) if at <= now => Err(kms::error::not_found(format!("Key '{}' does not exist", key.arn))),
        _ => Ok(()),
    }
}
