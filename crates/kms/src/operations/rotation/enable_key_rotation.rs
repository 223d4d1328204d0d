//! `EnableKeyRotation`: lets a key rotate by itself.

use trent_api::{ApiError, kms};
use trent_policy::{ConditionKey, Values};
use trent_service::{Access, Call, Guarded, Row, Target, action};

use crate::Kms;
use crate::conditions;
use crate::reference::{self, KeyTarget};
use crate::rules::{Naming, Origins, Rules, Takes};
use crate::state::States;

/// The rotation period of a request that does not say one, in days.
const DEFAULT_PERIOD: i32 = 365;

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
    days: String,
}

impl Guarded for EnableKeyRotation {
    type Service = Kms;
    type Input = kms::EnableKeyRotationRequest;
    type Resolved = Rotation;

    const ROW: &'static Row<Rules> = &ROW;

    async fn resolve(service: &Kms, call: &Call, input: &Self::Input) -> Result<Rotation, ApiError> {
        Ok(Rotation {
            key: reference::resolve(service, call, &ROW, &input.key_id).await?,
            days: input.rotation_period_in_days.unwrap_or(DEFAULT_PERIOD).to_string(),
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
}
