//! `DisableKeyRotation`: stops a key from rotating by itself.

use trent_api::{ApiError, kms};
use trent_service::{Access, Call, Guarded, Row, Target, action};

use crate::Kms;
use crate::conditions;
use crate::reference::{self, KeyTarget};
use crate::rules::{Naming, Origins, Rules, Takes};
use crate::state::States;

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "DisableKeyRotation",
    action: action!("kms:DisableKeyRotation"),
    access: Access::Write,
    across_accounts: false,
    grant: None,
    quota: "DisableKeyRotation",
    condition_keys: conditions::KEY,
    read_only: false,
    dry_run: false,
    rules: Rules {
        naming: Naming::Key,
        takes: Takes::Rotatable,
        origin: Origins::Generated,
        states: States::InUse,
    },
};

/// The operation.
pub struct DisableKeyRotation;

impl Guarded for DisableKeyRotation {
    type Service = Kms;
    type Input = kms::DisableKeyRotationRequest;
    type Resolved = KeyTarget;

    const ROW: &'static Row<Rules> = &ROW;

    async fn resolve(service: &Kms, call: &Call, input: &Self::Input) -> Result<KeyTarget, ApiError> {
        reference::resolve(service, call, &ROW, &input.key_id).await
    }

    fn targets<'a>(_: &'a Call, _: &'a Self::Input, key: &'a KeyTarget) -> Vec<Target<'a>> {
        vec![key.target(&ROW)]
    }
}
