//! `GetKeyRotationStatus`: whether and when a key rotates by itself.
//!
//! A key that cannot rotate by itself is none that does: it has an answer, as today's service gives it, and no error.

use trent_api::{ApiError, Timestamp, kms};
use trent_service::{Access, Call, Effect, Facts, Operation, Row, Target, action};

use crate::Kms;
use crate::conditions;
use crate::facts::Parameters;
use crate::reference::{self, KeyTarget};
use crate::rules::{Naming, Origins, Rules, Takes};
use crate::state::{KeyState, States};

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "GetKeyRotationStatus",
    action: action!("kms:GetKeyRotationStatus"),
    access: Access::Read,
    across_accounts: true,
    grant: None,
    quota: "GetKeyRotationStatus",
    condition_keys: conditions::KEY,
    read_only: true,
    dry_run: false,
    rules: Rules {
        naming: Naming::Key,
        takes: Takes::AnyKey,
        origin: Origins::Kept,
        states: States::Every,
    },
};

/// The operation.
pub struct GetKeyRotationStatus;

impl Operation for GetKeyRotationStatus {
    type Service = Kms;
    type Input = kms::GetKeyRotationStatusRequest;
    type Output = kms::GetKeyRotationStatusResponse;
    type Resolved = KeyTarget;

    const ROW: &'static Row<Rules> = &ROW;

    async fn resolve(service: &Kms, call: &Call, input: &Self::Input) -> Result<KeyTarget, ApiError> {
        reference::resolve(service, call, &ROW, &input.key_id).await
    }

    fn targets<'a>(_: &'a Call, _: &'a Self::Input, key: &'a KeyTarget) -> Vec<Target<'a>> {
        vec![key.target(&ROW)]
    }

    async fn prepare(_: &Kms, _: &Call, _: &Self::Input, key: &KeyTarget) -> Result<Effect<Self::Output>, ApiError> {
        let key = key.authorized()?;
        ROW.rules.check(ROW.name, key)?;
        let record = &key.record;
        let ends = matches!(
            record.state,
            KeyState::PendingDeletion | KeyState::PendingReplicaDeletion
        );
        let calendar = record.calendar().filter(|_| !ends);
        Ok(Effect::reply(kms::GetKeyRotationStatusResponse {
            key_rotation_enabled: Some(calendar.is_some()),
            key_id: Some(key.arn.as_str().to_owned()),
            rotation_period_in_days: calendar.map(|calendar| calendar.period_days),
            next_rotation_date: calendar.map(|calendar| Timestamp::from_millis(calendar.next)),
            on_demand_rotation_start_date: record.on_demand.map(Timestamp::from_millis),
        }))
    }

    fn describe(_: &Call, input: &Self::Input, key: Option<&KeyTarget>) -> Facts {
        Parameters::default().text("keyId", input.key_id.as_str()).about(key)
    }
}
