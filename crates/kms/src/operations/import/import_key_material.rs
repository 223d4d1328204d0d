//! `ImportKeyMaterial`: gives a key the material that its owner made.

use trent_api::kms::ExpirationModelType;
use trent_api::{ApiError, Timestamp, kms, protocol};
use trent_policy::{ConditionKey, Values};
use trent_service::{Access, Call, Guarded, Row, Target, action};

use crate::Kms;
use crate::conditions;
use crate::reference::{self, KeyTarget};
use crate::rules::{Naming, Origins, Rules, Takes};
use crate::state::States;

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "ImportKeyMaterial",
    action: action!("kms:ImportKeyMaterial"),
    access: Access::Write,
    across_accounts: false,
    grant: None,
    quota: "ImportKeyMaterial",
    condition_keys: conditions::IMPORT,
    read_only: false,
    dry_run: false,
    rules: Rules {
        naming: Naming::Key,
        takes: Takes::AnyKey,
        origin: Origins::Imported,
        states: States::Importable,
    },
};

/// The operation.
pub struct ImportKeyMaterial;

/// The key, and when its material is to expire, in seconds since the Unix epoch.
pub struct Import {
    key: KeyTarget,
    valid_to: Option<String>,
}

impl Guarded for ImportKeyMaterial {
    type Service = Kms;
    type Input = kms::ImportKeyMaterialRequest;
    type Resolved = Import;

    const ROW: &'static Row<Rules> = &ROW;

    async fn resolve(service: &Kms, call: &Call, input: &Self::Input) -> Result<Import, ApiError> {
        check_expiration(input)?;
        Ok(Import {
            key: reference::resolve(service, call, &ROW, &input.key_id).await?,
            valid_to: input.valid_to.map(seconds),
        })
    }

    fn targets<'a>(_: &'a Call, _: &'a Self::Input, import: &'a Import) -> Vec<Target<'a>> {
        vec![import.key.target(&ROW)]
    }

    /// A model that the request leaves to the default is absent, which policies ask for by `Null` (guide,
    /// "kms:ExpirationModel").
    fn condition<'a>(input: &'a Self::Input, import: &'a Import, _: &Target<'_>, key: &'a ConditionKey) -> Values<'a> {
        match key.lower() {
            "kms:expirationmodel" => Values::optional(input.expiration_model.map(ExpirationModelType::as_str)),
            "kms:validto" => Values::optional(import.valid_to.as_deref()),
            _ => Values::Absent,
        }
    }
}

/// A date goes with material that expires, and with no other.
fn check_expiration(input: &kms::ImportKeyMaterialRequest) -> Result<(), ApiError> {
    let expires = input.expiration_model != Some(ExpirationModelType::KeyMaterialDoesNotExpire);
    match (expires, input.valid_to) {
        (true, None) => Err(protocol::validation(
            "A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES",
        )),
        (false, Some(_)) => Err(protocol::validation(
            "A validTo date must not be set if the ExpirationModel is KEY_MATERIAL_DOES_NOT_EXPIRE",
        )),
        _ => Ok(()),
    }
}

/// `1546257599`, with a fraction if there is one.
fn seconds(time: Timestamp) -> String {
    let millis = time.as_millis();
    let sign = if millis < 0 { "-" } else { "" };
    let (seconds, rest) = (millis.unsigned_abs() / 1000, millis.unsigned_abs() % 1000);
    if rest == 0 {
        format!("{sign}{seconds}")
    } else {
        format!("{sign}{seconds}.{rest:03}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_told_as_seconds_with_their_fraction() {
        for (millis, told) in [
            (1_546_257_599_000, "1546257599"),
            (1_500, "1.500"),
            (-1_001, "-1.001"),
            (0, "0"),
        ] {
            assert_eq!(seconds(Timestamp::from_millis(millis)), told);
        }
    }
}
