//! `DeriveSharedSecret`: the secret shared with the holder of another key pair.

use trent_api::{ApiError, kms, protocol};
use trent_keystore::{DeriveSharedSecretRequest, KeystoreError, PairError};
use trent_policy::{ConditionKey, Values};
use trent_quotas::Charges;
use trent_service::{Access, Call, Effect, Facts, Operation, Row, Target, action, internal};

use crate::Kms;
use crate::charges;
use crate::conditions;
use crate::facts::Parameters;
use crate::keys::Key;
use crate::recipient::{Addressed, Recipient};
use crate::reference::{self, KeyTarget};
use crate::rules::{Rules, Takes};
use crate::{algorithms, metadata};

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "DeriveSharedSecret",
    action: action!("kms:DeriveSharedSecret"),
    access: Access::Write,
    across_accounts: true,
    grant: Some("DeriveSharedSecret"),
    quota: "cryptographic",
    condition_keys: conditions::AGREEMENT,
    read_only: true,
    dry_run: true,
    rules: Rules::cryptographic(Takes::Agreement),
};

/// The operation.
pub struct DeriveSharedSecret;

impl Operation for DeriveSharedSecret {
    type Service = Kms;
    type Input = kms::DeriveSharedSecretRequest;
    type Output = kms::DeriveSharedSecretResponse;
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
            "kms:keyagreementalgorithm" => Values::One(input.key_agreement_algorithm.as_str()),
            _ => conditions::by_alias(&input.key_id, key),
        })
    }

    async fn prepare(
        service: &Kms,
        _: &Call,
        input: &Self::Input,
        resolved: &Self::Resolved,
    ) -> Result<Effect<Self::Output>, ApiError> {
        let key = resolved.target.authorized()?;
        ROW.rules.check(ROW.name, key)?;
        algorithms::agreement(key, input.key_agreement_algorithm)?;
        let outlet = resolved.recipient.outlet()?;
        let request = DeriveSharedSecretRequest {
            key: key.handle()?,
            peer: input.public_key.to_vec(),
        };
        let secret = service.keystore().derive_shared_secret(request).await;
        let secret = secret.map_err(|error| agreement_failure(error, key))?;
        let delivered = outlet.deliver(secret)?;
        Ok(Effect::reply(kms::DeriveSharedSecretResponse {
            key_id: Some(key.arn.as_str().to_owned()),
            shared_secret: delivered.plaintext,
            ciphertext_for_recipient: delivered.sealed,
            key_agreement_algorithm: Some(input.key_agreement_algorithm),
            key_origin: Some(metadata::origin(key)?),
        }))
    }

    fn charges(_: &Kms, _: &Call, _: &Self::Input, resolved: Option<&Self::Resolved>) -> Charges {
        charges::of_keys([resolved.map(|resolved| &resolved.target)])
    }

    fn describe(_: &Call, input: &Self::Input, resolved: Option<&Self::Resolved>) -> Facts {
        Parameters::default()
            .text("keyId", input.key_id.as_str())
            .text("keyAgreementAlgorithm", input.key_agreement_algorithm.as_str())
            .flag("dryRun", input.dry_run)
            .beside(resolved.and_then(|resolved| resolved.recipient.audited()))
            .about(resolved.map(|resolved| &resolved.target))
    }

    fn is_dry_run(input: &Self::Input) -> bool {
        input.dry_run.unwrap_or(false)
    }
}

/// A peer's key must be on the key's own curve; whatever else is wrong with it is told in the same words.
fn agreement_failure(error: KeystoreError, key: &Key) -> ApiError {
    match error {
        KeystoreError::Pair(PairError::InvalidPublicKey) => protocol::validation(format!(
            "PublicKey is not a valid public key for key spec {}.",
            key.record.spec
        )),
        other => internal(other),
    }
}
