//! `GenerateDataKeyPairWithoutPlaintext`: a fresh key pair, its private half encrypted only.

use trent_api::{ApiError, Blob, kms};
use trent_policy::{ConditionKey, Values};
use trent_quotas::Charges;
use trent_service::{Access, Call, Effect, Facts, Operation, Row, Target, action};

use crate::Kms;
use crate::charges;
use crate::conditions;
use crate::conditions::Encryption;
use crate::cryptography::data_key_pair;
use crate::facts::Parameters;
use crate::reference::{self, KeyTarget};
use crate::rules::{Origins, Rules, Takes};

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "GenerateDataKeyPairWithoutPlaintext",
    action: action!("kms:GenerateDataKeyPairWithoutPlaintext"),
    access: Access::Write,
    across_accounts: true,
    grant: Some("GenerateDataKeyPairWithoutPlaintext"),
    quota: "GenerateDataKeyPair",
    condition_keys: conditions::DATA_KEY_PAIR,
    read_only: true,
    dry_run: true,
    rules: Rules {
        origin: Origins::Kept,
        ..Rules::cryptographic(Takes::SymmetricEncryption)
    },
};

/// The operation.
pub struct GenerateDataKeyPairWithoutPlaintext;

impl Operation for GenerateDataKeyPairWithoutPlaintext {
    type Service = Kms;
    type Input = kms::GenerateDataKeyPairWithoutPlaintextRequest;
    type Output = kms::GenerateDataKeyPairWithoutPlaintextResponse;
    type Resolved = KeyTarget;

    const ROW: &'static Row<Rules> = &ROW;

    async fn resolve(service: &Kms, call: &Call, input: &Self::Input) -> Result<KeyTarget, ApiError> {
        reference::resolve_granted(service, call, &ROW, &input.key_id, input.grant_tokens.as_deref()).await
    }

    fn targets<'a>(_: &'a Call, _: &'a Self::Input, key: &'a KeyTarget) -> Vec<Target<'a>> {
        vec![key.target(&ROW)]
    }

    fn condition<'a>(input: &'a Self::Input, _: &'a KeyTarget, _: &Target<'_>, key: &'a ConditionKey) -> Values<'a> {
        match key.lower() {
            "kms:datakeypairspec" => Values::One(input.key_pair_spec.as_str()),
            _ => Encryption {
                named: Some(&input.key_id),
                context: input.encryption_context.as_ref(),
                algorithm: None,
            }
            .values(key),
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
        let context = input.encryption_context.as_ref();
        let pair = data_key_pair(service, &call.region, key, input.key_pair_spec, context).await?;
        Ok(Effect::reply(kms::GenerateDataKeyPairWithoutPlaintextResponse {
            private_key_ciphertext_blob: Some(Blob::new(pair.ciphertext)),
            public_key: Some(Blob::new(pair.public_key)),
            key_id: Some(key.arn.as_str().to_owned()),
            key_pair_spec: Some(input.key_pair_spec),
            key_material_id: key.current_material(),
        }))
    }

    fn charges(_: &Kms, _: &Call, input: &Self::Input, _: Option<&Self::Resolved>) -> Charges {
        charges::of_pair(input.key_pair_spec)
    }

    fn describe(_: &Call, input: &Self::Input, key: Option<&KeyTarget>) -> Facts {
        Parameters::default()
            .text("keyId", input.key_id.as_str())
            .text("keyPairSpec", input.key_pair_spec.as_str())
            .context("encryptionContext", input.encryption_context.as_ref())
            .flag("dryRun", input.dry_run)
            .about(key)
    }

    fn is_dry_run(input: &Self::Input) -> bool {
        input.dry_run.unwrap_or(false)
    }
}
