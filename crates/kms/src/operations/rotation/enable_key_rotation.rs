//! `EnableKeyRotation`: lets a key rotate by itself.

use trent_api::{ApiError, Empty, kms};
use trent_policy::{ConditionKey, Values};
use trent_service::{Access, Call, Effect, Facts, Operation, Row, Target, action};

use crate::Kms;
use crate::conditions;
use crate::facts::{Parameters, key_changed};
use crate::lifecycle::rotation::calendar::YEAR;
use crate::records::{AutomaticRotation, KeyRecord};
use crate::reference::{self, KeyTarget};
use crate::rules::{Naming, Origins, Rules, Takes};
use crate::state::States;

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "EnableKeyRotation",
    action: action!("kms:EnableKeyRotation"),
    access: Access::Write,
    across_accounts: false,
    grant: None,
    quota: "EnableKeyRotation",
    condition_keys: conditions::ROTATION,
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
pub struct EnableKeyRotation;

/// The key, and how many days its material is used.
pub struct Rotation {
    key: KeyTarget,
    period: i32,
    /// The same as policies compare it.
    days: String,
}

impl Operation for EnableKeyRotation {
    type Service = Kms;
    type Input = kms::EnableKeyRotationRequest;
    type Output = Empty;
    type Resolved = Rotation;

    const ROW: &'static Row<Rules> = &ROW;

    async fn resolve(service: &Kms, call: &Call, input: &Self::Input) -> Result<Rotation, ApiError> {
        let period = input.rotation_period_in_days.unwrap_or(YEAR);
        Ok(Rotation {
            key: reference::resolve(service, call, &ROW, &input.key_id).await?,
            period,
            days: period.to_string(),
        })
    }

    fn targets<'a>(_: &'a Call, _: &'a Self::Input, rotation: &'a Rotation) -> Vec<Target<'a>> {
        vec![rotation.key.target(&ROW)]
    }

    fn condition<'a>(_: &'a Self::Input, rotation: &'a Rotation, _: &Target<'_>, key: &'a ConditionKey) -> Values<'a> {
        match key.lower() {
            "kms:rotationperiodindays" => Values::One(&rotation.days),
            _ => Values::Absent,
        }
    }

    async fn prepare(
        service: &Kms,
        call: &Call,
        _: &Self::Input,
        rotation: &Rotation,
    ) -> Result<Effect<Self::Output>, ApiError> {
        let key = rotation.key.authorized()?;
        super::check(&ROW, key)?;
        let response_elements = Some(key_changed(key));
        let before = key.record.rotation;
        // A key that rotates by this period already keeps its days: asking again does not put them off.
        if before.is_some_and(|before| before.period_days == rotation.period) {
            return Ok(Effect {
                response_elements,
                ..Effect::reply(Empty)
            });
        }
        let space = service.space(&call.region)?;
        let mut txn = space.store.txn();
        let record = KeyRecord {
            rotation: Some(AutomaticRotation::from_now(call.now_millis(), rotation.period)),
            ..key.record.clone()
        };
        space.update(&mut txn, key, &record);
        Ok(Effect {
            response_elements,
            ..Effect::change(txn, Empty)
        })
    }

    fn describe(_: &Call, input: &Self::Input, rotation: Option<&Rotation>) -> Facts {
        Parameters::default()
            .text("keyId", input.key_id.as_str())
            .number("rotationPeriodInDays", input.rotation_period_in_days)
            .about(rotation.map(|rotation| &rotation.key))
    }
}
