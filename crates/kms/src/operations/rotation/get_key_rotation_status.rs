//! `GetKeyRotationStatus`: whether and when a key rotates by itself.

use trent_api::{ApiError, kms};
use trent_service::{Access, Call, Guarded, Row, Target, action};

use crate::Kms;
use crate::conditions;
use crate::reference::{self, KeyTarget};
use crate::rules::{Naming, Origins, Rules, Takes};
use crate::state::States;

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "GetKeyRotationStatus",
    action: action!("kms:GetKeyRotationStatus"),
    access: Access::Read,
    across_accounts: true,
    grant: None,
    quota: "GetKeyRotationStatus",
    condition_keys: conditions::KEY,
    read_only: true,
    dry_run: false,
    rules: Rules {
        naming: Naming::Key,
        takes: Takes::AnyKey,
        origin: Origins::Kept,
        states: States::Every,
    },
};

/// The operation.
pub struct GetKeyRotationStatus;

impl Guarded for GetKeyRotationStatus {
    type Service = Kms;
    type Input = kms::GetKeyRotationStatusRequest;
    type Resolved = KeyTarget;

    const ROW: &'static Row<Rules> = &ROW;

    async fn resolve(service: &Kms, call: &Call, input: &Self::Input) -> Result<KeyTarget, ApiError> {
        reference::resolve(service, call, &ROW, &input.key_id).await
    }

    fn targets<'a>(_: &'a Call, _: &'a Self::Input, key: &'a KeyTarget) -> Vec<Target<'a>> {
        vec![key.target(&ROW)]
    }
}
