//! `GenerateRandom`: random bytes.

use trent_api::{ApiError, kms, protocol};
use trent_policy::{ConditionKey, Values};
use trent_service::{Access, Call, Effect, Facts, Operation, Resource, Row, Target, action, internal};

use crate::facts::Parameters;
use crate::recipient::Recipient;
use crate::rules::Rules;
use crate::{Kms, conditions};

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "GenerateRandom",
    action: action!("kms:GenerateRandom"),
    access: Access::Write,
    across_accounts: false,
    grant: None,
    quota: "cryptographic",
    condition_keys: conditions::RANDOM,
    read_only: true,
    dry_run: false,
    rules: Rules::WITHOUT_KEY,
};

/// The operation.
pub struct GenerateRandom;

impl Operation for GenerateRandom {
    type Service = Kms;
    type Input = kms::GenerateRandomRequest;
    type Output = kms::GenerateRandomResponse;
    type Resolved = Recipient;

    const ROW: &'static Row<Rules> = &ROW;

    async fn resolve(service: &Kms, call: &Call, input: &Self::Input) -> Result<Recipient, ApiError> {
        number_of_bytes(input)?;
        Recipient::of(service, call, input.recipient.as_ref()).await
    }

    fn targets<'a>(_: &'a Call, _: &'a Self::Input, _: &'a Recipient) -> Vec<Target<'a>> {
        vec![ROW.on(Resource::Any)]
    }

    fn condition<'a>(
        _: &'a Self::Input,
        recipient: &'a Recipient,
        _: &Target<'_>,
        key: &'a ConditionKey,
    ) -> Values<'a> {
        recipient.values(key, || Values::Absent)
    }

    async fn prepare(
        service: &Kms,
        _: &Call,
        input: &Self::Input,
        recipient: &Recipient,
    ) -> Result<Effect<Self::Output>, ApiError> {
        if let Some(id) = &input.custom_key_store_id {
            return Err(kms::error::custom_key_store_not_found(format!(
                "Custom key store {id} does not exist."
            )));
        }
        let outlet = recipient.outlet()?;
        let bytes = service
            .keystore()
            .random(number_of_bytes(input)?)
            .await
            .map_err(internal)?;
        let delivered = outlet.deliver(bytes)?;
        Ok(Effect::reply(kms::GenerateRandomResponse {
            plaintext: delivered.plaintext,
            ciphertext_for_recipient: delivered.sealed,
        }))
    }

    /// Nothing of the request is recorded but its recipient, as in the service.
    fn describe(_: &Call, _: &Self::Input, recipient: Option<&Recipient>) -> Facts {
        Parameters::default()
            .beside(recipient.and_then(Recipient::audited))
            .with(Vec::new())
    }
}

fn number_of_bytes(input: &kms::GenerateRandomRequest) -> Result<usize, ApiError> {
    let number = input
        .number_of_bytes
        .ok_or_else(|| protocol::validation("NumberOfBytes is required."))?;
    usize::try_from(number).map_err(internal)
}
