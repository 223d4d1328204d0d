//! `Verify`: verifies a signature.

use trent_api::{ApiError, kms};
use trent_keystore::VerifyRequest;
use trent_policy::{ConditionKey, Values};
use trent_quotas::Charges;
use trent_service::{Access, Call, Effect, Facts, Operation, Row, Target, action};

use crate::Kms;
use crate::charges;
use crate::conditions;
use crate::conditions::Signing;
use crate::facts::Parameters;
use crate::reference::{self, KeyTarget};
use crate::rules::{Rules, Takes};
use crate::{algorithms, signatures};

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "Verify",
    action: action!("kms:Verify"),
    access: Access::Write,
    across_accounts: true,
    grant: Some("Verify"),
    quota: "cryptographic",
    condition_keys: conditions::SIGNING,
    read_only: true,
    dry_run: true,
    rules: Rules::cryptographic(Takes::Signing),
};

/// The operation.
pub struct Verify;

impl Operation for Verify {
    type Service = Kms;
    type Input = kms::VerifyRequest;
    type Output = kms::VerifyResponse;
    type Resolved = KeyTarget;

    const ROW: &'static Row<Rules> = &ROW;

    async fn resolve(service: &Kms, call: &Call, input: &Self::Input) -> Result<KeyTarget, ApiError> {
        reference::resolve_granted(service, call, &ROW, &input.key_id, input.grant_tokens.as_deref()).await
    }

    fn targets<'a>(_: &'a Call, _: &'a Self::Input, key: &'a KeyTarget) -> Vec<Target<'a>> {
        vec![key.target(&ROW)]
    }

    fn condition<'a>(input: &'a Self::Input, _: &'a KeyTarget, _: &Target<'_>, key: &'a ConditionKey) -> Values<'a> {
        Signing {
            named: &input.key_id,
            message: input.message_type,
            algorithm: input.signing_algorithm,
        }
        .values(key)
    }

    async fn prepare(
        service: &Kms,
        _: &Call,
        input: &Self::Input,
        key: &KeyTarget,
    ) -> Result<Effect<Self::Output>, ApiError> {
        let key = key.authorized()?;
        ROW.rules.check(ROW.name, key)?;
        let algorithm = algorithms::signing(key, input.signing_algorithm)?;
        let request = VerifyRequest {
            key: key.handle()?,
            algorithm,
            message: signatures::message(key, algorithm, input.message_type, &input.message)?,
            signature: input.signature.to_vec(),
        };
        let verified = service.keystore().verify(request).await;
        verified.map_err(signatures::verification_failure)?;
        Ok(Effect::reply(kms::VerifyResponse {
            key_id: Some(key.arn.as_str().to_owned()),
            signature_valid: Some(true),
            signing_algorithm: Some(input.signing_algorithm),
        }))
    }

    fn charges(_: &Kms, _: &Call, _: &Self::Input, key: Option<&KeyTarget>) -> Charges {
        charges::of_keys([key])
    }

    fn describe(_: &Call, input: &Self::Input, key: Option<&KeyTarget>) -> Facts {
        Parameters::default()
            .text("keyId", input.key_id.as_str())
            .text("messageType", signatures::kind(input.message_type).as_str())
            .text("signingAlgorithm", input.signing_algorithm.as_str())
            .flag("dryRun", input.dry_run)
            .about(key)
    }

    fn is_dry_run(input: &Self::Input) -> bool {
        input.dry_run.unwrap_or(false)
    }
}
