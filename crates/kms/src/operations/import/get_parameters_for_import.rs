//! `GetParametersForImport`: what is needed to wrap key material for import.

use trent_api::{ApiError, kms};
use trent_policy::{ConditionKey, Values};
use trent_service::{Access, Call, Guarded, Row, Target, action};

use crate::Kms;
use crate::conditions;
use crate::reference::{self, KeyTarget};
use crate::rules::{Naming, Origins, Rules, Takes};
use crate::state::States;

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "GetParametersForImport",
    action: action!("kms:GetParametersForImport"),
    access: Access::Read,
    across_accounts: false,
    grant: None,
    quota: "GetParametersForImport",
    condition_keys: conditions::WRAPPING,
    read_only: true,
    dry_run: false,
    rules: Rules {
        naming: Naming::Key,
        takes: Takes::AnyKey,
        origin: Origins::Imported,
        states: States::ImportPreparable,
    },
};

/// The operation.
pub struct GetParametersForImport;

impl Guarded for GetParametersForImport {
    type Service = Kms;
    type Input = kms::GetParametersForImportRequest;
    type Resolved = KeyTarget;

    const ROW: &'static Row<Rules> = &ROW;

    async fn resolve(service: &Kms, call: &Call, input: &Self::Input) -> Result<KeyTarget, ApiError> {
        reference::resolve(service, call, &ROW, &input.key_id).await
    }

    fn targets<'a>(_: &'a Call, _: &'a Self::Input, key: &'a KeyTarget) -> Vec<Target<'a>> {
        vec![key.target(&ROW)]
    }

    fn condition<'a>(input: &'a Self::Input, _: &'a KeyTarget, _: &Target<'_>, key: &'a ConditionKey) -> Values<'a> {
        match key.lower() {
            "kms:wrappingalgorithm" => Values::One(input.wrapping_algorithm.as_str()),
            "kms:wrappingkeyspec" => Values::One(input.wrapping_key_spec.as_str()),
            _ => Values::Absent,
        }
    }
}
