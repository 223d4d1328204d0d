//! `UpdateKeyDescription`: replaces the description of a key.

use trent_api::{ApiError, Empty, kms};
use trent_service::{Access, Call, Effect, Facts, Operation, Row, Target, action};

use crate::Kms;
use crate::conditions;
use crate::facts::Parameters;
use crate::records::KeyRecord;
use crate::reference::{self, KeyTarget};
use crate::rules::Rules;
use crate::state::States;

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "UpdateKeyDescription",
    action: action!("kms:UpdateKeyDescription"),
    access: Access::Write,
    across_accounts: false,
    grant: None,
    quota: "UpdateKeyDescription",
    condition_keys: conditions::KEY,
    read_only: false,
    dry_run: false,
    rules: Rules::manage(States::NotPendingDeletion),
};

/// The operation.
pub struct UpdateKeyDescription;

impl Operation for UpdateKeyDescription {
    type Service = Kms;
    type Input = kms::UpdateKeyDescriptionRequest;
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
        input: &Self::Input,
        key: &KeyTarget,
    ) -> Result<Effect<Self::Output>, ApiError> {
        let key = key.authorized()?;
        ROW.rules.check(ROW.name, key)?;
        let space = service.space(&call.region)?;
        let mut txn = space.store.txn();
        let record = KeyRecord {
            description: input.description.clone(),
            ..key.record.clone()
        };
        space.update(&mut txn, key, &record);
        Ok(Effect::change(txn, Empty))
    }

    fn describe(_: &Call, input: &Self::Input, key: Option<&KeyTarget>) -> Facts {
        Parameters::default()
            .text("keyId", input.key_id.as_str())
            .text("description", input.description.as_str())
            .about(key)
    }
}
