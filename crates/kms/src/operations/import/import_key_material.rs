//! `ImportKeyMaterial`: gives a key the material that its owner made.

use trent_service::{Access, Row, action};

use crate::conditions;
use crate::rules::{Naming, Origins, Rules, Takes};
use crate::state::States;

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "ImportKeyMaterial",
    action: action!("kms:ImportKeyMaterial"),
    access: Access::Write,
    across_accounts: false,
    grant: None,
    quota: "ImportKeyMaterial",
    condition_keys: conditions::IMPORT,
    read_only: false,
    dry_run: false,
    rules: Rules {
        naming: Naming::Key,
        takes: Takes::AnyKey,
        origin: Origins::Imported,
        states: States::Importable,
    },
};
