//! `GetPublicKey`: the public half of an asymmetric key.

use trent_api::{ApiError, Blob, kms};
use trent_policy::{ConditionKey, Values};
use trent_service::{Access, Call, Effect, Facts, Operation, Row, Target, action, internal};

use crate::Kms;
use crate::conditions;
use crate::facts::Parameters;
use crate::metadata::{self, Listed};
use crate::reference::{self, KeyTarget};
use crate::rules::{Rules, Takes};

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "GetPublicKey",
    action: action!("kms:GetPublicKey"),
    access: Access::Read,
    across_accounts: true,
    grant: Some("GetPublicKey"),
    quota: "GetPublicKey",
    condition_keys: conditions::KEY_BY_ALIAS,
    read_only: true,
    dry_run: false,
    rules: Rules::cryptographic(Takes::Asymmetric),
};

/// The operation.
pub struct GetPublicKey;

impl Operation for GetPublicKey {
    type Service = Kms;
    type Input = kms::GetPublicKeyRequest;
    type Output = kms::GetPublicKeyResponse;
    type Resolved = KeyTarget;

    const ROW: &'static Row<Rules> = &ROW;

    async fn resolve(service: &Kms, call: &Call, input: &Self::Input) -> Result<KeyTarget, ApiError> {
        reference::resolve_granted(service, call, &ROW, &input.key_id, input.grant_tokens.as_deref()).await
    }

    fn targets<'a>(_: &'a Call, _: &'a Self::Input, key: &'a KeyTarget) -> Vec<Target<'a>> {
        vec![key.target(&ROW)]
    }

    fn condition<'a>(input: &'a Self::Input, _: &'a KeyTarget, _: &Target<'_>, key: &'a ConditionKey) -> Values<'a> {
        conditions::by_alias(&input.key_id, key)
    }

    async fn prepare(_: &Kms, _: &Call, _: &Self::Input, key: &KeyTarget) -> Result<Effect<Self::Output>, ApiError> {
        let key = key.authorized()?;
        ROW.rules.check(ROW.name, key)?;
        let missing = || internal(format_args!("{} is a key pair and has no public key", key.arn));
        let public_key = key.record.public_key.as_ref().ok_or_else(missing)?;
        let algorithms = Listed::of(key)?;
        Ok(Effect::reply(kms::GetPublicKeyResponse {
            key_id: Some(key.arn.as_str().to_owned()),
            public_key: Some(Blob::new(public_key.to_vec())),
            customer_master_key_spec: metadata::older_spec(key),
            key_spec: Some(metadata::spec(key)?),
            key_usage: Some(metadata::usage(key)?),
            encryption_algorithms: algorithms.encryption,
            signing_algorithms: algorithms.signing,
            key_agreement_algorithms: algorithms.agreement,
            encapsulation_algorithms: algorithms.encapsulation,
        }))
    }

    fn describe(_: &Call, input: &Self::Input, key: Option<&KeyTarget>) -> Facts {
        Parameters::default().text("keyId", input.key_id.as_str()).about(key)
    }
}
