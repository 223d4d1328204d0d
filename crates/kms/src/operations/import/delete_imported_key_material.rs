//! `DeleteImportedKeyMaterial`: removes imported material and leaves the key waiting for it.

use trent_service::{Access, Row, action};

use crate::conditions;
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
