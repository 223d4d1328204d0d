//! `Decrypt`: decrypts what `Encrypt`, `ReEncrypt` and the data key operations produced.

use trent_api::{ApiError, kms};
use trent_keystore::DecryptRequest;
use trent_policy::{ConditionKey, Values};
use trent_quotas::Charges;
use trent_service::{Access, Call, Effect, Facts, Operation, Row, Target, action};

use crate::charges;
use crate::conditions::Encryption;
use crate::cryptography::{algorithm_name, decryption_failure, encryption_algorithm, scheme};
use crate::facts::Parameters;
use crate::recipient::{Addressed, Recipient};
use crate::reference::KeyTarget;
use crate::rules::{Rules, Takes};
use crate::source::{self, Source};
use crate::{Kms, conditions};

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "Decrypt",
    action: action!("kms:Decrypt"),
    access: Access::Write,
    across_accounts: true,
    grant: Some("Decrypt"),
    quota: "cryptographic",
    condition_keys: conditions::FOR_RECIPIENT,
    read_only: true,
    dry_run: true,
    rules: Rules::cryptographic(Takes::Encryption),
};

/// The operation.
pub struct Decrypt;

impl Operation for Decrypt {
    type Service = Kms;
    type Input = kms::DecryptRequest;
    type Output = kms::DecryptResponse;
    type Resolved = Addressed<KeyTarget>;

    const ROW: &'static Row<Rules> = &ROW;

    async fn resolve(service: &Kms, call: &Call, input: &Self::Input) -> Result<Self::Resolved, ApiError> {
        Ok(Addressed {
            target: source::resolve(service, call, &ROW, &source(input)).await?,
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
            named: input.key_id.as_deref(),
            context: input.encryption_context.as_ref(),
            algorithm: input.encryption_algorithm,
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
        let algorithm = encryption_algorithm(key, input.encryption_algorithm)?;
        let outlet = resolved.recipient.outlet()?;
        let Some(ciphertext) = source(input).ciphertext_to_open() else {
            return Ok(Effect::reply(kms::DecryptResponse::default()));
        };
        let material = source::material(ciphertext, key)?;
        let request = DecryptRequest {
            key: key.handle()?,
            scheme: scheme(algorithm, input.encryption_context.as_ref())?,
            ciphertext: ciphertext.to_vec(),
        };
        let plaintext = service.keystore().decrypt(request).await.map_err(decryption_failure)?;
        let delivered = outlet.deliver(plaintext)?;
        Ok(Effect::reply(kms::DecryptResponse {
            key_id: Some(key.arn.as_str().to_owned()),
            plaintext: delivered.plaintext,
            ciphertext_for_recipient: delivered.sealed,
            encryption_algorithm: Some(algorithm),
            key_material_id: outlet.unless_sealed(material),
        }))
    }

    fn charges(_: &Kms, _: &Call, _: &Self::Input, resolved: Option<&Self::Resolved>) -> Charges {
        charges::of_keys([resolved.map(|resolved| &resolved.target)])
    }

    fn describe(_: &Call, input: &Self::Input, resolved: Option<&Self::Resolved>) -> Facts {
        Parameters::default()
            .text("keyId", input.key_id.as_deref())
            .context("encryptionContext", input.encryption_context.as_ref())
            .text("encryptionAlgorithm", algorithm_name(input.encryption_algorithm))
            .flag("dryRun", input.dry_run)
            .beside(resolved.and_then(|resolved| resolved.recipient.audited()))
            .about(resolved.map(|resolved| &resolved.target))
    }

    fn is_dry_run(input: &Self::Input) -> bool {
        input.dry_run.unwrap_or(false)
    }
}

fn source(input: &kms::DecryptRequest) -> Source<'_> {
    Source {
        named: input.key_id.as_deref(),
        ciphertext: input.ciphertext_blob.as_deref(),
        tokens: input.grant_tokens.as_deref(),
        ignored: source::is_ignored(input.dry_run, input.dry_run_modifiers.as_deref()),
    }
}
