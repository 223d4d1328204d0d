//! `GenerateDataKeyWithoutPlaintext`: a fresh data key, encrypted only.

use trent_api::{ApiError, Blob, kms};
use trent_keystore::GenerateDataKeyRequest;
use trent_policy::{ConditionKey, Values};
use trent_quotas::Charges;
use trent_service::{Access, Call, Effect, Facts, Operation, Row, Target, action, internal};

use crate::Kms;
use crate::charges;
use crate::conditions;
use crate::conditions::Encryption;
use crate::cryptography::{context, data_key_length};
use crate::facts::Parameters;
use crate::reference::{self, KeyTarget};
use crate::rules::{Rules, Takes};

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "GenerateDataKeyWithoutPlaintext",
    action: action!("kms:GenerateDataKeyWithoutPlaintext"),
    access: Access::Write,
    across_accounts: true,
    grant: Some("GenerateDataKeyWithoutPlaintext"),
    quota: "cryptographic",
    condition_keys: conditions::ENCRYPTION,
    read_only: true,
    dry_run: true,
    rules: Rules::cryptographic(Takes::SymmetricEncryption),
};

/// The operation.
pub struct GenerateDataKeyWithoutPlaintext;

impl Operation for GenerateDataKeyWithoutPlaintext {
    type Service = Kms;
    type Input = kms::GenerateDataKeyWithoutPlaintextRequest;
    type Output = kms::GenerateDataKeyWithoutPlaintextResponse;
    type Resolved = KeyTarget;

    const ROW: &'static Row<Rules> = &ROW;

    async fn resolve(service: &Kms, call: &Call, input: &Self::Input) -> Result<KeyTarget, ApiError> {
        data_key_length(input.number_of_bytes, input.key_spec)?;
        reference::resolve_granted(service, call, &ROW, &input.key_id, input.grant_tokens.as_deref()).await
    }

    fn targets<'a>(_: &'a Call, _: &'a Self::Input, key: &'a KeyTarget) -> Vec<Target<'a>> {
        vec![key.target(&ROW)]
    }

    fn condition<'a>(input: &'a Self::Input, _: &'a KeyTarget, _: &Target<'_>, key: &'a ConditionKey) -> Values<'a> {
        let request = Encryption {
            named: Some(&input.key_id),
            context: input.encryption_context.as_ref(),
            algorithm: None,
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
        let request = GenerateDataKeyRequest {
            key: key.handle()?,
            context: context(input.encryption_context.as_ref()),
            length: data_key_length(input.number_of_bytes, input.key_spec)?,
        };
        let ciphertext = service
            .keystore()
            .generate_data_key_without_plaintext(request)
            .await
            .map_err(internal)?;
        Ok(Effect::reply(kms::GenerateDataKeyWithoutPlaintextResponse {
            ciphertext_blob: Some(Blob::new(ciphertext)),
            key_id: Some(key.arn.as_str().to_owned()),
            key_material_id: key.current_material(),
        }))
    }

    fn charges(_: &Kms, _: &Call, _: &Self::Input, key: Option<&KeyTarget>) -> Charges {
        charges::of_keys([key])
    }

    fn describe(_: &Call, input: &Self::Input, key: Option<&KeyTarget>) -> Facts {
        Parameters::default()
            .text("keyId", input.key_id.as_str())
            .text("keySpec", input.key_spec.map(kms::DataKeySpec::as_str))
            .number("numberOfBytes", input.number_of_bytes)
            .context("encryptionContext", input.encryption_context.as_ref())
            .flag("dryRun", input.dry_run)
            .about(key)
    }

    fn is_dry_run(input: &Self::Input) -> bool {
        input.dry_run.unwrap_or(false)
    }
}
