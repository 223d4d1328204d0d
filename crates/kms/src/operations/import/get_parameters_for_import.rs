//! `GetParametersForImport`: what is needed to wrap key material for import.

use trent_service::{Access, Row, action};

use crate::conditions;
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
