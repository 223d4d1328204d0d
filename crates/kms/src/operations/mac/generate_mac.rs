//! `GenerateMac`: the HMAC of a message.

use trent_api::{ApiError, Blob, kms};
use trent_keystore::{MacRequest, Secret};
use trent_policy::{ConditionKey, Values};
use trent_quotas::Charges;
use trent_service::{Access, Call, Effect, Facts, Operation, Row, Target, action, internal};

use crate::Kms;
use crate::algorithms;
use crate::charges;
use crate::conditions;
use crate::facts::Parameters;
use crate::reference::{self, KeyTarget};
use crate::rules::{Rules, Takes};

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "GenerateMac",
    action: action!("kms:GenerateMac"),
    access: Access::Write,
    across_accounts: true,
    grant: Some("GenerateMac"),
    quota: "cryptographic",
    condition_keys: conditions::MAC,
    read_only: true,
    dry_run: true,
    rules: Rules::cryptographic(Takes::Mac),
};

/// The operation.
pub struct GenerateMac;

impl Operation for GenerateMac {
    type Service = Kms;
    type Input = kms::GenerateMacRequest;
    type Output = kms::GenerateMacResponse;
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
            "kms:macalgorithm" => Values::One(input.mac_algorithm.as_str()),
            _ => conditions::by_alias(&input.key_id, key),
        }
    }

    async fn prepare(
        service: &Kms,
        _: &Call,
        input: &Self::Input,
        key: &KeyTarget,
    ) -> Result<Effect<Self::Output>, ApiError> {
        let key = key.authorized()?;
        ROW.rules.check(ROW.name, key)?;
        let request = MacRequest {
            algorithm: algorithms::mac(key, input.mac_algorithm)?,
            key: key.handle()?,
            message: Secret::new(input.message.to_vec()),
        };
        let mac = service.keystore().generate_mac(request).await.map_err(internal)?;
        Ok(Effect::reply(kms::GenerateMacResponse {
            mac: Some(Blob::new(mac)),
            mac_algorithm: Some(input.mac_algorithm),
            key_id: Some(key.arn.as_str().to_owned()),
        }))
    }

    fn charges(_: &Kms, _: &Call, _: &Self::Input, key: Option<&KeyTarget>) -> Charges {
        charges::of_keys([key])
    }

    fn describe(_: &Call, input: &Self::Input, key: Option<&KeyTarget>) -> Facts {
        Parameters::default()
            .text("keyId", input.key_id.as_str())
            .text("macAlgorithm", input.mac_algorithm.as_str())
            .flag("dryRun", input.dry_run)
            .about(key)
    }

    fn is_dry_run(input: &Self::Input) -> bool {
        input.dry_run.unwrap_or(false)
    }
}
