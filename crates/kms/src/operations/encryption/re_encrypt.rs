//! `ReEncrypt`: decrypts under one key and encrypts under another, in one step.

use trent_api::{ApiError, Blob, kms};
use trent_keystore::ReEncryptRequest;
use trent_policy::{Action, ConditionKey, Values};
use trent_quotas::Charges;
use trent_service::{Access, Call, Effect, Facts, Operation, Row, Target, action};

use crate::charges;
use crate::conditions::Encryption;
use crate::cryptography::{algorithm_name, encryption_algorithm, re_encryption_failure, scheme};
use crate::facts::Parameters;
use crate::reference::{self, KeyTarget};
use crate::rules::{Rules, Takes};
use crate::source::{self, Source};
use crate::{Kms, conditions};

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "ReEncrypt",
    action: action!("kms:ReEncryptFrom"),
    access: Access::Write,
    across_accounts: true,
    grant: Some("ReEncryptFrom"),
    quota: "cryptographic",
    condition_keys: conditions::RE_ENCRYPTION,
    read_only: true,
    dry_run: true,
    rules: Rules::cryptographic(Takes::Encryption),
};

/// The operation.
pub struct ReEncrypt;

/// The key that decrypts and the key that encrypts.
pub struct Keys {
    from: KeyTarget,
    to: KeyTarget,
}

/// What the destination has to permit; the row names the permission on the source.
pub(crate) static TO: Action = action!("kms:ReEncryptTo");

impl Operation for ReEncrypt {
    type Service = Kms;
    type Input = kms::ReEncryptRequest;
    type Output = kms::ReEncryptResponse;
    type Resolved = Keys;

    const ROW: &'static Row<Rules> = &ROW;

    async fn resolve(service: &Kms, call: &Call, input: &Self::Input) -> Result<Keys, ApiError> {
        Ok(Keys {
            from: source::resolve(service, call, &ROW, &source(input)).await?,
            to: reference::resolve_granted(service, call, &ROW, &input.destination_key_id, source(input).tokens)
                .await?,
        })
    }

    fn targets<'a>(_: &'a Call, _: &'a Self::Input, keys: &'a Keys) -> Vec<Target<'a>> {
        vec![
            keys.from.target(&ROW),
            Target {
                action: &TO,
                ..keys.to.target(&ROW)
            },
        ]
    }

    fn condition<'a>(input: &'a Self::Input, keys: &'a Keys, target: &Target<'_>, key: &'a ConditionKey) -> Values<'a> {
        if key.lower() == "kms:reencryptonsamekey" {
            return Values::boolean(keys.from.is_same_key(&keys.to));
        }
        let side = if *target.action == TO {
            Encryption {
                named: Some(&input.destination_key_id),
                context: input.destination_encryption_context.as_ref(),
                algorithm: input.destination_encryption_algorithm,
            }
        } else {
            Encryption {
                named: input.source_key_id.as_deref(),
                context: input.source_encryption_context.as_ref(),
                algorithm: input.source_encryption_algorithm,
            }
        };
        side.values(key)
    }

    async fn prepare(
        service: &Kms,
        _: &Call,
        input: &Self::Input,
        keys: &Keys,
    ) -> Result<Effect<Self::Output>, ApiError> {
        let from = keys.from.authorized()?;
        let to = keys.to.authorized()?;
        ROW.rules.check(ROW.name, from)?;
        ROW.rules.check(ROW.name, to)?;
        let source_algorithm = encryption_algorithm(from, input.source_encryption_algorithm)?;
        let destination_algorithm = encryption_algorithm(to, input.destination_encryption_algorithm)?;
        let Some(ciphertext) = source(input).ciphertext_to_open() else {
            return Ok(Effect::reply(kms::ReEncryptResponse::default()));
        };
        let material = source::material(ciphertext, from)?;
        let request = ReEncryptRequest {
            source: from.handle()?,
            source_scheme: scheme(source_algorithm, input.source_encryption_context.as_ref())?,
            ciphertext: ciphertext.to_vec(),
            destination: to.handle()?,
            destination_scheme: scheme(destination_algorithm, input.destination_encryption_context.as_ref())?,
        };
        let ciphertext = service
            .keystore()
            .re_encrypt(request)
            .await
            .map_err(|error| re_encryption_failure(error, to, destination_algorithm))?;
        Ok(Effect::reply(kms::ReEncryptResponse {
            ciphertext_blob: Some(Blob::new(ciphertext)),
            source_key_id: Some(from.arn.as_str().to_owned()),
            key_id: Some(to.arn.as_str().to_owned()),
            source_encryption_algorithm: Some(source_algorithm),
            destination_encryption_algorithm: Some(destination_algorithm),
            source_key_material_id: material,
            destination_key_material_id: to.current_material(),
        }))
    }

    fn charges(_: &Kms, _: &Call, _: &Self::Input, keys: Option<&Keys>) -> Charges {
        charges::of_keys([keys.map(|keys| &keys.from), keys.map(|keys| &keys.to)])
    }

    fn describe(_: &Call, input: &Self::Input, keys: Option<&Keys>) -> Facts {
        Parameters::default()
            .text("sourceKeyId", input.source_key_id.as_deref())
            .context("sourceEncryptionContext", input.source_encryption_context.as_ref())
            .text(
                "sourceEncryptionAlgorithm",
                algorithm_name(input.source_encryption_algorithm),
            )
            .text("destinationKeyId", input.destination_key_id.as_str())
            .context(
                "destinationEncryptionContext",
                input.destination_encryption_context.as_ref(),
            )
            .text(
                "destinationEncryptionAlgorithm",
                algorithm_name(input.destination_encryption_algorithm),
            )
            .flag("dryRun", input.dry_run)
            .about(keys.into_iter().flat_map(|keys| [&keys.from, &keys.to]))
    }

    fn is_dry_run(input: &Self::Input) -> bool {
        input.dry_run.unwrap_or(false)
    }
}

fn source(input: &kms::ReEncryptRequest) -> Source<'_> {
    Source {
        named: input.source_key_id.as_deref(),
        ciphertext: input.ciphertext_blob.as_deref(),
        tokens: input.grant_tokens.as_deref(),
        ignored: source::is_ignored(input.dry_run, input.dry_run_modifiers.as_deref()),
    }
}
