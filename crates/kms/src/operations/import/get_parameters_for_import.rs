//! `GetParametersForImport`: what is needed to wrap key material for import.

use trent_api::{ApiError, Blob, Timestamp, kms};
use trent_crypto::spec::{Wrapping, WrappingAlgorithm, WrappingKeySpec};
use trent_keystore::ImportParametersRequest;
use trent_policy::{ConditionKey, Values};
use trent_service::{Access, Call, Effect, Facts, Operation, Row, Target, action, internal};

use crate::Kms;
use crate::conditions;
use crate::facts::Parameters;
use crate::keys::Key;
use crate::reference::{self, KeyTarget};
use crate::rules::{Naming, Origins, Rules, Takes};
use crate::state::States;

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "GetParametersForImport",
    action: action!("kms:GetParametersForImport"),
    access: Access::Read,
    across_accounts: false,
    grant: None,
    quota: "GetParametersForImport",
    condition_keys: conditions::WRAPPING,
    read_only: true,
    dry_run: false,
    rules: Rules {
        naming: Naming::Key,
        takes: Takes::AnyKey,
        origin: Origins::Imported,
        states: States::ImportPreparable,
    },
};

/// How long what is handed out can be used: 24 hours, in milliseconds.
const VALID_FOR: i64 = 24 * 3_600_000;

/// The operation.
pub struct GetParametersForImport;

impl Operation for GetParametersForImport {
    type Service = Kms;
    type Input = kms::GetParametersForImportRequest;
    type Output = kms::GetParametersForImportResponse;
    type Resolved = KeyTarget;

    const ROW: &'static Row<Rules> = &ROW;

    async fn resolve(service: &Kms, call: &Call, input: &Self::Input) -> Result<KeyTarget, ApiError> {
        reference::resolve(service, call, &ROW, &input.key_id).await
    }

    fn targets<'a>(_: &'a Call, _: &'a Self::Input, key: &'a KeyTarget) -> Vec<Target<'a>> {
        vec![key.target(&ROW)]
    }

    fn condition<'a>(input: &'a Self::Input, _: &'a KeyTarget, _: &Target<'_>, key: &'a ConditionKey) -> Values<'a> {
        match key.lower() {
            "kms:wrappingalgorithm" => Values::One(input.wrapping_algorithm.as_str()),
            "kms:wrappingkeyspec" => Values::One(input.wrapping_key_spec.as_str()),
            _ => Values::Absent,
        }
    }

    async fn prepare(
        service: &Kms,
        call: &Call,
        input: &Self::Input,
        key: &KeyTarget,
    ) -> Result<Effect<Self::Output>, ApiError> {
        let key = key.authorized()?;
        ROW.rules.check(ROW.name, key)?;
        let expires = call.now_millis().saturating_add(VALID_FOR);
        let request = ImportParametersRequest {
            key: key.address(call.region.partition()),
            region: call.region.clone(),
            wrapping: wrapping(input, key, call)?,
            expires,
        };
        let made = service.keystore().import_parameters(request).await.map_err(internal)?;
        Ok(Effect::reply(kms::GetParametersForImportResponse {
            key_id: Some(key.arn.as_str().to_owned()),
            import_token: Some(Blob::new(made.token)),
            public_key: Some(Blob::new(made.public_key)),
            parameters_valid_to: Some(Timestamp::from_millis(expires)),
        }))
    }

    fn describe(_: &Call, input: &Self::Input, key: Option<&KeyTarget>) -> Facts {
        Parameters::default()
            .text("keyId", input.key_id.as_str())
            .text("wrappingAlgorithm", input.wrapping_algorithm.as_str())
            .text("wrappingKeySpec", input.wrapping_key_spec.as_str())
            .about(key)
    }
}

/// How the material will be wrapped, if material of the key's spec is.
fn wrapping(input: &kms::GetParametersForImportRequest, key: &Key, call: &Call) -> Result<Wrapping, ApiError> {
    let algorithm = WrappingAlgorithm::parse(input.wrapping_algorithm.as_str());
    let spec = WrappingKeySpec::parse(input.wrapping_key_spec.as_str());
    let (Some(algorithm), Some(spec)) = (algorithm, spec) else {
        return Err(internal(
            "a wrapping of the interface model is missing from the table of specs",
        ));
    };
    let wrapping = Wrapping { algorithm, spec };
    if wrapping.takes(key.record.spec, call.region.partition()) {
        return Ok(wrapping);
    }
    Err(kms::error::unsupported_operation(format!(
        "Key material of key spec {} cannot be wrapped by wrapping algorithm {algorithm} with wrapping key spec {spec}.",
        key.record.spec
    )))
}
