//! `DisableKeyRotation`: stops a key from rotating by itself.

use trent_api::{ApiError, Empty, kms};
use trent_service::{Access, Call, Effect, Facts, Operation, Row, Target, action};

use crate::Kms;
use crate::conditions;
use crate::facts::Parameters;
use crate::records::KeyRecord;
use crate::reference::{self, KeyTarget};
use crate::rules::{Naming, Origins, Rules, Takes};
use crate::state::States;

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "DisableKeyRotation",
    action: action!("kms:DisableKeyRotation"),
    access: Access::Write,
    across_accounts: false,
    grant: None,
    quota: "DisableKeyRotation",
    condition_keys: conditions::KEY,
    read_only: false,
    dry_run: false,
    rules: Rules {
        naming: Naming::Key,
        takes: Takes::Rotatable,
        origin: Origins::Generated,
        states: States::InUse,
    },
};

/// The operation.
pub struct DisableKeyRotation;

impl Operation for DisableKeyRotation {
    type Service = Kms;
    type Input = kms::DisableKeyRotationRequest;
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
        super::check(&ROW, key)?;
        if key.record.rotation.is_none() {
            return Ok(Effect::reply(Empty));
        }
        let space = service.space(&call.region)?;
        let mut txn = space.store.txn();
        // The calendar goes and comes back with none of its days; a rotation that somebody asked for stays asked for.
        let record = KeyRecord {
            rotation: None,
            ..key.record.clone()
        };
        space.update(&mut txn, key, &record);
        Ok(Effect::change(txn, Empty))
    }

    fn describe(_: &Call, input: &Self::Input, key: Option<&KeyTarget>) -> Facts {
        Parameters::default().text("keyId", input.key_id.as_str()).about(key)
    }
}
