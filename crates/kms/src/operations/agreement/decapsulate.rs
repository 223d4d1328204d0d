//! `Decapsulate`: the shared secret in an encapsulated form.

use trent_api::{ApiError, Blob, kms};
use trent_keystore::DecapsulateRequest;
use trent_policy::{ConditionKey, Values};
use trent_quotas::Charges;
use trent_service::{Access, Call, Effect, Facts, Operation, Row, Target, action};

use crate::Kms;
use crate::algorithms;
use crate::charges;
use crate::conditions;
use crate::cryptography::decryption_failure;
use crate::facts::Parameters;
use crate::reference::{self, KeyTarget};
use crate::rules::{Rules, Takes};

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "Decapsulate",
    action: action!("kms:Decapsulate"),
    access: Access::Write,
    across_accounts: true,
    grant: Some("Decapsulate"),
    quota: "cryptographic",
    condition_keys: conditions::KEY_BY_ALIAS,
    read_only: true,
    dry_run: true,
    rules: Rules::cryptographic(Takes::Encapsulation),
};

/// The operation.
pub struct Decapsulate;

impl Operation for Decapsulate {
    type Service = Kms;
    type Input = kms::DecapsulateRequest;
    type Output = kms::DecapsulateResponse;
    type Resolved = KeyTarget;

    const ROW: &'static Row<Rules> = &ROW;

    async fn resolve(service: &Kms, call: &Call, input: &Self::Input) -> Result<KeyTarget, ApiError> {
        reference::resolve_granted(service, call, &ROW, &input.key_id, input.grant_tokens.as_deref()).await
    }

    fn targets<'a>(_: &'a Call, _: &'a Self::Input, key: &'a KeyTarget) -> Vec<Target<'a>> {
        vec![key.target(&ROW)]
    }

    fn condition<'a>(input: &'a Self::Input, _: &'a KeyTarget, _: &Target<'_>, key: &'a ConditionKey) -> Values<'a> {
        conditions::by_alias(&input.key_id, key)
    }

    async fn prepare(
        service: &Kms,
        _: &Call,
        input: &Self::Input,
        key: &KeyTarget,
    ) -> Result<Effect<Self::Output>, ApiError> {
        let key = key.authorized()?;
        ROW.rules.check(ROW.name, key)?;
        algorithms::encapsulation(key, input.encapsulation_algorithm)?;
        let request = DecapsulateRequest {
            key: key.handle()?,
            ciphertext: input.shared_secret_ciphertext_blob.to_vec(),
        };
        let secret = service
            .keystore()
            .decapsulate(request)
            .await
            .map_err(decryption_failure)?;
        Ok(Effect::reply(kms::DecapsulateResponse {
            key_id: Some(key.arn.as_str().to_owned()),
            shared_secret: Some(Blob::from(secret.into_bytes())),
            encapsulation_algorithm: Some(input.encapsulation_algorithm),
        }))
    }

    fn charges(_: &Kms, _: &Call, _: &Self::Input, key: Option<&KeyTarget>) -> Charges {
        charges::of_keys([key])
    }

    fn describe(_: &Call, input: &Self::Input, key: Option<&KeyTarget>) -> Facts {
        Parameters::default()
            .text("keyId", input.key_id.as_str())
            .text("encapsulationAlgorithm", input.encapsulation_algorithm.as_str())
            .flag("dryRun", input.dry_run)
            .about(key)
    }

    fn is_dry_run(input: &Self::Input) -> bool {
        input.dry_run.unwrap_or(false)
    }
}
