//! `DeriveSharedSecret`: the secret shared with the holder of another key pair.

use trent_api::{ApiError, kms};
use trent_policy::{ConditionKey, Values};
use trent_service::{Access, Call, Guarded, Row, Target, action};

use crate::Kms;
use crate::conditions;
use crate::reference::{self, KeyTarget};
use crate::rules::{Rules, Takes};

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

impl Guarded for DeriveSharedSecret {
    type Service = Kms;
    type Input = kms::DeriveSharedSecretRequest;
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
            "kms:keyagreementalgorithm" => Values::One(input.key_agreement_algorithm.as_str()),
            _ => conditions::by_alias(&input.key_id, key),
        }
    }
}
