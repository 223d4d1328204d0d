//! `Encrypt`: encrypts up to 4096 bytes, or as many as the key pair takes.

use trent_api::{ApiError, Blob, kms};
use trent_keystore::{EncryptRequest, Secret};
use trent_policy::{ConditionKey, Values};
use trent_quotas::Charges;
use trent_service::{Access, Call, Effect, Facts, Operation, Row, Target, action, internal};

use crate::Kms;
use crate::charges;
use crate::conditions;
use crate::conditions::Encryption;
use crate::cryptography::{algorithm_name, check_length, encryption_algorithm, scheme};
use crate::facts::Parameters;
use crate::reference::{self, KeyTarget};
use crate::rules::{Rules, Takes};

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "Encrypt",
    action: action!("kms:Encrypt"),
    access: Access::Write,
    across_accounts: true,
    grant: Some("Encrypt"),
    quota: "cryptographic",
    condition_keys: conditions::ENCRYPTION,
    read_only: true,
    dry_run: true,
    rules: Rules::cryptographic(Takes::Encryption),
};

/// The operation.
pub struct Encrypt;

impl Operation for Encrypt {
    type Service = Kms;
    type Input = kms::EncryptRequest;
    type Output = kms::EncryptResponse;
    type Resolved = KeyTarget;

    const ROW: &'static Row<Rules> = &ROW;

    async fn resolve(service: &Kms, call: &Call, input: &Self::Input) -> Result<KeyTarget, ApiError> {
        reference::resolve_granted(service, call, &ROW, &input.key_id, input.grant_tokens.as_deref()).await
    }

    fn targets<'a>(_: &'a Call, _: &'a Self::Input, key: &'a KeyTarget) -> Vec<Target<'a>> {
        vec![key.target(&ROW)]
    }

    fn condition<'a>(input: &'a Self::Input, _: &'a KeyTarget, _: &Target<'_>, key: &'a ConditionKey) -> Values<'a> {
        let request = Encryption {
            named: Some(&input.key_id),
            context: input.encryption_context.as_ref(),
            algorithm: input.encryption_algorithm,
        };
        request.values(key)
    }

    async fn prepare(
        service: &Kms,
        _: &Call,
        input: &Self::Input,
        key: &KeyTarget,
    ) -> Result<Effect<Self::Output>, ApiError> {
        let key = key.authorized()?;
        ROW.rules.check(ROW.name, key)?;
        let algorithm = encryption_algorithm(key, input.encryption_algorithm)?;
        check_length(key, algorithm, &input.plaintext)?;
        let request = EncryptRequest {
            key: key.handle()?,
            scheme: scheme(algorithm, input.encryption_context.as_ref())?,
            plaintext: Secret::new(input.plaintext.to_vec()),
        };
        let ciphertext = service.keystore().encrypt(request).await.map_err(internal)?;
        Ok(Effect::reply(kms::EncryptResponse {
            ciphertext_blob: Some(Blob::new(ciphertext)),
            key_id: Some(key.arn.as_str().to_owned()),
            encryption_algorithm: Some(algorithm),
        }))
    }

    fn charges(_: &Kms, _: &Call, _: &Self::Input, key: Option<&KeyTarget>) -> Charges {
        charges::of_keys([key])
    }

    fn describe(_: &Call, input: &Self::Input, key: Option<&KeyTarget>) -> Facts {
        Parameters::default()
            .text("keyId", input.key_id.as_str())
            .context("encryptionContext", input.encryption_context.as_ref())
            .text("encryptionAlgorithm", algorithm_name(input.encryption_algorithm))
            .flag("dryRun", input.dry_run)
            .about(key)
    }

    fn is_dry_run(input: &Self::Input) -> bool {
        input.dry_run.unwrap_or(false)
    }
}
