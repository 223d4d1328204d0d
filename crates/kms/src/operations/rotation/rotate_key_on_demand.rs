//! `RotateKeyOnDemand`: rotates a key now.
//!
//! The call notes that somebody asks; the rotation itself is the next thing that the service does by itself.

use trent_api::{ApiError, kms};
use trent_service::{Access, Call, Effect, Facts, Operation, Row, Target, action};

use crate::Kms;
use crate::conditions;
use crate::facts::{Parameters, key_changed};
use crate::keys::Key;
use crate::lifecycle::rotation::MOST_ON_DEMAND;
use crate::records::{KeyRecord, Origin};
use crate::reference::{self, KeyTarget};
use crate::rules::{Naming, Origins, Rules, Takes};
use crate::state::States;

/// How close the next rotation by the calendar may be, in milliseconds.
const TOO_CLOSE: i64 = 20 * 60 * 1000;

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "RotateKeyOnDemand",
    action: action!("kms:RotateKeyOnDemand"),
    access: Access::Write,
    across_accounts: false,
    grant: None,
    quota: "RotateKeyOnDemand",
    condition_keys: conditions::KEY,
    read_only: false,
    dry_run: false,
    rules: Rules {
        naming: Naming::Key,
        takes: Takes::Rotatable,
        origin: Origins::Kept,
        states: States::InUse,
    },
};

/// The operation.
pub struct RotateKeyOnDemand;

impl Operation for RotateKeyOnDemand {
    type Service = Kms;
    type Input = kms::RotateKeyOnDemandRequest;
    type Output = kms::RotateKeyOnDemandResponse;
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
        if !ROW.rules.takes.accepts(key.record.spec, key.record.usage) {
            // This operation says no more about it.
            return Err(kms::error::UNSUPPORTED_OPERATION.bare());
        }
        super::check(&ROW, key)?;
        check_ready(key, call.now_millis())?;
        let space = service.space(&call.region)?;
        let mut txn = space.store.txn();
        let record = KeyRecord {
            on_demand: Some(call.now_millis()),
            ..key.record.clone()
        };
        space.update(&mut txn, key, &record);
        let output = kms::RotateKeyOnDemandResponse {
            key_id: Some(key.arn.as_str().to_owned()),
        };
        Ok(Effect {
            response_elements: Some(key_changed(key)),
            ..Effect::change(txn, output)
        })
    }

    fn describe(_: &Call, input: &Self::Input, key: Option<&KeyTarget>) -> Facts {
        Parameters::default().text("keyId", input.key_id.as_str()).about(key)
    }
}

/// Refuses a rotation that another one is in the way of, that is one too many, or that has nothing to rotate to.
fn check_ready(key: &Key, now: i64) -> Result<(), ApiError> {
    let record = &key.record;
    if record.on_demand.is_some() || record.on_its_way().is_some() {
        return Err(kms::error::conflict(format!(
            "A rotation of {} is in progress.",
            key.arn
        )));
    }
    if record.rotation.is_some_and(|calendar| calendar.next - now <= TOO_CLOSE) {
        return Err(kms::error::conflict(format!(
            "An automatic rotation of {} is in progress or scheduled to begin within the next 20 minutes.",
            key.arn
        )));
    }
    if record.rotations_on_demand() >= MOST_ON_DEMAND {
        return Err(kms::error::limit_exceeded(format!(
            "The on-demand rotations limit has been reached for the given keyId. No more on-demand rotations can be \
             performed for this key: {}",
            key.arn
        )));
    }
    // What has expired is there no longer, whether it has been removed yet or not.
    let is_there = |at: usize| {
        let expires = record.materials[at]
            .imported
            .as_ref()
            .and_then(|imported| imported.expires);
        expires.is_none_or(|expires| now < expires)
    };
    if record.origin == Origin::External && !record.pending_rotation().is_some_and(is_there) {
        return Err(kms::error::kms_invalid_state(format!(
            "No available key material pending rotation for the key: {}.",
            key.arn
        )));
    }
    Ok(())
}
