//! `GenerateDataKeyPair`: a fresh key pair, its private half in the clear and encrypted.

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
use crate::recipient::{Addressed, Recipient};
use crate::reference::{self, KeyTarget};
use crate::rules::{Origins, Rules, Takes};

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "GenerateDataKeyPair",
    action: action!("kms:GenerateDataKeyPair"),
    access: Access::Write,
    across_accounts: true,
    grant: Some("GenerateDataKeyPair"),
    quota: "GenerateDataKeyPair",
    condition_keys: conditions::DATA_KEY_PAIR_FOR_RECIPIENT,
    read_only: true,
    dry_run: true,
    rules: Rules {
        origin: Origins::Kept,
        ..Rules::cryptographic(Takes::SymmetricEncryption)
    },
};

/// The operation.
pub struct GenerateDataKeyPair;

impl Operation for GenerateDataKeyPair {
    type Service = Kms;
    type Input = kms::GenerateDataKeyPairRequest;
    type Output = kms::GenerateDataKeyPairResponse;
    type Resolved = Addressed<KeyTarget>;

    const ROW: &'static Row<Rules> = &ROW;

    async fn resolve(service: &Kms, call: &Call, input: &Self::Input) -> Result<Self::Resolved, ApiError> {
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
        resolved.recipient.values(key, || match key.lower() {
            "kms:datakeypairspec" => Values::One(input.key_pair_spec.as_str()),
            _ => Encryption {
                named: Some(&input.key_id),
                context: input.encryption_context.as_ref(),
                algorithm: None,
            }
            .values(key),
        })
    }

    async fn prepare(
        service: &Kms,
        call: &Call,
        input: &Self::Input,
        resolved: &Self::Resolved,
    ) -> Result<Effect<Self::Output>, ApiError> {
        let key = resolved.target.authorized()?;
        ROW.rules.check(ROW.name, key)?;
        let outlet = resolved.recipient.outlet()?;
        let context = input.encryption_context.as_ref();
        let pair = data_key_pair(service, &call.region, key, input.key_pair_spec, context).await?;
        let delivered = outlet.deliver(pair.private_key)?;
        Ok(Effect::reply(kms::GenerateDataKeyPairResponse {
            private_key_ciphertext_blob: Some(Blob::new(pair.ciphertext)),
            private_key_plaintext: delivered.plaintext,
            ciphertext_for_recipient: delivered.sealed,
            public_key: Some(Blob::new(pair.public_key)),
            key_id: Some(key.arn.as_str().to_owned()),
            key_pair_spec: Some(input.key_pair_spec),
            key_material_id: outlet.unless_sealed(key.current_material()),
        }))
    }

    fn charges(_: &Kms, _: &Call, input: &Self::Input, _: Option<&Self::Resolved>) -> Charges {
        charges::of_pair(input.key_pair_spec)
    }

    fn describe(_: &Call, input: &Self::Input, resolved: Option<&Self::Resolved>) -> Facts {
        Parameters::default()
            .text("keyId", input.key_id.as_str())
            .text("keyPairSpec", input.key_pair_spec.as_str())
            .context("encryptionContext", input.encryption_context.as_ref())
            .flag("dryRun", input.dry_run)
            .beside(resolved.and_then(|resolved| resolved.recipient.audited()))
            .about(resolved.map(|resolved| &resolved.target))
    }

    fn is_dry_run(input: &Self::Input) -> bool {
        input.dry_run.unwrap_or(false)
    }
}
