//! `GenerateDataKey`: a fresh data key, in the clear and encrypted.

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
use crate::recipient::{Addressed, Recipient};
use crate::reference::{self, KeyTarget};
use crate::rules::{Rules, Takes};

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "GenerateDataKey",
    action: action!("kms:GenerateDataKey"),
    access: Access::Write,
    across_accounts: true,
    grant: Some("GenerateDataKey"),
    quota: "cryptographic",
    condition_keys: conditions::FOR_RECIPIENT,
    read_only: true,
    dry_run: true,
    rules: Rules::cryptographic(Takes::SymmetricEncryption),
};

/// The operation.
pub struct GenerateDataKey;

impl Operation for GenerateDataKey {
    type Service = Kms;
    type Input = kms::GenerateDataKeyRequest;
    type Output = kms::GenerateDataKeyResponse;
    type Resolved = Addressed<KeyTarget>;

    const ROW: &'static Row<Rules> = &ROW;

    async fn resolve(service: &Kms, call: &Call, input: &Self::Input) -> Result<Self::Resolved, ApiError> {
        data_key_length(input.number_of_bytes, input.key_spec)?;
        let tokens = input.grant_tokens.as_deref();
        Ok(Addressed {
            target: reference::resolve_granted(service, call, &ROW, &input.key_id, tokens).await?,
            recipient: Recipient::of(service, call, input.recipient.as_ref()).await?,
        })
    }

    fn targets<'a>(_: &'a Call, _: &'a Self::Input, resolved: &'a Self::Resolved) -> Vec<Target<'a>> {
        vec![resolved.target.target(&ROW)]
    }

    fn condition<'a>(
        input: &'a Self::Input,
        resolved: &'a Self::Resolved,
        _: &Target<'_>,
        key: &'a ConditionKey,
    ) -> Values<'a> {
        let request = Encryption {
            named: Some(&input.key_id),
            context: input.encryption_context.as_ref(),
            algorithm: None,
        };
        resolved.recipient.values(key, || request.values(key))
    }

    async fn prepare(
        service: &Kms,
        _: &Call,
        input: &Self::Input,
        resolved: &Self::Resolved,
    ) -> Result<Effect<Self::Output>, ApiError> {
        let key = resolved.target.authorized()?;
        ROW.rules.check(ROW.name, key)?;
        let outlet = resolved.recipient.outlet()?;
        let request = GenerateDataKeyRequest {
            key: key.handle()?,
            context: context(input.encryption_context.as_ref()),
            length: data_key_length(input.number_of_bytes, input.key_spec)?,
        };
        let data_key = service.keystore().generate_data_key(request).await.map_err(internal)?;
        let delivered = outlet.deliver(data_key.plaintext)?;
        Ok(Effect::reply(kms::GenerateDataKeyResponse {
            ciphertext_blob: Some(Blob::new(data_key.ciphertext)),
            plaintext: delivered.plaintext,
            ciphertext_for_recipient: delivered.sealed,
            key_id: Some(key.arn.as_str().to_owned()),
            key_material_id: outlet.unless_sealed(key.current_material()),
        }))
    }

    fn charges(_: &Kms, _: &Call, _: &Self::Input, resolved: Option<&Self::Resolved>) -> Charges {
        charges::of_keys([resolved.map(|resolved| &resolved.target)])
    }

    fn describe(_: &Call, input: &Self::Input, resolved: Option<&Self::Resolved>) -> Facts {
        Parameters::default()
            .text("keyId", input.key_id.as_str())
            .text("keySpec", input.key_spec.map(kms::DataKeySpec::as_str))
            .number("numberOfBytes", input.number_of_bytes)
            .context("encryptionContext", input.encryption_context.as_ref())
            .flag("dryRun", input.dry_run)
            .beside(resolved.and_then(|resolved| resolved.recipient.audited()))
            .about(resolved.map(|resolved| &resolved.target))
    }

    fn is_dry_run(input: &Self::Input) -> bool {
        input.dry_run.unwrap_or(false)
    }
}
