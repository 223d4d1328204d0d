//! `GenerateRandom`: random bytes.

use trent_api::{ApiError, Blob, kms, protocol};
use trent_service::{Access, Call, Effect, Facts, Operation, Resource, Row, Target, action, internal};

use crate::cryptography::refuse_recipient;
use crate::facts::Parameters;
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
    type Resolved = ();

    const ROW: &'static Row<Rules> = &ROW;

    async fn resolve(_: &Kms, _: &Call, input: &Self::Input) -> Result<(), ApiError> {
        number_of_bytes(input).map(drop)
    }

    fn targets<'a>(_: &'a Call, _: &'a Self::Input, (): &()) -> Vec<Target<'a>> {
        vec![ROW.on(Resource::Any)]
    }

    async fn prepare(service: &Kms, _: &Call, input: &Self::Input, (): &()) -> Result<Effect<Self::Output>, ApiError> {
        if let Some(id) = &input.custom_key_store_id {
            return Err(kms::error::custom_key_store_not_found(format!(
                "Custom key store {id} does not exist."
            )));
        }
        refuse_recipient(input.recipient.as_ref())?;
        let bytes = service
            .keystore()
            .random(number_of_bytes(input)?)
            .await
            .map_err(internal)?;
        Ok(Effect::reply(kms::GenerateRandomResponse {
            plaintext: Some(Blob::from(bytes.into_bytes())),
            ..kms::GenerateRandomResponse::default()
        }))
    }

    /// Nothing of the request is recorded, as in the service.
    fn describe(_: &Call, _: &Self::Input, _: Option<&()>) -> Facts {
        Parameters::default().with(Vec::new())
    }
}

fn number_of_bytes(input: &kms::GenerateRandomRequest) -> Result<usize, ApiError> {
    let number = input
        .number_of_bytes
        .ok_or_else(|| protocol::validation("NumberOfBytes is required."))?;
    usize::try_from(number).map_err(internal)
}
