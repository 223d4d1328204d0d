//! `Encapsulate`: a shared secret and its encapsulated form.

use trent_api::{ApiError, Blob, kms};
use trent_policy::{ConditionKey, Values};
use trent_quotas::Charges;
use trent_service::{Access, Call, Effect, Facts, Operation, Row, Target, action, internal};

use crate::Kms;
use crate::algorithms;
use crate::charges;
use crate::conditions;
use crate::facts::Parameters;
use crate::reference::{self, KeyTarget};
use crate::rules::{Rules, Takes};

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "Encapsulate",
    action: action!("kms:Encapsulate"),
    access: Access::Write,
    across_accounts: true,
    grant: Some("Encapsulate"),
    quota: "cryptographic",
    condition_keys: conditions::KEY_BY_ALIAS,
    read_only: true,
    dry_run: true,
    rules: Rules::cryptographic(Takes::Encapsulation),
};

/// The operation.
pub struct Encapsulate;

impl Operation for Encapsulate {
    type Service = Kms;
    type Input = kms::EncapsulateRequest;
    type Output = kms::EncapsulateResponse;
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
        let made = service.keystore().encapsulate(key.handle()?).await.map_err(internal)?;
        Ok(Effect::reply(kms::EncapsulateResponse {
            key_id: Some(key.arn.as_str().to_owned()),
            shared_secret: Some(Blob::from(made.shared_secret.into_bytes())),
            shared_secret_ciphertext_blob: Some(Blob::new(made.ciphertext)),
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
