//! `GenerateDataKeyPair`: a fresh key pair, its private half in the clear and encrypted.

use trent_api::{ApiError, kms};
use trent_policy::{ConditionKey, Values};
use trent_service::{Access, Call, Guarded, Row, Target, action};

use crate::Kms;
use crate::conditions;
use crate::conditions::Encryption;
use crate::reference::{self, KeyTarget};
use crate::rules::{Rules, Takes};

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
    rules: Rules::cryptographic(Takes::SymmetricEncryption),
};

/// The operation.
pub struct GenerateDataKeyPair;

impl Guarded for GenerateDataKeyPair {
    type Service = Kms;
    type Input = kms::GenerateDataKeyPairRequest;
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
}
