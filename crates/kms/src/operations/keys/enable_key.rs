//! `EnableKey`: makes a disabled key usable again.

use trent_api::{ApiError, Empty, kms};
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
    name: "EnableKey",
    action: action!("kms:EnableKey"),
    access: Access::Write,
    across_accounts: false,
    grant: None,
    quota: "EnableKey",
    condition_keys: conditions::KEY,
    read_only: false,
    dry_run: false,
    rules: Rules::manage(States::Switchable),
};

/// The operation.
pub struct EnableKey;

impl Operation for EnableKey {
    type Service = Kms;
    type Input = kms::EnableKeyRequest;
    type Output = Empty;
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
        switch(service, call, key, KeyState::Enabled)
    }

    fn changes_state_of(key: &KeyTarget) -> Option<(AccountId, KeyId)> {
        charges::owned(key)
    }

    fn describe(_: &Call, input: &Self::Input, key: Option<&KeyTarget>) -> Facts {
        Parameters::default().text("keyId", input.key_id.as_str()).about(key)
    }
}

/// Puts a key in one of the two states that its owner chooses between. A key that is in it already stays as it is.
pub(super) fn switch(service: &Kms, call: &Call, key: &Key, state: KeyState) -> Result<Effect<Empty>, ApiError> {
    if key.record.state == state {
        return Ok(Effect {
            response_elements: Some(key_changed(key)),
            ..Effect::reply(Empty)
        });
    }
    let space = service.space(&call.region)?;
    let mut txn = space.store.txn();
    let record = KeyRecord {
        state,
        ..key.record.clone()
    };
    space.update(&mut txn, key, &record);
    Ok(Effect {
        response_elements: Some(key_changed(key)),
        ..Effect::change(txn, Empty)
    })
}
