//! `DisableKey`: stops all cryptography with a key until it is enabled again.

use trent_api::{ApiError, Empty, kms};
use trent_names::{AccountId, KeyId};
use trent_service::{Access, Call, Effect, Facts, Operation, Row, Target, action};

use crate::Kms;
use crate::charges;
use crate::conditions;
use crate::facts::Parameters;
use crate::operations::keys::enable_key::switch;
use crate::reference::{self, KeyTarget};
use crate::rules::Rules;
use crate::state::{KeyState, States};

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "DisableKey",
    action: action!("kms:DisableKey"),
    access: Access::Write,
    across_accounts: false,
    grant: None,
    quota: "DisableKey",
    condition_keys: conditions::KEY,
    read_only: false,
    dry_run: false,
    rules: Rules::manage(States::Switchable),
};

/// The operation.
pub struct DisableKey;

impl Operation for DisableKey {
    type Service = Kms;
    type Input = kms::DisableKeyRequest;
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
        switch(service, call, key, KeyState::Disabled)
    }

    fn changes_state_of(key: &KeyTarget) -> Option<(AccountId, KeyId)> {
        charges::owned(key)
    }

    fn describe(_: &Call, input: &Self::Input, key: Option<&KeyTarget>) -> Facts {
        Parameters::default().text("keyId", input.key_id.as_str()).about(key)
    }
}
