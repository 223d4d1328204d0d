//! `DeleteImportedKeyMaterial`: removes imported material and leaves the key waiting for it.

use trent_api::{ApiError, kms};
use trent_service::{Access, Call, Guarded, Row, Target, action};

use crate::Kms;
use crate::conditions;
use crate::reference::{self, KeyTarget};
use crate::rules::{Naming, Origins, Rules, Takes};
use crate::state::States;

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "DeleteImportedKeyMaterial",
    action: action!("kms:DeleteImportedKeyMaterial"),
    access: Access::Write,
    across_accounts: false,
    grant: None,
    quota: "DeleteImportedKeyMaterial",
    condition_keys: conditions::KEY,
    read_only: false,
    dry_run: false,
    rules: Rules {
        naming: Naming::Key,
        takes: Takes::AnyKey,
        origin: Origins::Imported,
        states: States::MaterialDeletable,
    },
};

/// The operation.
pub struct DeleteImportedKeyMaterial;

impl Guarded for DeleteImportedKeyMaterial {
    type Service = Kms;
    type Input = kms::DeleteImportedKeyMaterialRequest;
    type Resolved = KeyTarget;

    const ROW: &'static Row<Rules> = &ROW;

    async fn resolve(service: &Kms, call: &Call, input: &Self::Input) -> Result<KeyTarget, ApiError> {
        reference::resolve(service, call, &ROW, &input.key_id).await
    }

    fn targets<'a>(_: &'a Call, _: &'a Self::Input, key: &'a KeyTarget) -> Vec<Target<'a>> {
        vec![key.target(&ROW)]
    }
}
