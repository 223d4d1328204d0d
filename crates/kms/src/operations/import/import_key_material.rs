//! `ImportKeyMaterial`: gives a key the material that its owner made.

use std::error::Error;

use trent_api::kms::{ExpirationModelType, ImportType};
use trent_api::{ApiError, Timestamp, kms, protocol};
use trent_audit::json::Object;
use trent_crypto::spec::KeyType;
use trent_keystore::{ImportRequest, ImportTokenError, KeystoreError, Wrapped};
use trent_policy::{ConditionKey, Values};
use trent_service::{Access, Call, Effect, Facts, Operation, Row, Target, action, internal};

use crate::Kms;
use crate::conditions;
use crate::facts::Parameters;
use crate::imported::{self, NotTaken};
use crate::keys::Key;
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

/// How far ahead material can expire: 365 days, in milliseconds.
const LONGEST: i64 = 365 * 86_400_000;

/// The operation.
pub struct ImportKeyMaterial;

/// The key, and when its material is to expire, in seconds since the Unix epoch.
pub struct Import {
    key: KeyTarget,
    valid_to: Option<String>,
}

impl Operation for ImportKeyMaterial {
    type Service = Kms;
    type Input = kms::ImportKeyMaterialRequest;
    type Output = kms::ImportKeyMaterialResponse;
    type Resolved = Import;

    const ROW: &'static Row<Rules> = &ROW;

    async fn resolve(service: &Kms, call: &Call, input: &Self::Input) -> Result<Import, ApiError> {
        check_expiration(input)?;
        check_type(input)?;
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

    async fn prepare(
        service: &Kms,
        call: &Call,
        input: &Self::Input,
        import: &Import,
    ) -> Result<Effect<Self::Output>, ApiError> {
        let key = import.key.authorized()?;
        let now = call.now_millis();
        check_date(input.valid_to, now)?;
        ROW.rules.check(ROW.name, key)?;
        check_members(input, key)?;
        let request = ImportRequest {
            key: key.address(call.region.partition()),
            region: call.region.clone(),
            spec: key.record.spec,
            destruction_key: Wrapped::from(&**key.record.destruction_key),
            token: input.import_token.to_vec(),
            wrapped: input.encrypted_key_material.to_vec(),
            now,
        };
        let material = service.keystore().import(request).await.map_err(not_imported)?;
        let id = material.id();
        let mut record = key.record.clone();
        let taken = record.take(
            imported::Import {
                material,
                is_new: input.import_type.map(|said| said == ImportType::NewKeyMaterial),
                expected: input
                    .key_material_id
                    .as_deref()
                    .map(str::parse)
                    .transpose()
                    .map_err(internal)?,
                description: input.key_material_description.clone(),
                expires: input.valid_to.map(Timestamp::as_millis),
            },
            now,
        );
        taken.map_err(|refused| not_taken(refused, key))?;
        let space = service.space(&call.region)?;
        let mut txn = space.store.txn();
        space.update(&mut txn, key, &record);
        let mut shown = Object::new();
        shown.string("keyId", &key.arn).string("keyMaterialId", &id.to_string());
        Ok(Effect {
            response_elements: Some(shown.finish()),
            ..Effect::change(
                txn,
                kms::ImportKeyMaterialResponse {
                    key_id: Some(key.arn.as_str().to_owned()),
                    key_material_id: Some(id.to_string()),
                },
            )
        })
    }

    /// Neither the token nor the material, which is of no use without it, is shown.
    fn describe(_: &Call, input: &Self::Input, import: Option<&Import>) -> Facts {
        let model = input
            .expiration_model
            .unwrap_or(ExpirationModelType::KeyMaterialExpires);
        let valid_to = input.valid_to.map(Timestamp::in_words);
        Parameters::default()
            .text("keyId", input.key_id.as_str())
            .text("validTo", valid_to.as_deref())
            .text("expirationModel", model.as_str())
            .text("importType", input.import_type.map(ImportType::as_str))
            .text("keyMaterialDescription", input.key_material_description.as_deref())
            .text("keyMaterialId", input.key_material_id.as_deref())
            .about(import.map(|import| &import.key))
    }
}

/// New material has no id that could be known.
fn check_type(input: &kms::ImportKeyMaterialRequest) -> Result<(), ApiError> {
    if input.import_type == Some(ImportType::NewKeyMaterial) && input.key_material_id.is_some() {
        return Err(protocol::validation(
            "KeyMaterialId cannot be specified when ImportType is NEW_KEY_MATERIAL.",
        ));
    }
    Ok(())
}

/// A date is ahead, by no more than 365 days.
fn check_date(valid_to: Option<Timestamp>, now: i64) -> Result<(), ApiError> {
    let Some(at) = valid_to.map(Timestamp::as_millis) else {
        return Ok(());
    };
    if at > now && at <= now.saturating_add(LONGEST) {
        return Ok(());
    }
    Err(protocol::validation(
        "ValidTo must be in the future and at most 365 days from now.",
    ))
}

/// Only symmetric encryption keys have several materials, and so members that tell them apart.
fn check_members(input: &kms::ImportKeyMaterialRequest, key: &Key) -> Result<(), ApiError> {
    let given = [
        ("ImportType", input.import_type.is_some()),
        ("KeyMaterialDescription", input.key_material_description.is_some()),
        ("KeyMaterialId", input.key_material_id.is_some()),
    ];
    if key.record.spec.key_type() == KeyType::Symmetric {
        return Ok(());
    }
    match given.into_iter().find(|(_, is_given)| *is_given) {
        Some((member, _)) => Err(kms::error::unsupported_operation(format!(
            "{member} is not supported for {}, whose key spec is {}.",
            key.arn, key.record.spec
        ))),
        None => Ok(()),
    }
}

fn not_imported(error: KeystoreError) -> ApiError {
    match error {
        KeystoreError::ImportToken(ImportTokenError::Invalid) => kms::error::INVALID_IMPORT_TOKEN.bare(),
        KeystoreError::ImportToken(ImportTokenError::Expired) => kms::error::EXPIRED_IMPORT_TOKEN.bare(),
        KeystoreError::Unwrap(_) => kms::error::INVALID_CIPHERTEXT.bare(),
        KeystoreError::Unfit(unfit) => incorrect(&unfit),
        other => internal(other),
    }
}

fn not_taken(refused: NotTaken, key: &Key) -> ApiError {
    match refused {
        NotTaken::OneWaits => kms::error::kms_invalid_state(format!(
            "{} already has key material that is pending rotation.",
            key.arn
        )),
        NotTaken::Unknown | NotTaken::Known | NotTaken::OtherId => incorrect(&refused),
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

/// What is wrong with the material, as a sentence.
fn incorrect(reason: &dyn Error) -> ApiError {
    let reason = reason.to_string();
    let mut letters = reason.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    kms::error::incorrect_key_material(format!("{}{}.", String::from_iter(first), letters.as_str()))
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
